/** Rows of `/net`: VLANs, self IPs, static neighbours, routes, route domains. */
import { type Address, parseAddress } from '../../lib/base/ip.ts'
import { Prefix } from '../../lib/base/prefix.ts'
import type { Json } from '../kube/json.ts'
import { routedOf, withoutDomain } from './address.ts'
import type { Box } from './box.ts'
import { address, description, type Field, integer, list, mac, oneOf, reference, text } from './field.ts'
import type { Entry, Kind } from './kind.ts'
import { configurationError, invalidValue, missing, notFound, refused } from './rest-error.ts'
import { checkLegacyRouting, protocolsOf, routingChanged } from './routing-mode.ts'

const ALL = ['create', 'modify', 'delete'] as const
const LOCAL_ONLY_GROUP = '/Common/traffic-group-local-only'
const INTERFACES = ['/net/vlan', '/net/tunnels/tunnel'] as const

const inLocalOnly = ({ partition }: Entry) => partition === 'LOCAL_ONLY'

const vlan: Kind = {
  collection: '/net/vlan',
  title: 'VLAN',
  naming: 'folder',
  verbs: ALL,
  fields: {
    description,
    tag: integer(1, 4094, { preset: 4094 }),
    mtu: integer(576, 9198, { preset: 1500 }),
    interfaces: list(text()),
  },
  changed: keepRouteDomain,
}

/** `all`, nothing for `none`, else a list. */
const allowService: Field = {
  parse: (value, property) => {
    if (value === 'none') return null
    if (value === 'all') return value
    const services = Array.isArray(value) ? value : [value]
    for (const service of services)
      if (typeof service !== 'string' || !/^(default|(tcp|udp|sctp|\w+):(\d{1,5}|any))$/.test(service))
        throw invalidValue(property, service)
    return services
  },
}

const self: Kind = {
  collection: '/net/self',
  title: 'Self IP',
  naming: 'folder',
  verbs: ALL,
  fields: {
    description,
    address: address({ length: 'required', required: true, fixed: 'changed' }),
    vlan: reference(INTERFACES, { required: true }),
    trafficGroup: reference(['/cm/traffic-group'], { preset: LOCAL_ONLY_GROUP }),
    allowService,
    floating: oneOf(['enabled', 'disabled'], { preset: 'disabled' }),
  },
  synced: (_, entry) => isFloating(entry) && !inLocalOnly(entry),
  check: (box, entry) => {
    const { routeDomain } = routedOf(entry.values['address'])
    const onVlan = box.routeDomainOf(String(entry.values['vlan']))
    if (routeDomain !== onVlan)
      throw configurationError(
        `self IP (${entry.path}) is of route domain ${routeDomain}, its VLAN (${entry.values['vlan']}) of ${onVlan}`,
      )
    return { ...entry, values: { ...entry.values, floating: isFloating(entry) ? 'enabled' : 'disabled' } }
  },
  unique: ({ values }) => [`self IP ${String(values['address']).split('/')[0]}`],
  clash: (entry, other) =>
    configurationError(
      `the address ${withoutDomain(entry.values['address'])} of self IP (${entry.path}) is that of (${other.path})`,
    ),
}

export function isFloating({ values }: Entry): boolean {
  return values['trafficGroup'] !== LOCAL_ONLY_GROUP
}

const neighborKind = (collection: string, title: string, family: 4 | 6): Kind => ({
  collection,
  title,
  naming: 'folder',
  verbs: ALL,
  fields: {
    description,
    ipAddress: address({ family, required: true, fixed: 'named' }),
    macAddress: mac({ required: true }),
  },
  unique: ({ values }) => [`neighbor ${values['ipAddress']}`],
  clash: (entry, other) =>
    configurationError(
      `the address ${withoutDomain(entry.values['ipAddress'])} of (${entry.path}) is that of (${other.path})`,
    ),
})

