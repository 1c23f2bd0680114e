/**
 * Rows of dynamic routing: BGP with its neighbours and peer groups, prefix lists, route maps. They are the state of both ways
 * to it: objects of REST in tmos mode, what ZebOS has (see `zebos-config`) in legacy mode.
 */
import { isObject, type Json, type JsonObject } from '../kube/json.ts'
import { parseRouted } from './address.ts'
import type { Box } from './box.ts'
import {
  address,
  description,
  type Field,
  type Fields,
  integer,
  list,
  oneOf,
  record,
  reference,
  text,
} from './field.ts'
import type { Entry, Kind, Reference } from './kind.ts'
import { configurationError, invalidValue, missing, notFound, refused } from './rest-error.ts'
import { noTmosRouting } from './routing-mode.ts'

const ALL = ['create', 'modify', 'delete'] as const
const BGP = '/net/routing/bgp'
export const NEIGHBORS = `${BGP}/neighbor`
export const PEER_GROUPS = `${BGP}/peer-group`
const PREFIX_LIST = '/net/routing/prefix-list'
const ROUTE_MAP = '/net/routing/route-map'
const common = { verbs: ALL, absent: noTmosRouting } as const

const SWITCH = ['enabled', 'disabled']
const asNumber = (options: { required?: true; fixed?: 'changed' } = {}) => integer(1, 0xff_ff_ff_ff, options)
const inAndOut = (item: Field) => record({ in: item, out: item })
const routeMap = reference([])
const routeDomain = reference(['/net/route-domain'], { preset: '/Common/0', fixed: 'changed' })

/** A list by address family; `all` stands for both, and both are there when it is read. */
function families(fields: Fields): Field {
  const item = record({ name: oneOf(['ipv4', 'ipv6', 'all'], { required: true }), ...fields })
  const { parse, render } = list(item)
  return {
    ...(render && { render }),
    parse: (value, property, place) => {
      const given = parse(value, property, place) as JsonObject[]
      return ['ipv4', 'ipv6'].flatMap((name): Json[] => {
        const found = given.filter(one => one['name'] === name || one['name'] === 'all')
        return found.length === 0 ? [] : [{ ...Object.assign({}, ...found), name }]
      })
    },
  }
}

const redistribution = record({
  name: oneOf(['kernel', 'connected', 'static', 'isis', 'ospf', 'rip'], { required: true }),
  routeMap,
})

const bgp: Kind = {
  ...common,
  collection: BGP,
  title: 'BGP process',
  naming: 'folder',
  fields: {
    description,
    localAs: asNumber({ required: true, fixed: 'changed' }),
    routeDomain,
    routerId: text({ preset: 'any6' }),
    keepAlive: integer(0, 65_535, { preset: 30 }),
    holdTime: integer(0, 65_535, { preset: 90 }),
    gracefulRestart: record(
      {
        gracefulReset: oneOf(SWITCH, { preset: 'disabled' }),
        restartTime: integer(0, 3600, { preset: 0 }),
        stalepathTime: integer(0, 3600, { preset: 0 }),
      },
      { preset: {} },
    ),
    addressFamily: {
      ...families({ redistribute: list(redistribution), network: list(record({ name: text() })) }),
      preset: [{ name: 'all' }],
    },
    profile: text(),
    enabled: { parse: value => value, preset: true },
  },
  references: entry => named(entry.values),
  check: (box, entry) => {
    const { holdTime, keepAlive, routerId } = entry.values
    if (routerId !== 'any6' && parseRouted(String(routerId))?.family !== 4) throw invalidValue('router-id', routerId)
    if (Number(holdTime) !== 0 && Number(holdTime) < 3 * Number(keepAlive))
      throw configurationError(`hold-time ${holdTime} of (${entry.path}) is less than three times ${keepAlive}`)
    checkRouteDomain(box, entry, String(entry.values['routeDomain']))
    return entry
  },
  unique: ({ values }) => [`BGP ${values['routeDomain']}`],
  clash: (entry, other) =>
    configurationError(`(${entry.path}) is in the route domain of (${other.path}), which has one BGP process`),
}

const peer: Fields = {
  description,
  remoteAs: asNumber(),
  ebgpMultihop: integer(1, 255),
  keepAlive: integer(0, 65_535),
  holdTime: integer(0, 65_535),
  passive: oneOf(SWITCH),
  shutdown: oneOf(SWITCH),
  fallOver: oneOf(['none', 'bfd']),
  updateSource: text(),
  port: integer(1, 65_535),
  password: text(),
  addressFamily: families({
    activate: oneOf(SWITCH, { preset: 'enabled' }),
    asOverride: oneOf(SWITCH),
    nextHopSelf: oneOf(SWITCH),
    softReconfigurationInbound: oneOf(SWITCH),
    routeReflectorClient: oneOf(SWITCH),
    maximumPrefix: record({ value: integer(0, 0xff_ff_ff_ff) }),
    routeMap: inAndOut(routeMap),
    prefixList: inAndOut(reference([])),
  }),
}

