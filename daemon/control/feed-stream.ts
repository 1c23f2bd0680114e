/** Writes what comes into a feed as NDJSON, never faster than the reader reads and a slice per turn of the event loop. Ends with the reader. */
import type { Writable } from 'node:stream'
import type { EventFeed } from './event-feed.ts'

/** Events per turn: about a millisecond of work. */
const SLICE = 32

/** @param report gets a bug of ours; the stream is broken off then */
export function streamFeed(feed: EventFeed, target: Writable, report: (bug: unknown) => void): void {
  let busy = false
  const turn = (): void => {
    busy = false
    if (target.destroyed) return
    try {
      const text = feed
        .take(SLICE)
        .map(event => `${JSON.stringify(event)}\n`)
        .join('')
      busy = true
      if (text !== '' && !target.write(text)) target.once('drain', turn)
      else if (feed.isEmpty) busy = false
      else setImmediate(turn)
    } catch (thrown) {
      report(thrown)
      target.destroy()
    }
  }
  feed.onReady = () => {
    if (busy) return
    busy = true
    setImmediate(turn)
  }
  target.once('close', () => feed.close())
  feed.onReady()
}
