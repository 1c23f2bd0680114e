/**
 * Writes the rows of a cursor as NDJSON, one slice per turn of the event loop and never faster than the reader reads:
 * a listing of a million routes must not keep a keepalive waiting, nor fill the memory.
 */
import type { Writable } from 'node:stream'
import type { RowCursor } from './source.ts'

/** Rows per turn: about a millisecond of work. */
const SLICE = 256

/**
 * Ends the stream when the cursor is done. When the reader goes away it stops; when the cursor throws, the stream is
 * destroyed, so that the reader sees a broken answer rather than a short one, and `report` gets what was thrown.
 */
export function streamRows(cursor: RowCursor, target: Writable, report: (bug: unknown) => void): void {
  const turn = (): void => {
    if (target.destroyed) return
    try {
      const text = cursor.next(SLICE).map(line).join('')
      const ready = text === '' || target.write(text)
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
