/**
 * A rehearsal for the compiler. V8 makes a function fast once it has run for a while and it has seen what it is given, so that a
 * speaker that has just started takes the first hundred thousand prefixes at half its speed, and just then a full table comes. A
 * process that starts plays a short game with a speaker of its own beforehand, a piece per turn of the event loop: one peer
 * announces made-up routes of both families, changes and withdraws them, another one is told.
 *
 * The speaker then stays, its sessions open and its tables empty: V8 throws away what it made for a class at the first collection
 * that finds no object of it, and before the first peer comes there is no other session.
 */
import { type Address, type Family, parseAddress } from '../lib/base/ip.ts'
import { Prefix } from '../lib/base/prefix.ts'
import { ACCEPT } from './rib/policy.ts'
import { Speaker, silence } from './speaker.ts'
import type { SpeakerPeer } from './speaker-config.ts'
import { type Channel, ChannelEvents, type Clock, type Transport } from './transport.ts'
import { encodeAttributes } from './wire/attribute-list.ts'
import { afiOf, safi } from './wire/iana.ts'
import { encodeMessage } from './wire/message.ts'
import type { NlriForm } from './wire/nlri.ts'
import { UpdateWriter } from './wire/update-writer.ts'

/** What is announced in a round: so many sets of attributes, each with so many prefixes. About what it takes to be compiled. */
const SETS = 2048
const PREFIXES = 6
/** Sets that are announced in one turn, by round: a millisecond or two at first, later all that comes with full chunks. */
const ANNOUNCED = [64, 1024, 1024, 1024, 1024, 1024]
/** Sets that are withdrawn in one message, and in one turn: more than a message to the listener holds. */
const WITHDRAWN = 8
const WITHDRAWAL = 1024
/**
 * Of so many sets one stays, so that what is announced next finds ids that were used before. But at first all go: fields that
 * are set anew only when a table has become empty would count as constant till then, and all code made so far be thrown away.
 */
const STAYING = 7

/** AS numbers of a path that takes more room than attributes mostly do. */
const LONG_PATH = 150

const US = 65000
/** Each is on a network of its own, so that they are not told the same. */
const SPEAKER = { asNumber: 65001, address: parseAddress('192.0.2.1'), ours: parseAddress('192.0.2.3') }
const LISTENER = { asNumber: 65002, address: parseAddress('198.51.100.2'), ours: parseAddress('198.51.100.3') }
const NEXT_HOP = { 4: SPEAKER.address, 6: parseAddress('2001:db8::1') }

type Player = typeof SPEAKER

/** The speakers that stay. */
const ensemble: Speaker[] = []

/** Resolves when it is over, some tenths of a second of CPU time later, with the number of octets that the listener was told. */
export function rehearse(clock: Clock): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const play = scenes(clock)
  const go = () => {
    try {
      const { done, value } = play.next()
      if (done) resolve(value)
      else clock.yield(go)
    } catch (thrown) {
      reject(thrown)
    }
  }
  clock.yield(go)
  return promise
}

function* scenes(clock: Clock): Generator<void, number, void> {
  const stage = new Stage()
  // no time passes, so that nothing of it comes later
  const timeless = { ...clock, wake: () => () => {} }
  const speaker = new Speaker(
    { asNumber: US, routerId: 1, clusterId: 1, maxPaths: 1, kernel: false, seed: 1 },
    { transport: stage, clock: timeless, observer: silence },
  )
  ensemble.push(speaker)
  speaker.configure({
    listen: { addresses: [SPEAKER.ours, LISTENER.ours], port: 179 },
    peers: [SPEAKER, LISTENER].map(peerOf),
  })
  speaker.originate([])
  const [talker, listener] = [stage.enter(SPEAKER), stage.enter(LISTENER)]
  for (const chunk of acts()) {
    // TCP cuts where it likes
    talker.onData(chunk.subarray(0, chunk.length / 2))
    talker.onData(chunk.subarray(chunk.length / 2))
    do yield
    while (speaker.busy)
  }
  return listener.octets
}

function peerOf({ asNumber, address }: Player): SpeakerPeer {
  return {
    name: String(address),
    address,
    port: 179,
    localAs: US,
    remoteAs: asNumber,
    holdTime: 0,
    connectRetryTime: 60,
    sendHoldTime: 0,
    passive: true,
    families: [4, 6],
    gracefulRestart: { enabled: false, restartTime: 0 },
    nextHop: 'auto',
    routeReflectorClient: false,
    importPolicy: ACCEPT,
    exportPolicy: ACCEPT,
  }
}

/** Where the players stand: a transport that reaches nobody else. */
class Stage implements Transport {
  #accept = (_channel: Channel): void => {}

  dial(): Channel {
    throw new RangeError('nobody is dialled in a rehearsal')
  }

