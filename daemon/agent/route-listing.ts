/** Routes as the control API lists them: the RIB's cursors, one after another, as rows of text. */
import type { RouteRow as RibRow, RouteCursor, Speaker } from '../../bgp/index.ts'
import { decodeAttributes, renderAttributes } from '../../bgp/wire/attribute-list.ts'
import type { RouteRow } from '../control/document.ts'
import type { RouteListing, RowCursor } from '../control/source.ts'

/** The name of a peer by its number in the RIB; undefined: our own. */
export type PeerName = (peer: number) => string | undefined

const ORIGINS = { igp: 'IGP', egp: 'EGP', incomplete: 'incomplete' } as const

export function listRoutes(speaker: Speaker, { table, peer, within, family }: RouteListing): RowCursor {
  const families = (family === undefined ? [4, 6] : [family === 'ipv4' ? 4 : 6]) as (4 | 6)[]
  const fits = families.filter(one => within === undefined || within.family === one)
  const range = within === undefined ? {} : { within }
  const nameOf: PeerName = number => speaker.peerName(number)
  const peers = speaker.peers().filter(({ config }) => peer === undefined || config.name === peer)
  if (table === 'best') {
    const asked = peer === undefined ? undefined : (peers[0]?.number ?? -1)
    const isAsked = (row: RibRow) => asked === undefined || row.peer === asked
    return chain(fits.map(one => toRows(speaker.routes({ family: one, table, ...range }), nameOf, isAsked)))
  }
  return chain(
    peers.flatMap(({ number, config }) =>
      fits.map(one => {
        const cursor = speaker.routes({ family: one, table, peer: number, ...range })
        return toRows(cursor, table === 'received' ? nameOf : () => config.name, () => true)
      }),
    ),
  )
}

export function routeRow(row: RibRow, peerName: PeerName): RouteRow {
  const values = decodeAttributes(row.attributes, 0, row.attributes.length)
  const text = renderAttributes(values)
  const peer = peerName(row.peer)
  const { med, localPref, communities, extendedCommunities, largeCommunities, originatorId, clusterList } = values
  const words = (name: string) => (text[name] ?? '').split(' ')
  return {
    prefix: row.prefix.toString(),
    ...(row.pathId !== undefined && { pathId: row.pathId }),
    ...(row.nextHop && { nextHop: row.nextHop.toString() }),
    ...(peer !== undefined && { peer }),
    source: row.source,
    verdict: row.verdict,
    reason: row.reason,
    asPath: text['AS_PATH'] ?? '',
    origin: ORIGINS[values.origin],
    ...(localPref !== undefined && { localPref }),
    ...(med !== undefined && { med }),
    ...(communities && { communities: words('COMMUNITIES') }),
    ...(extendedCommunities && { extendedCommunities: words('EXTENDED_COMMUNITIES') }),
    ...(largeCommunities && { largeCommunities: words('LARGE_COMMUNITIES') }),
    ...(originatorId && { originatorId: originatorId.toString() }),
    ...(clusterList && { clusterList: clusterList.map(String) }),
    stale: row.stale,
  }
}

function toRows(cursor: RouteCursor, peerName: PeerName, keep: (row: RibRow) => boolean): RowCursor {
  return {
    next: count => cursor.next(count).flatMap(row => (keep(row) ? [routeRow(row, peerName)] : [])),
    get done() {
      return cursor.done
    },
  }
}

function chain(cursors: readonly RowCursor[]): RowCursor {
  let at = 0
  return {
    next(count) {
      const cursor = cursors[at]
      if (cursor === undefined) return []
      const rows = cursor.next(count)
      if (cursor.done) at++
      return rows
    },
    get done() {
      return at >= cursors.length
    },
  }
}
