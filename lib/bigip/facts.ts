/**
 * What a device is and has, beside what podpeer puts there: read by a few lists at a time, told in normal form. Judges nothing.
 * Rules: a read that fails is a fault, never a fact; what a release does not know is as that release behaves.
 */
import type { BigIpClient, CallOptions } from './client.ts'
import type { JsonObject } from './exchange.ts'
import { isDeviceFault, nonsenseOf } from './fault.ts'
import { hasRoutingBundle } from './licence.ts'
import { readAddress, readMac } from './normal.ts'
import { objectPath, subcollectionPath } from './path.ts'
import { RouteDomains } from './route-domains.ts'
import type { Row } from './row.ts'
import { statistic } from './stats.ts'
import {
  addressOfMember,
  type DomainOf,
  decodeSnatPool,
  decodeVirtualAddress,
  decodeVirtualServer,
  textOf,
  VIRTUAL_ADDRESS_FIELDS,
  VIRTUAL_SERVER_FIELDS,
  type VirtualAddress,
  type VirtualServer,
} from './traffic-facts.ts'
import { tunnelCodecs } from './tunnel-codec.ts'

export interface DeviceFacts {
  /** TMOS: `16.1.2`. */
  readonly version: string
  /** The device's own name among those that trust each other. */
  readonly name: string
  readonly hostName: string
  /** `active`, `standby`, `forced-offline`, `offline`, `unknown`, in the device's words. */
  readonly failoverState: string
  /** The other devices that it trusts. */
  readonly peers: readonly { readonly name: string; readonly managementAddress: string }[]
  /** In the device's words: `In Sync`, `Changes Pending`, `Standalone` …; `mode` is `standalone` or `high-availability`. */
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
  /** Of all partitions, without `%id` where it is the default of the self IP's partition. */
  readonly selfIPs: readonly Row<'self IP'>[]
  readonly vlans: readonly { readonly path: string; readonly tag?: number; readonly mtu?: number }[]
  readonly virtualAddresses: readonly VirtualAddress[]
  readonly virtualServers: readonly VirtualServer[]
  /** Members as addresses. */
  readonly snatPools: readonly { readonly path: string; readonly members: readonly string[] }[]
  /** MAC address by the path of a tunnel, of those that were asked for and are there. */
  readonly tunnelMacs: ReadonlyMap<string, string>
}

/** @param tunnels paths of the tunnels whose MAC address is wanted  @throws DeviceFault */
export async function readFacts(
  client: BigIpClient,
  { tunnels, signal }: { readonly tunnels: readonly string[]; readonly signal?: AbortSignal },
): Promise<DeviceFacts> {
  const options: CallOptions = signal === undefined ? {} : { signal }
  const list = (collection: string, select?: readonly string[]) =>
    client.list(`/mgmt/tm/${collection}`, select === undefined ? {} : { select }, options)
  const [
    devices,
    sync,
    licence,
    domains,
    partitionList,
    selfIPs,
    vlans,
    addresses,
    servers,
    pools,
    tmos,
    synced,
    macs,
  ] = await Promise.all([
    list('cm/device'),
    client.get('/mgmt/tm/cm/sync-status', options),
    client.get('/mgmt/tm/sys/license', options),
    list('net/route-domain'),
    list('auth/partition'),
    list('net/self'),
    list('net/vlan'),
    list('ltm/virtual-address', VIRTUAL_ADDRESS_FIELDS),
    list('ltm/virtual', VIRTUAL_SERVER_FIELDS),
    list('ltm/snatpool'),
    readVariable(client, 'tmrouted.tmos.routing', 'disable', options),
    // a release without the switch syncs its tunnels
    readVariable(client, 'iptunnel.configsync', 'enable', options),
    Promise.all(tunnels.map(tunnel => readTunnelMac(client, tunnel, options))),
  ])
  const partitions = new Map(partitionList.map(one => [textOf(one, 'name'), Number(one['defaultRouteDomain'] ?? 0)]))
  const domainOf = (path: string) => partitions.get(path.split('/')[1] ?? '') ?? 0
  const routeDomains = domains.map(decodeRouteDomain)
  return {
    ...decodeDevices(devices),
    sync: {
      status: statistic(sync, 'status') ?? 'unknown',
      mode: statistic(sync, 'mode') ?? 'unknown',
      summary: statistic(sync, 'summary') ?? '',
    },
    licensedRouting: hasRoutingBundle(licence),
    routing: routingOf(tmos === 'enable', routeDomains),
    routeDomains,
    partitions,
    tunnelConfigSync: synced === 'enable',
    selfIPs: selfIPs.map(one => {
      // as the partition of each has it
      const [, partition = ''] = textOf(one, 'fullPath').split('/')
      return tunnelCodecs(new RouteDomains(partition, partitions))['self IP'].decode(one, undefined)
    }),
    vlans: vlans.map(decodeVlan),
    virtualAddresses: addresses.map(one => decodeVirtualAddress(one, domainOf)),
    virtualServers: servers.map(one => decodeVirtualServer(one, domainOf)),
    snatPools: await Promise.all(pools.map(one => readSnatPool(client, one, domainOf, options))),
    tunnelMacs: new Map(macs.filter(one => one !== undefined)),
  }
}

