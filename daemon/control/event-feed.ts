/**
 * What one listener has still to read: a queue that never grows beyond its bound. What comes when it is full is counted, and
 * the listener is told how much it has missed where it missed it. Whoever offers never waits.
 */
import type { MonitorEvent } from './message-document.ts'

/** Events, and octets of messages, that may wait. */
const MOST_EVENTS = 10_000
const MOST_OCTETS = 4 << 20

interface Waiting {
  readonly octets: number
  /** Called when it is read: what nobody reads is not made. */
  readonly make: () => MonitorEvent
}

export class EventFeed {
  /** There is something to take; called in the turn in which it came. */
  onReady = (): void => {}
  readonly #onClose: () => void
  readonly #timestamp: () => string
  readonly #waiting: Waiting[] = []
  #octets = 0
  #lost = 0

  /** @param timestamp now, for what was lost */
  constructor(timestamp: () => string, onClose: () => void) {
    this.#timestamp = timestamp
    this.#onClose = onClose
  }

  /**
   * @param octets that waiting costs
   * @param prepare called at once, where there is room: what it returns is called when the event is read
   */
  offer(octets: number, prepare: () => () => MonitorEvent): void {
    if (this.#waiting.length >= MOST_EVENTS || this.#octets + octets > MOST_OCTETS) {
      this.#lost++
      return
    }
    if (this.#lost > 0) this.#waiting.push({ octets: 0, make: this.#loss() })
    this.#waiting.push({ octets, make: prepare() })
    this.#octets += octets
    this.onReady()
  }

  /** At most `count` events. */
  take(count: number): MonitorEvent[] {
    const taken = this.#waiting.splice(0, count)
    for (const { octets } of taken) this.#octets -= octets
    const events = taken.map(({ make }) => make())
    if (taken.length < count && this.#lost > 0) events.push(this.#loss()())
    return events
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#lost === 0
  }

  /** Nothing is offered from now on. */
  close(): void {
    this.#onClose()
  }

  #loss(): () => MonitorEvent {
    const [at, count] = [this.#timestamp(), this.#lost]
    this.#lost = 0
    return () => ({ event: 'lost', at, count })
  }
}
