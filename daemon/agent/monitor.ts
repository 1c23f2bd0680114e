/**
 * What happens, for those who listen to it over the control API. While nobody asks for messages the speaker tells none; what
 * somebody asked for costs the speaker a copy of some octets, and is read when it is written.
 */
import { type Clock, digestTypeOf, type MessageTap, type Speaker } from '../../bgp/index.ts'
import type { Family } from '../../lib/base/ip.ts'
import type { SessionState } from '../control/document.ts'
import { EventFeed } from '../control/event-feed.ts'
import type { MonitorEvent, MonitorType } from '../control/message-document.ts'
import type { Listening } from '../control/source.ts'
import { familyName } from './family-name.ts'
import { passedMessage, passingSession } from './message-status.ts'
import type { Timestamp } from './peer-status.ts'

/** Octets of a message that is only looked at. */
const FIRST_OCTETS = 1024

/** Octets that an event costs while it waits, beside those of a message. */
const EVENT_OCTETS = 200

type Followed = Pick<Speaker, 'peer' | 'taps'>

export class Monitor {
  readonly #clock: Pick<Clock, 'now'>
  readonly #listeners = new Map<EventFeed, Listening>()
  #speaker: Followed | undefined

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** The messages are this speaker's from now on. */
  follow(speaker: Followed): void {
    this.#speaker?.taps.delete(this.#pass)
    this.#speaker = speaker
    this.#tap()
  }

  listen(listening: Listening): EventFeed {
    const feed: EventFeed = new EventFeed(
      () => this.#timestamp(this.#clock.now()),
      () => {
        this.#listeners.delete(feed)
        this.#tap()
      },
    )
    this.#listeners.set(feed, listening)
    this.#tap()
    return feed
  }

  session(peer: string, from: SessionState, to: SessionState, reason: string): void {
    const passing = this.#speaker?.peer(peer)
    if (passing === undefined) return
    const session = passingSession(passing)
    this.#tell('session', peer, at => ({ event: 'session', at, peer, from, to, reason, session }))
  }

  notice(peer: string | undefined, code: string, text: string): void {
    this.#tell('notice', peer, at => ({ event: 'notice', at, ...(peer !== undefined && { peer }), code, text }))
  }

  endOfRib(peer: string, family: Family): void {
    this.#tell('endOfRib', peer, at => ({ event: 'endOfRib', at, peer, family: familyName(family) }))
  }

  bfd(peer: string, state: 'Up' | 'Down', reason: string): void {
    this.#tell('bfd', peer, at => ({ event: 'bfd', at, peer, state, reason }))
  }

  #tell(type: MonitorType, peer: string | undefined, event: (at: string) => MonitorEvent): void {
    if (this.#listeners.size === 0) return
    const told = event(this.#timestamp(this.#clock.now()))
    for (const [feed, listening] of this.#listeners)
      if (hears(listening, type, peer)) feed.offer(EVENT_OCTETS, () => () => told)
  }

  #tap(): void {
    if (this.#speaker === undefined) return
    const asked = [...this.#listeners.values()].some(({ types }) => [...types].some(isMessage))
    if (asked) this.#speaker.taps.add(this.#pass)
    else this.#speaker.taps.delete(this.#pass)
  }

  readonly #pass: MessageTap = (passing, passage, now, bytes, start, end) => {
    const type = digestTypeOf(bytes[start + TYPE_AT]!)
    const peer = passing.config.name
    const length = end - start
    for (const [feed, listening] of this.#listeners) {
      if (type === undefined || !hears(listening, type, peer)) continue
      const all = listening.octets === 'all'
      const kept = all ? length : Math.min(length, FIRST_OCTETS)
      feed.offer(EVENT_OCTETS + kept, () => {
        const octets = bytes.slice(start, start + kept)
        const session = all && { session: passingSession(passing, passage) }
        return () => ({
          event: 'message',
          at: this.#timestamp(now),
          peer,
          ...session,
          ...passedMessage(passage, length, octets),
        })
      })
    }
  }

  readonly #timestamp: Timestamp = moment => new Date(Date.now() - this.#clock.now() + moment).toISOString()
}

/** Where the type code of a message is. */
const TYPE_AT = 18

/** What concerns no peer concerns those who hear of all. */
function hears({ peer, types }: Listening, type: MonitorType, of: string | undefined): boolean {
  return types.has(type) && (peer === undefined || peer === of)
}

function isMessage(type: MonitorType): boolean {
  return type !== 'session' && type !== 'notice' && type !== 'endOfRib' && type !== 'bfd'
}
