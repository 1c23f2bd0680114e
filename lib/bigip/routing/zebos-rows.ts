/**
 * A ZebOS configuration as rows. Pure. ZebOS keeps descriptions of neighbours, peer groups and prefix lists alone: the process
 * is ours where it holds our marker, an empty peer group, and a route map where it has one of our names.
 */
import { InputFault } from '../../base/failure.ts'
import { parseAddress } from '../../base/ip.ts'
import { parsePrefix } from '../../base/prefix.ts'
import { type Identity, ownName, tagOf } from '../ownership.ts'
import type { Row } from '../row.ts'
import { FAMILIES } from './family.ts'
import { HOLD_TIME, KEEPALIVE_TIME, type RoutingKind } from './rest.ts'
import type { ZebosConfig, ZebosPeer, ZebosPrefixList, ZebosProcess, ZebosRouteMapEntry } from './zebos-config.ts'

export interface ZebosPlace {
  readonly identity: Identity
  /** Full path of the route domain. */
  readonly routeDomain: string
}

/** The peer group without members that says whose the process is. */
export function markerOf({ clusterId }: Identity): string {
  return `podpeer-${clusterId}`
}

/** ZebOS has one process in a route domain, and no name for it. */
export function processName(process: ZebosProcess, identity: Identity): string {
  return process.peers.has(markerOf(identity)) ? ownName(identity, 'bgp') : `/${identity.partition}/bgp`
}

export function zebosRows(config: ZebosConfig, place: ZebosPlace): Row<RoutingKind>[] {
  const lists = [...config.prefixLists].map(([name, list]) => prefixListRow(name, list, place))
  const maps = [...config.routeMaps].map(([name, entries]) => routeMapRow(name, entries, place))
  return [...lists, ...maps, ...(config.process === undefined ? [] : processRows(config.process, place))]
}

function processRows(process: ZebosProcess, { identity, routeDomain }: ZebosPlace): Row<RoutingKind>[] {
  const { asNumber, routerId, holdTime = HOLD_TIME, keepaliveTime = KEEPALIVE_TIME, gracefulRestartTime } = process
  const name = processName(process, identity)
  const marker = process.peers.get(markerOf(identity))
  const row: Row<'BGP'> = {
    kind: 'BGP',
    name,
    ...(marker && { description: marker.description ?? tagOf(identity) }),
    fields: {
      asNumber,
      ...(routerId !== undefined && { routerId }),
      routeDomain,
      holdTime,
      keepaliveTime,
      ...(gracefulRestartTime !== undefined && { gracefulRestartTime }),
      redistribute: FAMILIES.flatMap(family =>
        process.redistribute
          .filter(one => one.family === family)
          .slice(0, 1)
          .map(({ routeMap }) => ({ family, ...(routeMap && { routeMap: `/${identity.partition}/${routeMap}` }) })),
      ),
    },
  }
  const peers = [...process.peers].filter(([, peer]) => peer !== marker)
  return [row, ...peers.map(([peerName, peer]) => peerRow(peerName, peer, name, process))]
}

function peerRow(
  name: string,
  peer: ZebosPeer,
  parent: string,
  { peers }: ZebosProcess,
): Row<'BGP peer group'> | Row<'BGP neighbor'> {
  const described = peer.description === undefined ? {} : { description: peer.description }
  const group = peer.group === undefined ? undefined : peers.get(peer.group)
  const families = FAMILIES.filter(
    family => peer.activated.get(family) ?? group?.activated.get(family) ?? family === 'ipv4',
  )
  if (peer.isGroup) {
    const fields = { asNumber: peer.asNumber ?? 0, families }
    return { kind: 'BGP peer group', parent, name, ...described, fields }
  }
  return {
    kind: 'BGP neighbor',
    parent,
    name: normalAddress(name),
    ...described,
    fields: {
      ...(peer.group !== undefined && { peerGroup: peer.group }),
      ...(peer.group === undefined && peer.asNumber !== undefined && { asNumber: peer.asNumber }),
      ...(peer.ebgpMultihop !== undefined && peer.ebgpMultihop > 1 && { ebgpMultihop: peer.ebgpMultihop }),
      families,
    },
  }
}

function prefixListRow(
  name: string,
  { description, entries }: ZebosPrefixList,
  { identity, routeDomain }: ZebosPlace,
): Row<'prefix list'> {
  return {
    kind: 'prefix list',
    name: `/${identity.partition}/${name}`,
    ...(description !== undefined && { description }),
    fields: {
      routeDomain,
      entries: entries.map(({ sequence, action, prefix, from, to }) => ({
        sequence,
        action,
        prefix: normalPrefix(prefix),
        ...((from !== undefined || to !== undefined) && { lengths: lengthsOf(prefix, from, to) }),
      })),
    },
  }
}

function lengthsOf(prefix: string, from: number | undefined, to: number | undefined): string {
  const [, length = ''] = prefix.split('/')
  return `${from ?? length}:${to ?? (prefix.includes(':') ? 128 : 32)}`
}

function routeMapRow(
  name: string,
  entries: readonly ZebosRouteMapEntry[],
  { identity, routeDomain }: ZebosPlace,
): Row<'route map'> {
  const path = `/${identity.partition}/${name}`
  const own = [ownName(identity, 'vips'), ownName(identity, 'vips-ipv6')].includes(path)
  return {
    kind: 'route map',
    name: path,
    ...(own && { description: tagOf(identity) }),
    fields: {
      routeDomain,
      entries: entries.map(({ sequence, action, destination }) => ({
        sequence,
        action,
        ...(destination && {
          destination: { ...destination, prefixList: `/${identity.partition}/${destination.prefixList}` },
        }),
      })),
    },
  }
}

/** What a person wrote on the device need not make sense to us. */
function normalAddress(text: string): string {
  return normal(text, parseAddress)
}

function normalPrefix(text: string): string {
  return normal(text, parsePrefix)
}

function normal(text: string, parse: (text: string) => object): string {
  try {
    return String(parse(text))
  } catch (thrown) {
    if (!(thrown instanceof InputFault)) throw thrown
    return text
  }
}
