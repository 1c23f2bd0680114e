/**
 * One monitoring station (RFC 7854): dialled, told who is up and what they have announced, before policy, and then each message as it
 * comes. A station that falls behind loses its connection and hears everything anew, so that what it has is late but never short;
 * the speaker waits for none. Time and TCP come in with the world.
 */
import { backoff } from '../../lib/base/backoff.ts'
import { Address, type Family } from '../../lib/base/ip.ts'
import type { MessageTap, PassingPeer } from '../passage.ts'
import type { PeerView } from '../peer-view.ts'
import type { RouteCursor } from '../rib/view.ts'
import type { State } from '../session/state.ts'
import type { Speaker } from '../speaker.ts'
import type { Channel, Clock, Transport } from '../transport.ts'
import { afiOf, headerLength, messageType, safi } from '../wire/iana.ts'
import { UpdateWriter } from '../wire/update-writer.ts'
import {
  type BmpPeer,
  type BmpPeerDown,
  encodeInitiation,
  encodePeerDown,
  encodePeerUp,
  encodeRouteMonitoring,
  encodeStatistics,
  encodeTermination,
} from './message.ts'

export interface StationConfig {
  readonly name: string
  readonly address: Address
  readonly port: number
}

export type BmpSpeaker = Pick<Speaker, 'peers' | 'peer' | 'routes' | 'taps'>

export interface StationWorld {
  readonly transport: Pick<Transport, 'dial'>
  readonly clock: Clock
  /** Milliseconds since the epoch, of a moment on the clock. */
  readonly timeOfDay: (moment: number) => number
  /** Who we are: sysName and sysDescr. */
  readonly system: { readonly name: string; readonly description: string }
  /** In words, for the log. */
  readonly notice: (text: string) => void
}

/** Octets that may wait for a station; beyond them it is told everything anew. */
const MOST_WAITING = 8 << 20
/** Octets that wait while the tables are told: no more than keeps the connection busy. */
const LITTLE_WAITING = 256 << 10
/** Routes of a table in one turn: about a millisecond. */
const SLICE = 128
/** Milliseconds. */
const STATISTICS = 60_000
const RETRY = { first: 1000, most: 60_000 }
/** RFC 4271 §8.1.2: ManualStop. */
const MANUAL_STOP = 2

interface Table {
  readonly name: string
  readonly family: Family
  readonly cursor: RouteCursor
}

export class Station {
  readonly config: StationConfig
  readonly #world: StationWorld
  #speaker: BmpSpeaker | undefined
  #channel: Channel | undefined
  #isUp = false
  #failures = 0
  #closed = false
  #cancelRetry = () => {}
  #cancelStatistics = () => {}
  /** Names of peers that the station knows to be up, with what it was told of them. */
  readonly #up = new Map<string, Omit<BmpPeer, 'at'>>()
  /** NOTIFICATIONs of sessions that are about to end. */
  readonly #last = new Map<string, BmpPeerDown>()
  /** What has still to be told of the tables; whether its next slice has a turn already. */
  #tables: Table[] = []
  #isTelling = false
  readonly #writer = new UpdateWriter()

  constructor(config: StationConfig, world: StationWorld) {
    this.config = config
    this.#world = world
    this.#dial()
  }

