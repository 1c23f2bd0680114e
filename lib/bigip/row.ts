/**
 * What a device holds, as values: one row is one object of iControl REST in normal form, whether it is wanted or was found.
 * Knows no HTTP and no Kubernetes. Rules of the normal form: addresses without `%id` where it is the partition's default route
 * domain, RFC 5952 text, MAC addresses in lower case with two digits an octet, full paths (`/Common/name`), absent fields absent.
 */

/** The fields that podpeer compares, by kind; what else an object has is left alone. */
export interface RowFields {
  /** `/mgmt/tm/net/tunnels/vxlan` */
  readonly 'vxlan profile': {
    readonly floodingType: 'none' | 'multicast' | 'multipoint' | 'replicator'
    readonly port: number
  }
  /** `/mgmt/tm/net/tunnels/tunnel`; `key` is the VNI. */
  readonly tunnel: {
    readonly profile: string
    readonly key: number
    readonly localAddress: string
    readonly secondaryAddress?: string
    readonly remoteAddress?: string
    readonly mtu?: number
    readonly trafficGroup?: string
  }
  /** `/mgmt/tm/net/self`; `address` has its length: `10.42.20.1/16`. */
  readonly 'self IP': {
    readonly address: string
    readonly vlan: string
    readonly trafficGroup?: string
    /** `['all']`, `['none']`, `['default']` or `['tcp:179', …]`, sorted. */
    readonly allowService: readonly string[]
  }
  /** `/mgmt/tm/net/fdb/tunnel/T/records`: the row's name is the MAC address, its parent the tunnel's path. */
  readonly 'FDB record': { readonly endpoint: string }
  /** `/mgmt/tm/net/arp` */
  readonly ARP: { readonly ipAddress: string; readonly macAddress: string }
  /** `/mgmt/tm/net/ndp` */
  readonly NDP: { readonly ipAddress: string; readonly macAddress: string }
  /** `/mgmt/tm/net/route`: by gateway or through a tunnel. */
  readonly route: { readonly network: string; readonly gateway?: string; readonly interface?: string }
  /** `/mgmt/tm/net/routing/prefix-list`: of one family; `lengths` is `26:32`, from and to. */
  readonly 'prefix list': {
    readonly routeDomain: string
    readonly entries: readonly {
      readonly sequence: number
      readonly action: 'permit' | 'deny'
      readonly prefix: string
      readonly lengths?: string
    }[]
  }
  /** `/mgmt/tm/net/routing/route-map`: what a destination has to match, by the path of a prefix list. */
  readonly 'route map': {
    readonly routeDomain: string
    readonly entries: readonly {
      readonly sequence: number
      readonly action: 'permit' | 'deny'
      readonly destination?: { readonly family: 'ipv4' | 'ipv6'; readonly prefixList: string }
    }[]
  }
  /** `/mgmt/tm/net/routing/bgp`: the process of one route domain. */
  readonly BGP: {
    readonly asNumber: number
    readonly routerId?: string
    readonly routeDomain: string
    /** Seconds, as the next. */
    readonly holdTime: number
    readonly keepaliveTime: number
    readonly gracefulRestartTime?: number
    /** Redistribution of kernel routes (VIPs), by family. */
    readonly redistribute: readonly { readonly family: 'ipv4' | 'ipv6'; readonly routeMap?: string }[]
  }
  /** `…/bgp/B/peer-group`: parent is the path of the BGP process. */
  readonly 'BGP peer group': { readonly asNumber: number; readonly families: readonly ('ipv4' | 'ipv6')[] }
  /** `…/bgp/B/neighbor`: the row's name is the address, parent the path of the BGP process. */
  readonly 'BGP neighbor': {
    readonly peerGroup?: string
    readonly asNumber?: number
    readonly ebgpMultihop?: number
    readonly families: readonly ('ipv4' | 'ipv6')[]
  }
  /** One field of an existing `/mgmt/tm/ltm/virtual-address`, which is never created nor deleted. */
  readonly 'route advertisement': { readonly mode: 'disabled' | 'enabled' | 'always' | 'selective' | 'any' | 'all' }
  /** `/mgmt/tm/ltm/data-group/internal`, of strings: where the engine notes what has no room for a tag (journal.ts). */
  readonly 'data group': { readonly records: readonly string[] }
}

export type Kind = keyof RowFields

/** `K` tells the fields: `Row<'ARP'>`. */
export type Row<K extends Kind = Kind> = {
  readonly [One in K]: {
    readonly kind: One
    /** Full path of the object (`/Common/podpeer-c1-node-1`), or the name within `parent`. */
    readonly name: string
    /** Full path of the object whose subcollection holds it. */
    readonly parent?: string
    /** Absent where the kind has none, or where none was found. */
    readonly description?: string
    readonly fields: RowFields[One]
  }
}[K]

/** Which row: what tells it from all others of one device. */
export interface RowName {
  readonly kind: Kind
  readonly name: string
  readonly parent?: string
}

/** The same as a text. */
export function rowKey({ kind, parent = '', name }: RowName): string {
  return `${kind}\t${parent}\t${name}`
}
