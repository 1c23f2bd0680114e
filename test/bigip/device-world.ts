/**
 * What may stand behind the stand-in instead of memory alone: a kernel and a BGP daemon. The stand-in decides, judges and keeps
 * the configuration; a world is told what has become so, and asked for what only it can know.
 */

export type IpFamily = 'ipv4' | 'ipv6'

interface Routed {
  /** Full path on the device, such as `/Common/fl-tunnel`. */
  readonly path: string
  /** Id of the route domain; addresses below are without `%id`. */
  readonly routeDomain: number
}

export interface WorldTunnel extends Routed {
  readonly kind: 'tunnel'
  readonly vni: number
  readonly port: number
  readonly flooding: 'none' | 'multicast' | 'multipoint' | 'replicator'
  readonly localAddress: string
  readonly secondaryAddress?: string
  readonly mtu: number
  /** Made by the stand-in at creation: a tunnel that is made again has another. */
  readonly mac: string
}

export interface WorldSelfIp extends Routed {
  readonly kind: 'self IP'
  /** With its length: `10.42.20.1/16`. */
  readonly address: string
  /** Full path of the VLAN or tunnel. */
  readonly vlan: string
  /** Whether it moves with a traffic group; only the active unit has it then. */
  readonly floating: boolean
  /** `all`, `none`, `default`, or `tcp:179` and the like. */
  readonly allowService: readonly string[]
}

export interface WorldFdbRecord extends Routed {
  readonly kind: 'FDB record'
  readonly tunnel: string
  readonly mac: string
  readonly endpoint: string
}

/** A static ARP or NDP entry. */
export interface WorldNeighbor extends Routed {
  readonly kind: 'ARP' | 'NDP'
  readonly address: string
  readonly mac: string
}

export interface WorldRoute extends Routed {
  readonly kind: 'route'
  readonly network: string
  readonly gateway?: string
  /** Full path of a VLAN or tunnel. */
  readonly interface?: string
}

export interface WorldVirtualAddress extends Routed {
  readonly kind: 'virtual address'
  /** With its length. */
  readonly address: string
  readonly enabled: boolean
  /** Whether a kernel route of it is injected for `redistribute kernel` by this unit as it is now. */
  readonly advertised: boolean
}

export interface WorldBgpNeighbor {
  readonly address: string
  readonly asNumber: number
  readonly peerGroup?: string
  readonly families: readonly IpFamily[]
  readonly ebgpMultihop?: number
  /** Seconds, as the next; where absent those of the process. */
  readonly holdTime?: number
  readonly keepaliveTime?: number
  readonly description?: string
  readonly passive: boolean
  readonly shutdown: boolean
  readonly port?: number
  readonly password?: string
  /** Names of route maps, by family and direction. */
  readonly routeMaps: Readonly<Partial<Record<IpFamily, { readonly in?: string; readonly out?: string }>>>
}

export interface WorldPrefixList {
  readonly name: string
  readonly entries: readonly {
    readonly sequence: number
    readonly action: 'permit' | 'deny'
    readonly prefix: string
    /** Such as `26:32`, from and to. */
    readonly lengths?: string
  }[]
}

export interface WorldRouteMap {
  readonly name: string
  readonly entries: readonly {
    readonly sequence: number
    readonly action: 'permit' | 'deny'
    /** Name of a prefix list that the destination has to match. */
    readonly prefixLists: Readonly<Partial<Record<IpFamily, string>>>
  }[]
}

/** The BGP process of one route domain with all that it uses; neighbours with what they have of their peer groups. */
export interface WorldBgp extends Routed {
  readonly kind: 'BGP'
  readonly asNumber: number
  readonly routerId?: string
  readonly holdTime: number
  readonly keepaliveTime: number
  readonly gracefulRestart?: { readonly restartTime: number; readonly stalepathTime: number }
  readonly redistribute: readonly { readonly family: IpFamily; readonly from: string; readonly routeMap?: string }[]
  readonly neighbors: readonly WorldBgpNeighbor[]
  readonly prefixLists: readonly WorldPrefixList[]
  readonly routeMaps: readonly WorldRouteMap[]
}

export type WorldObject =
  | WorldTunnel
  | WorldSelfIp
  | WorldFdbRecord
  | WorldNeighbor
  | WorldRoute
  | WorldVirtualAddress
  | WorldBgp

/** Without `before` it was made, without `after` it is gone. */
export interface WorldChange {
  readonly before?: WorldObject
  readonly after?: WorldObject
}

export interface BgpNeighborState {
  readonly address: string
  /** `Idle`, `Active`, `Established` … */
  readonly state: string
  /** Seconds in this state. */
  readonly since: number
  readonly prefixesReceived: number
  readonly prefixesSent: number
  readonly messagesReceived: number
  readonly messagesSent: number
}

export interface DeviceWorld {
  /**
   * All that one request, transaction, failover or reboot changed, parents first and deletions last; the request is
   * answered when it resolves. What it throws is answered with 500 and kept in `BigIp.worldFaults`.
   */
  apply(changes: readonly WorldChange[]): Promise<void> | void
  /** As the BGP daemon of a route domain sees its neighbours. */
  bgpNeighbors?(routeDomain: number): Promise<readonly BgpNeighborState[]>
}
