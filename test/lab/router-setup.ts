/**
 * What a BGP daemon of the lab is told, whichever daemon it is: a plain router's from the topology; a BIG-IP's comes from its
 * objects (device-setup.ts). Pure.
 */
import { RESTART_TIME, ROUTER_ID, TIMERS } from './agent-config.ts'
import { FAMILIES, type FamilyName, type PerFamily, ROUTER_AS, type Topology } from './topology.ts'

export interface RouterSetup {
  readonly asNumber: number
  readonly routerId: string
  readonly originated: PerFamily<readonly string[]>
  /** Seconds; absent: it does not help a peer that restarts. */
  readonly restartTime?: number
  readonly peers: readonly RouterPeer[]
}

export interface RouterPeer {
  readonly name: string
  readonly address: string
  readonly asNumber: number
  readonly families: readonly FamilyName[]
  /** Seconds, as the next. */
  readonly holdTime: number
  readonly keepaliveTime: number
  /** Our address on this session; absent: by the way to the peer. */
  readonly localAddress?: string
  /** How many hops away an eBGP peer may be; absent: on a network of ours. */
  readonly multihop?: number
  readonly passive?: boolean
  readonly password?: string
}

/** @param gracefulRestart whether the router helps a peer that restarts */
export function routerSetup(topology: Topology, gracefulRestart: boolean): RouterSetup {
  const { holdTime, keepaliveTime } = TIMERS
  return {
    asNumber: ROUTER_AS,
    routerId: ROUTER_ID,
    originated: topology.routerPrefixes,
    ...(gracefulRestart && { restartTime: RESTART_TIME }),
    peers: topology.nodes.flatMap(node =>
      FAMILIES.map(family => ({
        name: `${node.name}-${family}`,
        address: node.address[family],
        localAddress: node.router[family],
        asNumber: node.asNumber,
        families: [family],
        holdTime,
        keepaliveTime,
      })),
    ),
  }
}
