/**
 * A rehearsal for the compiler. V8 makes a function fast once it has run for a while and it has seen what it is given, so that a
 * speaker that has just started takes the first hundred thousand prefixes at half its speed, and just then a full table comes. A
 * process that starts plays a short game with a speaker of its own beforehand, a piece per turn of the event loop: one peer
 * announces made-up routes of both families, changes and withdraws them, another one is told.
 */
import { type Address, type Family, parseAddress } from '../lib/base/ip.ts'
import { ACCEPT } from './rib/policy.ts'
import { Speaker } from './speaker.ts'
import type { SpeakerPeer } from './speaker-config.ts'
import type { Channel, Clock, Transport } from './transport.ts'
import { encodeAttributes } from './wire/attribute-list.ts'
import { afiOf, safi } from './wire/iana.ts'
import { encodeMessage } from './wire/message.ts'
import type { NlriForm } from './wire/nlri.ts'
import { UpdateWriter } from './wire/update-writer.ts'

/** What is announced in a round: so many sets of attributes, each with so many prefixes. About what it takes to be compiled. */
const SETS = 2048
const PREFIXES = 6
const ROUNDS = 2
/** Sets that are made up and read in one turn: a millisecond or two at first. */
const PIECE = 64

const US = { asNumber: 65000, address: parseAddress('192.0.2.3') }
const SPEAKER = { asNumber: 65001, address: parseAddress('192.0.2.1') }
const LISTENER = { asNumber: 65002, address: parseAddress('192.0.2.2') }
const NEXT_HOP = { 4: SPEAKER.address, 6: parseAddress('2001:db8::1') }

type Player = typeof US

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
  const speaker = new Speaker(
    { asNumber: US.asNumber, routerId: US.address.uint32, clusterId: US.address.uint32, maxPaths: 1, kernel: false },
    { transport: stage, clock, observer: silence },
  )
  speaker.configure({ listen: { addresses: [US.address], port: 179 }, peers: [SPEAKER, LISTENER].map(peerOf) })
  speaker.originate([])
  const [talker, listener] = [stage.enter(SPEAKER), stage.enter(LISTENER)]
  for (const octets of acts()) {
    talker.onData(octets)
    do yield
    while (speaker.busy)
  }
  speaker.configure({ listen: undefined, peers: [] })
  return listener.octets
}

const silence = {
  stateChanged: () => {},
  notice: () => {},
  kernelChanged: () => {},
  nextHopsChanged: () => {},
  endOfRib: () => {},
  restarted: () => {},
}

function peerOf({ asNumber, address }: Player): SpeakerPeer {
  return {
    name: String(address),
    address,
    port: 179,
    localAs: US.asNumber,
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

  attachment(): ReturnType<Transport['attachment']> {
    return { self: { 4: US.address, 6: parseAddress('2001:db8::3') }, subnets: [] }
  }

  /** A player connects and says what it takes to have a session. */
  enter({ asNumber, address }: Player): PatientChannel {
    const channel = new PatientChannel(address)
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
class PatientChannel implements Channel {
  onConnect = (): void => {}
  onData = (_chunk: Uint8Array): void => {}
  onDrain = (): void => {}
  onClosed = (_reason: string): void => {}
  readonly local = US.address
  readonly remote: Address
  readonly interface = undefined
  readonly bufferedBytes = 0
  /** That were written. */
  octets = 0

  constructor(remote: Address) {
    this.remote = remote
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
  for (let round = 0; round < ROUNDS; round++) {
    for (const med of [0, 1, undefined])
      for (let set = 0; set < SETS; set++) {
        if (med === undefined) withdraw(writer, set)
        else announce(writer, set, med)
        if (set % PIECE === PIECE - 1) yield writer.take()
      }
  }
}

function announce(writer: UpdateWriter, set: number, med: number): void {
  const family = familyOf(set)
  const asPath = [SPEAKER.asNumber, 64_512 + (set & 255), 100_000 + set].slice(0, 2 + (set % 3 === 0 ? 1 : 0))
  const communities = set % 5 === 0 ? [US.asNumber * 65_536 + set] : undefined
  const attributes = encodeAttributes({ origin: 'igp', asPath, med, ...(communities && { communities }) })
  writer.announce(attributes, 0, attributes.length, NEXT_HOP[family].bytes, formOf(family))
  addPrefixes(writer, family, set)
  writer.finish()
}

function withdraw(writer: UpdateWriter, set: number): void {
  const family = familyOf(set)
  writer.withdraw(formOf(family))
  addPrefixes(writer, family, set)
  writer.finish()
}

function familyOf(set: number): Family {
  return set % 2 === 0 ? 4 : 6
}

function formOf(family: Family): NlriForm {
  return { family, fourOctetAs: true, addPath: false, extendedNextHop: false, maxLength: 4096 }
}

const octets = new Uint8Array(16)

/** Neighbouring /24 or /48. */
function addPrefixes(writer: UpdateWriter, family: Family, set: number): void {
  for (let number = set * PREFIXES; number < (set + 1) * PREFIXES; number++) {
    octets.set(family === 4 ? [10, number >>> 8, number] : [0x20, 0x01, 0x0d, 0xb8, number >>> 8, number])
    writer.add(octets, 0, family === 4 ? 24 : 48)
  }
}
