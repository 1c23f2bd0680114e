/** All routes as received, as an MRT file: made while it is read, a slice at a time. A prefix of which the slice holds a part waits for the next. */
import type { PeerView, RouteRow, Speaker } from '../../bgp/index.ts'
import { encodeMrtRecord } from '../../bgp/mrt/record.ts'
import {
  type DumpEntry,
  type DumpPeer,
  dumpAttributes,
  encodeDumpIndex,
  encodeDumpPrefix,
  ownPeer,
} from '../../bgp/mrt/table-dump.ts'
import { Address } from '../../lib/base/ip.ts'
import type { OctetCursor } from '../control/source.ts'

/** Paths per slice: about a millisecond of work. */
const SLICE = 256

/** @param at ms since the epoch */
export function dumpTable(speaker: Speaker, at: number): OctetCursor {
  const peers = speaker.peers()
  const indexOf = new Map(peers.map(({ number }, index) => [number, index + 1]))
  const index = { routerId: speaker.identity.routerId, view: '', peers: [ownPeer, ...peers.map(dumpPeer)] }
  const cursors = ([4, 6] as const).map(family => speaker.routes({ family, table: 'all' }))
  let pieces = [encodeMrtRecord(encodeDumpIndex(index, at))]
  let sequence = 0
  /** Of one prefix, whose last row may not have come yet. */
  let held: RouteRow[] = []
  const flush = () => {
    for (const rows of [held.filter(hasId), held.filter(row => !hasId(row))]) {
      if (rows.length === 0) continue
      const entries = rows.map(row => dumpEntry(row, indexOf.get(row.peer) ?? 0, at))
      pieces.push(encodeMrtRecord(encodeDumpPrefix({ sequence: sequence++, prefix: rows[0]!.prefix, entries }, at)))
    }
    held = []
  }
  return {
    next() {
      const cursor = cursors[0]
      for (const row of cursor?.next(SLICE) ?? []) {
        if (held.length > 0 && !held[0]!.prefix.equals(row.prefix)) flush()
        held.push(row)
      }
      if (cursor?.done) cursors.shift()
      if (cursors.length === 0) flush()
      const octets = Buffer.concat(pieces)
      pieces = []
      return octets
    },
    get done() {
      return cursors.length === 0
    },
  }
}

function hasId({ pathId }: RouteRow): boolean {
  return pathId !== undefined
}

function dumpPeer({ config, session }: PeerView): DumpPeer {
  const { negotiated } = session
  return {
    routerId: negotiated?.remoteRouterId ?? 0,
    address: config.address,
    asNumber: negotiated?.remoteAs ?? config.remoteAs,
  }
}

/** How old a route is nobody keeps: it is as old as the dump. */
function dumpEntry({ prefix, pathId, nextHop, attributes }: RouteRow, peer: number, at: number): DumpEntry {
  const hop = nextHop ?? new Address(new Uint8Array(prefix.bytes.length))
  return {
    peer,
    originated: Math.floor(at / 1000),
    ...(pathId !== undefined && { pathId }),
    attributes: dumpAttributes(attributes, prefix.family, hop.bytes),
  }
}
