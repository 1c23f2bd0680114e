/** The BGP process of a route domain as one value, from the objects that make it up: for a world, for imish, for statistics. */
import { isObject, type Json, type JsonObject } from '../kube/json.ts'
import { withoutDomain } from './address.ts'
import type { Box } from './box.ts'
import type { IpFamily, WorldBgp, WorldBgpNeighbor, WorldPrefixList, WorldRouteMap } from './device-world.ts'
import type { Entry } from './kind.ts'
import { NEIGHBORS, PEER_GROUPS } from './routing-kinds.ts'

type Values = Readonly<JsonObject>

/** Undefined where a route domain has none. */
export function worldBgp(box: Box, routeDomain: number): WorldBgp | undefined {
  const entry = box.store.owner(`BGP ${box.routeDomain(routeDomain)?.path}`)
  if (entry === undefined || !box.machine.routingBundle) return undefined
  const { localAs, routerId, holdTime, keepAlive, gracefulRestart } = entry.values
  const { restartTime = 0, stalepathTime = 0 } = gracefulRestart as { restartTime?: number; stalepathTime?: number }
  const inDomain = ({ values }: Entry) => values['routeDomain'] === entry.values['routeDomain']
  const neighbors = box.store.list(NEIGHBORS, entry.path)
  const groups = new Map(box.store.list(PEER_GROUPS, entry.path).map(({ name, values }) => [name, values]))
  return {
    ...{ kind: 'BGP', path: entry.path, routeDomain, asNumber: Number(localAs) },
    ...(routerId === 'any6' ? {} : { routerId: withoutDomain(routerId) }),
    ...{ holdTime: Number(holdTime), keepaliveTime: Number(keepAlive) },
    ...(restartTime === 0 ? {} : { gracefulRestart: { restartTime, stalepathTime } }),
    redistribute: familiesOf(entry.values).flatMap(({ name, redistribute = [] }) =>
      (redistribute as JsonObject[]).map(one => ({
        ...{ family: name as IpFamily, from: String(one['name']) },
        ...(one['routeMap'] === undefined ? {} : { routeMap: String(one['routeMap']) }),
      })),
    ),
    neighbors: neighbors.map(({ name, values }) =>
      worldNeighbor(name, groups.get(String(values['peerGroup'])), values),
    ),
    prefixLists: box.store
      .list('/net/routing/prefix-list')
      .filter(inDomain)
      .map(one => prefixListOf(box, one)),
    routeMaps: box.store
      .list('/net/routing/route-map')
      .filter(inDomain)
      .map(one => routeMapOf(box, one)),
  }
}

function familiesOf({ addressFamily }: Values): JsonObject[] {
  return ((addressFamily ?? []) as Json[]).filter(isObject)
}

/** What a neighbour says itself comes before what its group says. */
function worldNeighbor(address: string, group: Values = {}, own: Values): WorldBgpNeighbor {
  const { addressFamily: _, ...plain } = own
  const values: Values = { ...group, ...plain }
  const number = (property: string) => (values[property] === undefined ? undefined : Number(values[property]))
  const given = {
    peerGroup: values['peerGroup'],
    ebgpMultihop: number('ebgpMultihop'),
    holdTime: number('holdTime'),
    keepaliveTime: number('keepAlive'),
    description: values['description'],
    port: number('port'),
    password: values['password'],
  }
  const families = mergedFamilies(group, own)
  return {
    ...{ address, asNumber: Number(values['remoteAs']) },
    families: activeFamilies(families),
    ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as object),
    ...{ passive: values['passive'] === 'enabled', shutdown: values['shutdown'] === 'enabled' },
    routeMaps: Object.fromEntries(
      families.flatMap(({ name, routeMap }) => (routeMap === undefined ? [] : [[name, routeMap]])),
    ),
  }
}

function mergedFamilies(group: Values, own: Values): JsonObject[] {
  const [theirs, ours] = [familiesOf(group), familiesOf(own)]
  return ['ipv4', 'ipv6'].flatMap(name => {
    const found = [theirs, ours].flatMap(list => list.filter(one => one['name'] === name))
    return found.length === 0 ? [] : [Object.assign({}, ...found) as JsonObject]
  })
}

/** IPv4 is active where nothing is said of it, as ZebOS has it; IPv6 where it is switched on. */
function activeFamilies(families: readonly JsonObject[]): IpFamily[] {
  const said = new Map(families.map(({ name, activate }) => [name, activate]))
  const active: IpFamily[] = said.get('ipv4') === 'disabled' ? [] : ['ipv4']
  return said.get('ipv6') === 'enabled' ? [...active, 'ipv6'] : active
}

function prefixListOf({ store }: Box, { path }: Entry): WorldPrefixList {
  const entries = store.list('/net/routing/prefix-list/entries', path).map(({ name, values }) => ({
    ...{
      sequence: Number(name),
      action: values['action'] as 'permit' | 'deny',
      prefix: withoutDomain(values['prefix']),
    },
    ...(values['prefixLenRange'] === undefined ? {} : { lengths: String(values['prefixLenRange']) }),
  }))
  return { name: path, entries: entries.sort((a, b) => a.sequence - b.sequence) }
}

function routeMapOf({ store }: Box, { path }: Entry): WorldRouteMap {
  const entries = store.list('/net/routing/route-map/entries', path).map(({ name, values }) => {
    const match = (values['match'] ?? {}) as Record<string, { address?: { prefixList?: string } }>
    const prefixLists = Object.fromEntries(
      ['ipv4', 'ipv6'].flatMap(family => {
        const list = match[family]?.address?.prefixList
        return list === undefined ? [] : [[family, list]]
      }),
    )
    return { sequence: Number(name), action: values['action'] as 'permit' | 'deny', prefixLists }
  })
  return { name: path, entries: entries.sort((a, b) => a.sequence - b.sequence) }
}
