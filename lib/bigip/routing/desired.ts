/**
 * What a device's BGP must hold: process, peer groups, neighbours, and which VIPs it tells. Values in, rows out; knows no
 * HTTP, no imish and no Kubernetes. Rules: a neighbour is a row of its own, so that one comes and goes without the others;
 * a peer group has one AS; a process that is not ours is verified and only gets neighbours of ours, never other settings.
 */
import type { NodeNetwork } from '../../cni/network.ts'
import type { Exclusion, Finding } from '../finding.ts'
import type { Row } from '../row.ts'

export type BgpFamily = 'ipv4' | 'ipv6'

/** One router that the device shall peer with: a node's agent, a reflector, the other unit of the pair. */
export interface BgpSpeaker {
  readonly kind: 'Node' | 'unit'
  readonly name: string
  /** One session for each; it carries the family of its address. */
  readonly addresses: readonly string[]
  readonly asNumber: number
}

export interface SpeakerSelection {
  readonly nodes: readonly NodeNetwork[]
  readonly peers: 'per-node' | 'reflector'
  /** `spec.reflector.nodeSelector.matchLabels`; counts where `peers` is `reflector`. */
  readonly matchLabels?: Readonly<Record<string, string>>
  /** `spec.bgp.nodeASNumber`; a node's own wins. */
  readonly nodeASNumber: number
  /** Of the device's subnets towards the nodes. */
  readonly families: readonly BgpFamily[]
}

/**
 * The nodes that BIG-IP peers with: all, or the reflectors (for `status.reflectors`, which the agents read). Nodes without an
 * address of any of the families are left out.
 */
export function speakersOf(selection: SpeakerSelection): {
  readonly speakers: readonly BgpSpeaker[]
  readonly exclusions: readonly Exclusion[]
  readonly findings: readonly Finding[]
} {
  throw new Error(`not written yet: ${selection.peers}`)
}

export interface BgpWish {
  /** Of names and tags: `podpeer-<clusterId>…`, `podpeer cluster=<clusterId>`. */
  readonly clusterId: string
  readonly partition: string
  /** Number of the route domain. */
  readonly routeDomain: number
  readonly asNumber: number
  readonly routerId?: string
  /** Seconds, as the next two. */
  readonly holdTime: number
  readonly keepaliveTime: number
  readonly gracefulRestartTime?: number
  /** From `speakersOf`, and the other units of the pair. */
  readonly speakers: readonly BgpSpeaker[]
  /** Subnets of the device's self IPs (`10.1.10.0/24`): an eBGP neighbour outside of them gets `ebgpMultihop`. */
  readonly connected: readonly string[]
  /** What the device has (routing facts). */
  readonly processes: readonly Row<'BGP'>[]
  /** Whether the device sends 4-octet AS numbers; undefined: not known. */
  readonly extendedAsNumbers?: boolean
  /** VIPs to tell, as prefixes (`10.1.20.100/32`); absent: kernel routes are not redistributed. */
  readonly advertised?: readonly string[]
  /** `spec.manage.bgp`: false turns every row but the neighbours' into an expectation. */
  readonly manage: boolean
}

export interface BgpRows {
  /** Process, prefix list and route map of VIPs, peer groups, neighbours. */
  readonly rows: readonly Row[]
  readonly expectations: readonly Row[]
  readonly findings: readonly Finding[]
}

export function bgpRows(wish: BgpWish): BgpRows {
  throw new Error(`not written yet: ${wish.clusterId}`)
}
