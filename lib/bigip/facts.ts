/**
 * What a device is and has, beside what podpeer puts there: read by a few lists, told in normal form. Judges nothing. Rules: a
 * read that fails is a fault, never a fact.
 */
import type { BigIpClient } from './client.ts'
import type { Row } from './row.ts'

export interface DeviceFacts {
  /** TMOS: `16.1.2`. */
  readonly version: string
  /** The device's own name in its device group: `bigip-a.example`. */
  readonly name: string
  readonly hostName: string
  readonly failoverState: 'active' | 'standby' | 'forced-offline' | 'offline' | 'unknown'
  /** The other devices that it trusts. */
  readonly peers: readonly { readonly name: string; readonly managementAddress: string }[]
  /** `In Sync`, `Changes Pending`, `Standalone` …, with the device's own summary. */
  readonly sync: { readonly status: string; readonly mode: string; readonly summary: string }
  /** Whether the licence has the Routing Bundle. */
  readonly licensedRouting: boolean
  /** `legacy`: protocols per route domain and imish; `tmos`: objects of `/mgmt/tm/net/routing`; `mixed`: both are set. */
  readonly routing: 'tmos' | 'legacy' | 'none' | 'mixed'
  readonly routeDomains: readonly {
    readonly id: number
    readonly path: string
    readonly protocols: readonly string[]
  }[]
  /** Default route domain by partition; a partition that the device does not have is absent. */
  readonly partitions: ReadonlyMap<string, number>
  /** db variable `iptunnel.configsync`: whether tunnels sync to the other unit. */
  readonly tunnelConfigSync: boolean
  /** Of all partitions; a trafficGroup other than traffic-group-local-only makes one floating. */
  readonly selfIPs: readonly Row<'self IP'>[]
  readonly vlans: readonly { readonly path: string; readonly tag?: number; readonly mtu?: number }[]
  readonly virtualAddresses: readonly VirtualAddress[]
  readonly virtualServers: readonly VirtualServer[]
  /** Members as addresses. */
  readonly snatPools: readonly { readonly path: string; readonly members: readonly string[] }[]
  /** MAC address by the path of a tunnel, of those that were asked for and are there. */
  readonly tunnelMacs: ReadonlyMap<string, string>
}

export interface VirtualAddress {
  readonly path: string
  /** Without `%id` where it is the default of the virtual address's partition. */
  readonly address: string
  /** Prefix length. */
  readonly length: number
  readonly routeAdvertisement: Row<'route advertisement'>['fields']['mode']
  readonly trafficGroup: string
}

export interface VirtualServer {
  readonly path: string
  /** `10.1.10.100:80`, `[2001:db8::1]:80`; any port is `0`. */
  readonly destination: string
  readonly enabled: boolean
  readonly pool?: string
  readonly snat: 'none' | 'automap' | { readonly pool: string }
}

/** @param tunnels paths of the tunnels whose MAC address is wanted  @throws DeviceFault */
export function readFacts(
  _client: BigIpClient,
  _options: { readonly tunnels: readonly string[]; readonly signal?: AbortSignal },
): Promise<DeviceFacts> {
  throw new Error('not yet')
}
