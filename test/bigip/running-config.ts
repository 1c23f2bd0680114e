/** What imish shows: the running configuration of a route domain, and its neighbours. */
import { isObject, type Json, type JsonObject } from '../kube/json.ts'
import { withoutDomain } from './address.ts'
import type { Box } from './box.ts'
import type { BgpNeighborState, IpFamily } from './device-world.ts'
import type { Entry } from './kind.ts'
import { NEIGHBORS, PEER_GROUPS } from './routing-kinds.ts'
import { worldBgp } from './world-bgp.ts'
import { nameOf } from './zebos-names.ts'

type Values = Readonly<JsonObject>

export function renderRunningConfig(box: Box, routeDomain: number): string {
  const domain = box.routeDomain(routeDomain)
  const process = box.store.owner(`BGP ${domain?.path}`)
  const inDomain = ({ values }: Entry) => values['routeDomain'] === domain?.path
  const sections = [
    ['no service password-encryption'],
    ...(domain?.values['extendedAsnCap'] === true ? [['bgp extended-asn-cap']] : []),
    ...(process === undefined ? [] : [processLines(box, routeDomain, process)]),
    ...box.store
      .list('/net/routing/prefix-list')
      .filter(inDomain)
      .map(one => prefixListLines(box, routeDomain, one)),
    ...box.store
      .list('/net/routing/route-map')
      .filter(inDomain)
      .flatMap(one => routeMapSections(box, routeDomain, one)),
    ['line con 0', ' login', 'line vty 0 39', ' login'],
  ]
  return `!\n${sections.map(lines => `${lines.join('\n')}\n!\n`).join('')}end\n`
}

function processLines(box: Box, routeDomain: number, process: Entry): string[] {
  const { localAs, routerId, keepAlive, holdTime, gracefulRestart, otherLines = [] } = process.values
  const { restartTime = 0, stalepathTime = 0 } = gracefulRestart as { restartTime?: number; stalepathTime?: number }
  const named = (path: Json) => nameOf(box, routeDomain, String(path))
  const peers = [...box.store.list(PEER_GROUPS, process.path), ...box.store.list(NEIGHBORS, process.path)]
  const redistribution = (family: IpFamily) =>
    ((familyOf(process.values, family)['redistribute'] ?? []) as JsonObject[]).map(
      ({ name, routeMap }) => ` redistribute ${name}${routeMap === undefined ? '' : ` route-map ${named(routeMap)}`}`,
    )
  const ipv6 = [...redistribution('ipv6'), ...peers.flatMap(peer => familyLines(peer, 'ipv6', named))]
  return [
    `router bgp ${localAs}`,
    ...(routerId === 'any6' ? [] : [` bgp router-id ${withoutDomain(routerId)}`]),
    ...(restartTime === 0 ? [] : [` bgp graceful-restart restart-time ${restartTime}`]),
    ...(stalepathTime === 0 ? [] : [` bgp graceful-restart stalepath-time ${stalepathTime}`]),
    ...(keepAlive === 30 && holdTime === 90 ? [] : [` timers bgp ${keepAlive} ${holdTime}`]),
    ...(otherLines as string[]).map(line => ` ${line}`),
    ...redistribution('ipv4'),
    ...peers.flatMap(peer => [...peerLines(peer), ...familyLines(peer, 'ipv4', named)]),
    ...(ipv6.length === 0 ? [] : [' !', ' address-family ipv6', ...ipv6, ' exit-address-family']),
  ]
}

function peerLines({ kind, name, values }: Entry): string[] {
  const { remoteAs, peerGroup, description, ebgpMultihop, keepAlive, holdTime, port, password, updateSource } = values
  const lines: [Json | undefined | false, string][] = [
    [kind.collection === PEER_GROUPS, 'peer-group'],
    [remoteAs, `remote-as ${remoteAs}`],
    [peerGroup, `peer-group ${peerGroup}`],
    [description, `description ${description}`],
    [ebgpMultihop, `ebgp-multihop ${ebgpMultihop}`],
    [keepAlive !== undefined && holdTime !== undefined, `timers ${keepAlive} ${holdTime}`],
    [port, `port ${port}`],
    [password, `password ${password}`],
    [updateSource, `update-source ${updateSource}`],
    [values['fallOver'] === 'bfd', 'fall-over bfd'],
    [values['passive'] === 'enabled', 'passive'],
    [values['shutdown'] === 'enabled', 'shutdown'],
  ]
  return lines
    .filter(([there]) => there !== undefined && there !== false)
    .map(([, text]) => ` neighbor ${name} ${text}`)
}

