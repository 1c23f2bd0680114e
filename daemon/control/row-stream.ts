/**
 * Writes what a cursor gives, rows as NDJSON or octets as they are, one slice per turn of the event loop and never faster than the
 * reader reads: a listing of a million routes must not keep a keepalive waiting, nor fill the memory.
 */
import type { Writable } from 'node:stream'
import type { OctetCursor, RowCursor } from './source.ts'

/** Rows per turn: about a millisecond of work. */
const SLICE = 256

/** A cursor ends the stream when it is done, as `streamOctets`. */
export function streamRows(cursor: RowCursor, target: Writable, report: (bug: unknown) => void): void {
  const next = () => Buffer.from(cursor.next(SLICE).map(line).join(''))
  const octets = {
    next,
    get done() {
      return cursor.done
    },
  }
  streamOctets(octets, target, report)
}

/**
 * Ends the stream when the cursor is done. When the reader goes away it stops; when the cursor throws, the stream is
 * destroyed, so that the reader sees a broken answer rather than a short one, and `report` gets what was thrown.
 */
export function streamOctets(cursor: OctetCursor, target: Writable, report: (bug: unknown) => void): void {
  const turn = (): void => {
    if (target.destroyed) return
    try {
      const octets = cursor.next()
      const ready = octets.length === 0 || target.write(octets)
      if (cursor.done) target.end()
      else if (ready) setImmediate(turn)
      else target.once('drain', turn)
    } catch (thrown) {
      report(thrown)
      target.destroy()
    }
  }
  turn()
}

function line(row: object): string {
  return `${JSON.stringify(row)}\n`
}