const route: Kind = {
  collection: '/net/route',
  title: 'Static route',
  naming: 'folder',
  verbs: ALL,
  fields: {
    description,
    network: {
      ...address({ length: 'required', words: ['default', 'default-inet6'], fixed: 'named' }),
      preset: 'default',
    },
    gw: address(),
    tmInterface: reference(INTERFACES),
    pool: text(),
    mtu: integer(0, 9198, { preset: 0 }),
  },
  synced: (_, entry) => !inLocalOnly(entry),
  check: (box, entry) => {
    const { network, gw, tmInterface, pool } = entry.values
    const ways = [gw, tmInterface, pool].filter(way => way !== undefined)
    if (ways.length === 0) throw missing('gw')
    if (ways.length > 1) throw configurationError(`route (${entry.path}) has more than one of gw, tm-interface, pool`)
    if (network !== 'default' && network !== 'default-inet6') {
      const { address, family, length = 0 } = routedOf(network)
      const prefix = new Prefix(parseAddress(address).bytes, length)
      if (prefix.address.toString() !== address) throw invalidValue('network', withoutDomain(network))
      if (gw !== undefined && routedOf(gw).family !== family) throw invalidValue('gw', withoutDomain(gw))
    }
    if (gw !== undefined && !isConnected(box, gw))
      throw refused(
        '01070330:3',
        `Static route gateway ${withoutDomain(gw)} is not directly connected via an interface.`,
      )
    return entry
  },
  unique: ({ values, partition }) => [`route ${values['network']} ${isWord(values['network']) ? partition : ''}`],
  clash: (entry, other) =>
    configurationError(`the network of route (${entry.path}) is that of (${other.path}) in the same route domain`),
}

const isWord = (network: Json | undefined) => !String(network).includes('/')

/** Whether a gateway is in the network of a self IP of its route domain. */
function isConnected(box: Box, gateway: Json): boolean {
  const { address, routeDomain } = routedOf(gateway)
  const parsed: Address = parseAddress(address)
  return box.store.list('/net/self').some(({ values }) => {
    const own = routedOf(values['address'])
    return own.routeDomain === routeDomain && new Prefix(parseAddress(own.address).bytes, own.length!).contains(parsed)
  })
}

const routeDomain: Kind = {
  collection: '/net/route-domain',
  title: 'Route Domain',
  naming: 'folder',
  verbs: ALL,
  fields: {
    description,
    id: integer(0, 65_534, { required: true, fixed: 'changed' }),
    strict: oneOf(['enabled', 'disabled'], { preset: 'enabled' }),
    routingProtocol: list(oneOf(['BFD', 'BGP', 'IS-IS', 'OSPFv2', 'OSPFv3', 'PIM', 'RIP', 'RIPng'])),
    vlans: list(reference([])),
  },
  check: (box, entry) => {
    if (protocolsOf(entry).length > 0) checkLegacyRouting(box, entry)
    for (const path of vlansOf(entry))
      if (!INTERFACES.some(collection => box.store.get(collection, path))) throw notFound('VLAN', path)
    return entry
  },
  unique: ({ values }) => [`route domain ${values['id']}`],
  clash: (entry, other) => configurationError(`route domain (${entry.path}) has the id of (${other.path})`),
  changed: (box, before, after) => {
    if (after !== undefined) for (const path of vlansOf(after)) leave(box, path, after)
    routingChanged(box, before, after)
  },
}

const vlansOf = ({ values }: Entry) => (values['vlans'] ?? []) as string[]

/** Takes a VLAN or tunnel out of all route domains but one. */
function leave(box: Box, path: string, keeper?: Entry): void {
  for (const entry of box.store.list('/net/route-domain'))
    if (entry.path !== keeper?.path && vlansOf(entry).includes(path))
      box.store.put({ ...entry, values: { ...entry.values, vlans: vlansOf(entry).filter(one => one !== path) } })
}

/** A new VLAN or tunnel is in the default route domain of its partition. */
export function keepRouteDomain(box: Box, before: Entry | undefined, after: Entry | undefined): void {
  if (before !== undefined && after === undefined) leave(box, before.path)
  if (before !== undefined || after === undefined) return
  const entry = box.routeDomain(box.defaultRouteDomain(after.partition))
  if (entry !== undefined)
    box.store.put({ ...entry, values: { ...entry.values, vlans: [...vlansOf(entry), after.path] } })
}

export const netKinds: readonly Kind[] = [
  vlan,
  self,
  neighborKind('/net/arp', 'Static ARP', 4),
  neighborKind('/net/ndp', 'Static NDP', 6),
  route,
  routeDomain,
]