  /** Tells of this speaker from now on. */
  follow(speaker: BmpSpeaker): void {
    this.#speaker?.taps.delete(this.#pass)
    for (const name of [...this.#up.keys()]) this.#down(name, { reason: 'deconfigured' })
    this.#speaker = speaker
    speaker.taps.add(this.#pass)
    if (this.#isUp) this.#tellAll()
  }

  sessionChanged(name: string, from: State, to: State): void {
    if (to === 'Established') this.#peerUp(name)
    else if (from === 'Established') {
      this.#down(name, this.#last.get(name) ?? { reason: 'remote' })
      this.#last.delete(name)
    }
  }

  close(): void {
    this.#closed = true
    this.#cancelRetry()
    this.#cancelStatistics()
    this.#speaker?.taps.delete(this.#pass)
    if (this.#isUp) {
      for (const name of [...this.#up.keys()]) this.#down(name, { reason: 'local', event: MANUAL_STOP })
      this.#send(encodeTermination(0))
    }
    this.#channel?.close()
  }

  #dial(): void {
    const { transport } = this.#world
    const { address, port } = this.config
    const channel = transport.dial({ address, port })
    this.#channel = channel
    channel.onConnect = () => this.#begin()
    channel.onDrain = () => this.#goOn()
    channel.onClosed = reason => this.#ended(channel, reason)
  }

  #begin(): void {
    const { clock, system, notice } = this.#world
    this.#isUp = true
    notice('connected')
    this.#send(encodeInitiation(system.description, system.name))
    this.#tellAll()
    const due = () => {
      this.#cancelStatistics = clock.wake(clock.now() + STATISTICS, () => {
        this.#tellStatistics()
        due()
      })
    }
    due()
  }

  #ended(channel: Channel, reason: string): void {
    if (channel !== this.#channel || this.#closed) return
    if (this.#isUp || this.#failures === 0) this.#world.notice(`no connection: ${reason}`)
    this.#retry()
  }

  /** Forgets what the station knows: it will hear everything anew. */
  #retry(): void {
    const { clock } = this.#world
    this.#failures = this.#isUp ? 1 : this.#failures + 1
    this.#cancelRetry = clock.wake(clock.now() + backoff(RETRY, this.#failures, clock.random()), () => this.#dial())
    this.#channel = undefined
    this.#isUp = false
    this.#cancelStatistics()
    this.#up.clear()
    this.#last.clear()
    this.#tables = []
  }

  #send(octets: Uint8Array): void {
    const channel = this.#channel
    if (channel === undefined || !this.#isUp) return
    channel.write([octets])
    if (channel.bufferedBytes <= MOST_WAITING) return
    this.#world.notice('too slow: it is told everything anew')
    this.#retry()
    channel.destroy()
  }

  #tellAll(): void {
    for (const { config, session } of this.#speaker?.peers() ?? [])
      if (session.state === 'Established') this.#peerUp(config.name)
  }

  #peerUp(name: string): void {
    const view = this.#view(name)
    const passing = this.#speaker?.peer(name)
    if (!this.#isUp || this.#up.has(name) || view?.session.negotiated === undefined || passing === undefined) return
    const { sent, received } = passing.opens
    if (sent === undefined || received === undefined) return
    const { remoteAs, remoteRouterId, fourOctetAs } = view.session.negotiated
    const { address, port } = view.config
    this.#up.set(name, { address, asNumber: remoteAs, routerId: remoteRouterId, fourOctetAs })
    const localAddress = view.localAddress ?? new Address(new Uint8Array(address.bytes.length))
    const session = { localAddress, localPort: 0, remotePort: port, sent, received }
    this.#send(encodePeerUp(this.#stamped(name, this.#now), session))
    const { families } = view.session.negotiated
    for (const family of families) {
      const cursor = this.#speaker!.routes({ family, table: 'received', peer: view.number })
      this.#tables.push({ name, family, cursor })
    }
    this.#goOn()
  }

  #down(name: string, down: BmpPeerDown): void {
    if (!this.#up.has(name)) return
    this.#send(encodePeerDown(this.#stamped(name, this.#now), down))
    this.#up.delete(name)
    this.#tables = this.#tables.filter(table => table.name !== name)
  }

  get #now(): number {
    return this.#world.clock.now()
  }

  #view(name: string): PeerView | undefined {
    return this.#speaker?.peers().find(({ config }) => config.name === name)
  }

  #stamped(name: string, moment: number): BmpPeer {
    return { ...this.#up.get(name)!, at: this.#world.timeOfDay(moment) }
  }

  readonly #pass: MessageTap = (passing: PassingPeer, passage, now, bytes, start, end) => {
    const { name } = passing.config
    if (!this.#up.has(name)) return
    const type = bytes[start + headerLength - 1]
    if (type === messageType.update && passage.direction === 'received')
      this.#send(encodeRouteMonitoring(this.#stamped(name, now), bytes.slice(start, end)))
    else if (type === messageType.notification) {
      const reason = passage.direction === 'sent' ? 'localNotification' : 'remoteNotification'
      this.#last.set(name, { reason, notification: bytes.slice(start, end) })
    }
  }

  /** A slice of the tables, and the next one in a turn of its own. What comes live meanwhile is told at once: the table has it, too. */
  #goOn(): void {
    const [table] = this.#tables
    if (table === undefined || this.#isTelling || (this.#channel?.bufferedBytes ?? 0) > LITTLE_WAITING) return
    const { name, family, cursor } = table
    const { negotiated } = this.#view(name)?.session ?? {}
    if (negotiated === undefined) return
    const peer = this.#stamped(name, this.#now)
    const writer = this.#writer
    for (const { prefix, nextHop, attributes, pathId } of cursor.next(SLICE)) {
      if (nextHop === undefined || !this.#up.has(name)) continue
      const extendedNextHop = family === 4 && nextHop.family === 6
      const addPath = negotiated.addPath.receive.includes(family)
      const form = { family, fourOctetAs: peer.fourOctetAs, addPath, extendedNextHop, maxLength: 65535 } as const
      if (!writer.announce(attributes, 0, attributes.length, nextHop.bytes, form)) continue
      writer.add(prefix.bytes, 0, prefix.length, pathId)
      writer.finish()
      this.#send(encodeRouteMonitoring(peer, writer.take()))
    }
    if (cursor.done && this.#tables[0] === table) {
      writer.endOfRib(family)
      this.#send(encodeRouteMonitoring(peer, writer.take()))
      this.#tables.shift()
    }
    this.#isTelling = true
    this.#world.clock.yield(() => {
      this.#isTelling = false
      this.#goOn()
    })
  }

  #tellStatistics(): void {
    for (const { config, families } of this.#speaker?.peers() ?? []) {
      if (!this.#up.has(config.name)) continue
      const counted = families.map(({ family, received }) => ({
        afi: afiOf(family),
        safi: safi.unicast,
        adjRibIn: received,
      }))
      const adjRibIn = counted.reduce((sum, row) => sum + row.adjRibIn, 0)
      this.#send(encodeStatistics(this.#stamped(config.name, this.#now), { adjRibIn, families: counted }))
    }
  }
}
