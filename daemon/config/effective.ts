/**
 * What is in force on one node: the file, then its sections for the node in their order, then the Node's annotations,
 * the later wins; every value knows where it came from. Pure: it reads no file, no environment and no secret.
 */

import type { NextHopMode } from '../../bgp/rib/peer.ts'
import type { Policy } from '../../bgp/rib/policy.ts'
import type { Address, Family } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import type { AgentFile, PasswordSource } from './schema.ts'

/** What is known of the node; only its name before Kubernetes has answered. */
export interface NodeFacts {
  readonly name: string
  /** Where the name came from: `file`, `environment NODE_NAME`, `host name`. */
  readonly nameOrigin: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly addresses?: readonly { readonly type: string; readonly address: string }[]
}

export interface EffectivePeer {
  readonly name: string
  readonly address: Address
  readonly port: number
  readonly localAddress?: Address
  /** 0: any but ours. */
  readonly asNumber: number
  readonly passive: boolean
  readonly ttl?: number
  readonly password?: PasswordSource
  /** Seconds, as the next two. */
  readonly holdTime: number
  readonly keepaliveTime?: number
  readonly connectRetryTime: number
  readonly families: readonly Family[]
  readonly nextHop: NextHopMode
  readonly routeReflectorClient: boolean
  readonly importPolicy: Policy
  readonly exportPolicy: Policy
  readonly gracefulRestart: { readonly enabled: boolean; readonly restartTime: number }
}

export interface EffectiveConfig {
  readonly node: string
  /** Undefined: not known, and no session can run. */
  readonly asNumber: number | undefined
  /** Undefined while the Node that would tell is not known. */
  readonly routerId: Address | undefined
  readonly clusterId: Address | undefined
  readonly listen: { readonly addresses: readonly Address[]; readonly port: number }
  readonly kubernetes: { readonly enabled: boolean; readonly kubeconfig?: string }
  readonly announce: { readonly podCIDRs: boolean; readonly prefixes: readonly Prefix[] }
  readonly peers: readonly EffectivePeer[]
  readonly kernel: {
    readonly install: boolean
    readonly table: number
    readonly protocol: number
    readonly metric: number
    readonly maxPaths: number
  }
  /** Seconds. */
  readonly gracefulRestart: { readonly enabled: boolean; readonly restartTime: number; readonly deferralTime: number }
  readonly state: string
  readonly control: { readonly socket: string }
  readonly metrics?: { readonly address: string; readonly port: number }
  readonly log: { readonly level: 'error' | 'warn' | 'info' | 'debug' }
  /** Sentences: what could not be used, and what is missing. */
  readonly problems: readonly string[]
  /** The same in the shape of the file, without `nodes`, defaults filled in, for `podpeer config`. Holds no secret. */
  readonly document: Readonly<Record<string, unknown>>
  /** Path (`asNumber`, `peers[tor].holdTime`) → where it came from; a path stands for all below it; no entry: a default. */
  readonly origins: ReadonlyMap<string, string>
}

export function effective(file: AgentFile, node: NodeFacts): EffectiveConfig {
  throw new Error(`not there yet: ${node.name} ${Object.keys(file).length}`)
}