const peerGroup: Kind = {
  ...common,
  collection: PEER_GROUPS,
  title: 'BGP peer-group',
  naming: 'name',
  parent: BGP,
  inline: 'peerGroup',
  fields: peer,
  references: entry => named(entry.values),
  checkReplacement: (box, entry) => checkMembers(box, entry, 'overwritten'),
  checkDeletion: (box, entry) => checkMembers(box, entry, 'deleted'),
}

function checkMembers({ store }: Box, { parent, name }: Entry, verb: string): void {
  const member = store.list(NEIGHBORS, parent).find(({ values }) => values['peerGroup'] === name)
  if (member !== undefined)
    throw refused('01071c41:3', `Peer-group (${name}) of (${parent}) cannot be ${verb}: (${member.name}) is a member.`)
}

const neighbor: Kind = {
  ...common,
  collection: NEIGHBORS,
  title: 'BGP neighbor',
  naming: 'name',
  parent: BGP,
  inline: 'neighbor',
  fields: { ...peer, peerGroup: text() },
  name: name => {
    const routed = parseRouted(name)
    if (routed === undefined || routed.length !== undefined) throw invalidValue('name', name)
    return routed.address
  },
  references: entry => named(entry.values),
  check: ({ store }, entry) => {
    const { peerGroup: group, remoteAs } = entry.values
    const found = group === undefined ? undefined : store.get(PEER_GROUPS, String(group), entry.parent)
    if (group !== undefined && found === undefined) throw notFound(peerGroup.title, String(group))
    if (remoteAs === undefined && found?.values['remoteAs'] === undefined) throw missing('remote-as')
    if (remoteAs !== undefined && found?.values['remoteAs'] !== undefined && found.values['remoteAs'] !== remoteAs)
      throw configurationError(`neighbor (${entry.name}) has another remote-as than its peer-group (${group})`)
    return entry
  },
}

/** Entries are named by their sequence numbers. */
const sequence = (name: string) => {
  if (!/^[1-9]\d{0,9}$/.test(name)) throw invalidValue('name', name)
  return name
}

const ACTION = oneOf(['permit', 'deny'], { required: true })

const prefixList: Kind = {
  ...common,
  collection: PREFIX_LIST,
  title: 'routing prefix-list',
  naming: 'folder',
  fields: { description, routeDomain },
}

const prefixListEntry: Kind = {
  ...common,
  collection: `${PREFIX_LIST}/entries`,
  title: 'routing prefix-list entry',
  naming: 'name',
  parent: PREFIX_LIST,
  inline: 'entries',
  fields: { action: ACTION, prefix: address({ length: 'required', required: true }), prefixLenRange: text() },
  name: sequence,
  check: (_, entry) => {
    const range = entry.values['prefixLenRange']
    if (range !== undefined && !/^\d{0,3}:?\d{0,3}$/.test(String(range))) throw invalidValue('prefix-len-range', range)
    return entry
  },
}

const routeMapKind: Kind = {
  ...common,
  collection: ROUTE_MAP,
  title: 'routing route-map',
  naming: 'folder',
  fields: { description, routeDomain },
}

const matched = record({
  address: record({ prefixList: reference([]) }),
  nextHop: record({ prefixList: reference([]) }),
})

const routeMapEntry: Kind = {
  ...common,
  collection: `${ROUTE_MAP}/entries`,
  title: 'routing route-map entry',
  naming: 'name',
  parent: ROUTE_MAP,
  inline: 'entries',
  fields: {
    action: ACTION,
    description,
    match: record({ asPath: text(), ipv4: matched, ipv6: matched }),
    set: record({ localPreference: integer(0, 0xff_ff_ff_ff), metric: text(), community: record({ value: text() }) }),
  },
  name: sequence,
  references: entry => named(entry.values),
}

/** Route maps and prefix lists that are named anywhere in the values. */
function named(values: Json): Reference[] {
  if (Array.isArray(values)) return values.flatMap(named)
  if (!isObject(values)) return []
  return Object.entries(values).flatMap(([property, value]) => {
    const collections = property === 'routeMap' ? [ROUTE_MAP] : property === 'prefixList' ? [PREFIX_LIST] : undefined
    if (collections === undefined) return named(value)
    const paths = isObject(value) ? Object.values(value) : [value]
    return paths.map(path => ({ collections, path: String(path) }))
  })
}

/** What a process uses is in its route domain. */
function checkRouteDomain({ store }: Box, entry: Entry, routeDomain: string): void {
  for (const { collections, path } of named(entry.values)) {
    const other = store.get(collections[0]!, path)?.values['routeDomain']
    if (other !== undefined && other !== routeDomain)
      throw configurationError(`(${path}) is in route domain (${other}), (${entry.path}) in (${routeDomain})`)
  }
}

export const routingKinds: readonly Kind[] = [
  prefixList,
  prefixListEntry,
  routeMapKind,
  routeMapEntry,
  bgp,
  peerGroup,
  neighbor,
]