/** IPv4 is active unless it is said otherwise, IPv6 the other way round; a member has what its group has. */
function familyLines({ name, values }: Entry, family: IpFamily, named: (path: Json) => string): string[] {
  const said = familyOf(values, family)
  const { activate, routeMap, prefixList, maximumPrefix } = said
  const unusual = family === 'ipv4' ? 'disabled' : 'enabled'
  const isMember = values['peerGroup'] !== undefined
  const switches: [string, string][] = [
    ['nextHopSelf', 'next-hop-self'],
    ['softReconfigurationInbound', 'soft-reconfiguration inbound'],
    ['routeReflectorClient', 'route-reflector-client'],
    ['asOverride', 'as-override'],
  ]
  const lists: [Json | undefined, string][] = [
    [prefixList, 'prefix-list'],
    [routeMap, 'route-map'],
  ]
  const shows = activate !== undefined && (activate === unusual || isMember)
  return [
    ...(shows ? [` ${activate === 'disabled' ? 'no ' : ''}neighbor ${name} activate`] : []),
    ...switches.filter(([field]) => said[field] === 'enabled').map(([, text]) => ` neighbor ${name} ${text}`),
    ...lists.flatMap(([value, word]) =>
      Object.entries(isObject(value) ? value : {}).map(
        ([way, path]) => ` neighbor ${name} ${word} ${named(path)} ${way}`,
      ),
    ),
    ...(isObject(maximumPrefix) ? [` neighbor ${name} maximum-prefix ${maximumPrefix['value']}`] : []),
  ]
}

/** What is said of a family; nothing in most cases. */
export function familyOf({ addressFamily }: Values, family: IpFamily): JsonObject {
  const list = ((addressFamily ?? []) as Json[]).filter(isObject)
  return list.find(({ name }) => name === family) ?? {}
}

function prefixListLines(box: Box, routeDomain: number, list: Entry): string[] {
  const name = nameOf(box, routeDomain, list.path)
  const entries = entriesOf(box, '/net/routing/prefix-list/entries', list)
  const isIPv6 = String(entries[0]?.values['prefix']).includes(':')
  const head = `${isIPv6 ? 'ipv6' : 'ip'} prefix-list ${name}`
  const { description } = list.values
  return [
    ...(description === undefined ? [] : [`${head} description ${description}`]),
    ...entries.map(({ name: sequence, values }) => {
      const [from = '', to = ''] = String(values['prefixLenRange'] ?? '').split(':')
      const range = `${from === '' ? '' : ` ge ${from}`}${to === '' ? '' : ` le ${to}`}`
      return `${head} seq ${sequence} ${values['action']} ${withoutDomain(values['prefix'])}${range}`
    }),
  ]
}

function routeMapSections(box: Box, routeDomain: number, map: Entry): string[][] {
  return entriesOf(box, '/net/routing/route-map/entries', map).map(({ name: sequence, values }) => {
    const match = (values['match'] ?? {}) as Record<string, { address?: { prefixList?: string } }>
    const matches = ['ipv4', 'ipv6'].flatMap(family => {
      const list = match[family]?.address?.prefixList
      const word = family === 'ipv4' ? 'ip' : 'ipv6'
      return list === undefined ? [] : [` match ${word} address prefix-list ${nameOf(box, routeDomain, list)}`]
    })
    return [`route-map ${nameOf(box, routeDomain, map.path)} ${values['action']} ${sequence}`, ...matches]
  })
}

function entriesOf({ store }: Box, collection: string, { path }: Entry): Entry[] {
  return store.list(collection, path).toSorted((a, b) => Number(a.name) - Number(b.name))
}

export function renderSummary(
  box: Box,
  routeDomain: number,
  states: readonly BgpNeighborState[],
  family: IpFamily,
): string {
  const bgp = worldBgp(box, routeDomain)
  if (bgp === undefined) return ''
  const shown = bgp.neighbors.filter(({ families }) => families.includes(family))
  const rows = shown.map(({ address, asNumber }) => {
    const state = states.find(one => one.address === address)
    const up = state?.state === 'Established'
    const cells = [
      String(asNumber).padStart(6),
      count(state?.messagesReceived),
      count(state?.messagesSent),
      count(up ? 1 : 0),
    ]
    const time = state === undefined || !up ? '   never' : renderTime(state.since)
    const last = up ? String(state.prefixesReceived) : (state?.state ?? 'Idle')
    // an address that is too long for its column has a line of its own
    const first = address.length > 15 ? `${address}\n${' '.repeat(15)}` : address.padEnd(15)
    return `${first} 4 ${cells.join(' ')}    0    0 ${time} ${last.padStart(12)}`
  })
  const established = states.filter(
    ({ state, address }) => state === 'Established' && shown.some(one => one.address === address),
  )
  return [
    `BGP router identifier ${bgp.routerId ?? '0.0.0.0'}, local AS number ${bgp.asNumber}`,
    'BGP table version is 1',
    '0 BGP AS-PATH entries',
    '0 BGP community entries',
    '',
    'Neighbor        V    AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd',
    ...rows,
    '',
    `Total number of neighbors ${shown.length}`,
    '',
    `Total number of Established sessions ${established.length}`,
    '',
  ].join('\n')
}

const count = (value = 0) => String(value).padStart(7)

/** `00:01:00`, as long as it is less than a day. */
function renderTime(seconds: number): string {
  const parts = [seconds / 3600, (seconds / 60) % 60, seconds % 60]
  return parts.map(part => String(Math.floor(part)).padStart(2, '0')).join(':')
}