/** The fact alone of which one may have to know within seconds. @throws DeviceFault */
export async function readFailoverState(client: BigIpClient, options: CallOptions): Promise<string> {
  const select = ['name', 'selfDevice', 'failoverState']
  return textOf(itself(await client.list('/mgmt/tm/cm/device', { select }, options)), 'failoverState')
}

async function readVariable(client: BigIpClient, name: string, unknown: string, options: CallOptions): Promise<string> {
  const path = objectPath('/mgmt/tm/sys/db', name)
  return (await orAbsent(client.get(path, options).then(one => textOf(one, 'value')))) ?? unknown
}

async function readTunnelMac(
  client: BigIpClient,
  tunnel: string,
  options: CallOptions,
): Promise<readonly [tunnel: string, mac: string] | undefined> {
  const path = subcollectionPath('/mgmt/tm/net/tunnels/tunnel', tunnel, 'stats')
  const document = await orAbsent(client.get(path, options))
  if (document === undefined) return undefined
  const mac = statistic(document, 'macAddr', 'macAddress')
  if (mac === undefined) throw nonsenseOf(`GET ${path}`, 'no MAC address')
  return [tunnel, readMac(mac)]
}

async function readSnatPool(client: BigIpClient, body: JsonObject, domainOf: DomainOf, options: CallOptions) {
  const { path, members } = decodeSnatPool(body)
  const addressOf = async (member: string) => {
    const known = addressOfMember(member, domainOf)
    if (known !== undefined) return known
    const translation = await client.get(objectPath('/mgmt/tm/ltm/snat-translation', member), options)
    return readAddress(textOf(translation, 'address'), domainOf(member))
  }
  return { path, members: await Promise.all(members.map(addressOf)) }
}

async function orAbsent<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read
  } catch (thrown) {
    if (isDeviceFault(thrown, 'BIGIP_NOT_FOUND')) return undefined
    throw thrown
  }
}

function decodeDevices(devices: readonly JsonObject[]) {
  const self = itself(devices)
  return {
    version: textOf(self, 'version'),
    name: textOf(self, 'name'),
    hostName: textOf(self, 'hostname'),
    failoverState: textOf(self, 'failoverState'),
    peers: devices
      .filter(one => one !== self)
      .map(one => ({ name: textOf(one, 'name'), managementAddress: textOf(one, 'managementIp') })),
  }
}

function itself(devices: readonly JsonObject[]): JsonObject {
  const self = devices.find(({ selfDevice }) => String(selfDevice) === 'true')
  if (self === undefined) throw nonsenseOf('GET /mgmt/tm/cm/device', 'no device is the device itself')
  return self
}

function decodeRouteDomain(body: JsonObject): DeviceFacts['routeDomains'][number] {
  const { id, routingProtocol = [] } = body
  const path = textOf(body, 'fullPath')
  if (typeof id !== 'number') throw nonsenseOf(`route domain ${path}`, 'no id')
  return { id, path, protocols: Array.isArray(routingProtocol) ? routingProtocol.map(String) : [] }
}

function routingOf(tmos: boolean, domains: DeviceFacts['routeDomains']): DeviceFacts['routing'] {
  const legacy = domains.some(({ protocols }) => protocols.length > 0)
  if (tmos) return legacy ? 'mixed' : 'tmos'
  return legacy ? 'legacy' : 'none'
}

function decodeVlan(body: JsonObject): DeviceFacts['vlans'][number] {
  const { tag, mtu } = body
  return {
    path: textOf(body, 'fullPath'),
    ...(typeof tag === 'number' ? { tag } : {}),
    ...(typeof mtu === 'number' ? { mtu } : {}),
  }
}