  listen(_options: unknown, accept: (channel: Channel) => void): { secure(): void; close(): void } {
    this.#accept = accept
    return { secure: () => {}, close: () => {} }
  }

  attachment(local: Address): ReturnType<Transport['attachment']> {
    return { self: { 4: local, 6: parseAddress('2001:db8::3') }, subnets: [new Prefix(local.bytes, 24)] }
  }

  /** A player connects and says what it takes to have a session. */
  enter(player: Player): PatientChannel {
    const { asNumber, address } = player
    const channel = new PatientChannel(player)
    this.#accept(channel)
    channel.onData(
      encodeMessage({
        type: 'open',
        asNumber,
        holdTime: 0,
        routerId: address.uint32,
        capabilities: [
          ...([4, 6] as const).map(family => ({
            type: 'multiprotocol' as const,
            afi: afiOf(family),
            safi: safi.unicast,
          })),
          { type: 'fourOctetAs', asNumber },
        ],
      }),
    )
    channel.onData(encodeMessage({ type: 'keepalive' }))
    return channel
  }
}

/** A peer that takes whatever it is sent. */
class PatientChannel extends ChannelEvents implements Channel {
  readonly local: Address
  readonly remote: Address
  readonly interface = undefined
  readonly bufferedBytes = 0
  /** That were written. */
  octets = 0

  constructor({ address, ours }: Player) {
    super()
    this.remote = address
    this.local = ours
  }

  write(chunks: readonly Uint8Array[]): boolean {
    for (const chunk of chunks) this.octets += chunk.length
    return true
  }

  close(): void {}

  destroy(): void {}
}

/** What the peer says, in pieces. */
function* acts(): Generator<Uint8Array, void, void> {
  const writer = new UpdateWriter()
  for (const [round, piece] of ANNOUNCED.entries()) {
    for (const med of [0, 1])
      for (let set = 0; set < SETS; set++) {
        announce(writer, set, med)
        if (set % piece === piece - 1) yield writer.take()
      }
    for (let set = 0; set < SETS; set += WITHDRAWN) {
      for (const family of [4, 6] as const) withdraw(writer, family, set, round > 0)
      if ((set + WITHDRAWN) % WITHDRAWAL === 0) yield writer.take()
    }
  }
  for (let set = 0; set < SETS; set += WITHDRAWN)
    for (const family of [4, 6] as const) withdraw(writer, family, set, false)
  yield writer.take()
}

function announce(writer: UpdateWriter, set: number, med: number): void {
  const family = familyOf(set)
  // what follows one another may be of one length, and now and then a set is longer than all before
  const shape = set >> 2
  const hops = shape % 128 === 127 ? LONG_PATH : 1 + (shape % 8)
  const attributes = encodeAttributes({
    origin: shape % 5 === 0 ? 'incomplete' : 'igp',
    asPath: [SPEAKER.asNumber, ...some(hops, 64_512 + set), 100_000 + set],
    ...(shape % 4 !== 3 && { med }),
    ...(shape % 3 !== 0 && { communities: some(1 + (shape % 6), US * 65_536 + set) }),
    ...(shape % 20 === 19 && { atomicAggregate: true, aggregator: SPEAKER }),
    ...(shape % 10 === 9 && { largeCommunities: [`${US}:1:${set}`] }),
  })
  writer.announce(attributes, 0, attributes.length, NEXT_HOP[family].bytes, formOf(family))
  addPrefixes(writer, family, set)
  writer.finish()
}

/** So many numbers. */
function some(count: number, first: number): number[] {
  return Array.from({ length: count }, (_, at) => first + at)
}

function withdraw(writer: UpdateWriter, family: Family, first: number, someStay: boolean): void {
  writer.withdraw(formOf(family))
  for (let set = first; set < first + WITHDRAWN; set++)
    if (familyOf(set) === family && !(someStay && set % STAYING === 0)) addPrefixes(writer, family, set)
  writer.finish()
}

function familyOf(set: number): Family {
  return set % 2 === 0 ? 4 : 6
}

function formOf(family: Family): NlriForm {
  return { family, fourOctetAs: true, addPath: false, extendedNextHop: false, maxLength: 4096 }
}

const octets = new Uint8Array(16)

/** Neighbours: /24 or /48, of some sets /22 or /32. */
function addPrefixes(writer: UpdateWriter, family: Family, set: number): void {
  const isShort = set % 4 > 1
  for (let number = set * PREFIXES; number < (set + 1) * PREFIXES; number++) {
    const [high, low] = [number >>> 8, number]
    if (family === 4) octets.set(isShort ? [11, number >>> 6, number << 2] : [10, high, low])
    else octets.set(isShort ? [0x24, 0, high, low] : [0x20, 0x01, 0x0d, 0xb8, high, low])
    writer.add(octets, 0, family === 4 ? (isShort ? 22 : 24) : isShort ? 32 : 48)
  }
}
