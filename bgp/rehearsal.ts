/**
 * A rehearsal for the compiler. V8 makes a function fast once it has run for a while and it has seen what it is given, so that a
 * speaker that has just started takes the first hundred thousand prefixes at half its speed, and just then a full table comes. A
 * process that starts plays some made-up routes through a RIB of its own beforehand, a piece per turn of the event loop:
 * octets in, selection, octets out, both families, announced, changed and withdrawn.
 */
import { type Family, parseAddress } from '../lib/base/ip.ts'
import { ACCEPT } from './rib/policy.ts'
import { Rib } from './rib/rib.ts'
import type { Clock } from './transport.ts'
import { encodeAttributes } from './wire/attribute-list.ts'
import { Framer } from './wire/framer.ts'
import type { NlriForm } from './wire/nlri.ts'
import { UpdateReader } from './wire/update-reader.ts'
import { UpdateWriter } from './wire/update-writer.ts'

/** What is announced in a round: so many sets of attributes, each with so many prefixes. About what it takes to be compiled. */
const SETS = 2048
const PREFIXES = 6
const ROUNDS = 2
/** Sets that are made up, read, decided and sent in one turn: a millisecond or two at first. */
const PIECE = 64

const US = 65000
const SPEAKER = { asNumber: 65001, address: parseAddress('192.0.2.1') }
const LISTENER = { asNumber: 65002, address: parseAddress('192.0.2.2') }
const SELF = { 4: parseAddress('192.0.2.3'), 6: parseAddress('2001:db8::3') }
const NEXT_HOP = { 4: SPEAKER.address, 6: parseAddress('2001:db8::1') }

/** Resolves when it is over: some tenths of a second of CPU time later. */
export function rehearse({ yield: giveWay }: Pick<Clock, 'yield'>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const play = scenes()
  const go = () => {
    try {
      if (play.next().done) resolve()
      else giveWay(go)
    } catch (thrown) {
      reject(thrown)
    }
  }
  giveWay(go)
  return promise
}

function* scenes(): Generator<void, void, void> {
  const rib = new Rib({ asNumber: US, routerId: 1, clusterId: 1 }, { maxPaths: 1, kernel: false }, sink)
  const [speaker] = [SPEAKER, LISTENER].map(peer => join(rib, peer))
  const framer = new Framer()
  const reader = new UpdateReader({
    fourOctetAs: true,
    internal: false,
    families: [4, 6],
    localAs: US,
    peerAs: SPEAKER.asNumber,
    addPath: [],
    extendedNextHop: false,
    discardUnknown: false,
    routeServer: false,
  })
  for (const octets of acts()) {
    framer.push(octets)
    while (framer.next()) {
      reader.read(framer.buffer, framer.start, framer.end)
      rib.learn(speaker!, reader, framer.buffer)
    }
    while (rib.busy) {
      rib.decide(PIECE * PREFIXES)
      rib.export(PIECE * PREFIXES)
    }
    yield
  }
}

const sink = { send: () => true, endOfRibSent: () => {}, refreshed: () => {}, limitReached: () => {} }

function join(rib: Rib, { asNumber, address }: typeof SPEAKER): number {
  const number = rib.addPeer({
    name: String(address),
    address,
    internal: false,
    routeReflectorClient: false,
    nextHop: 'auto',
    importPolicy: ACCEPT,
    exportPolicy: ACCEPT,
  })
  rib.join(number, {
    localAs: US,
    remoteAs: asNumber,
    remoteRouterId: address.uint32,
    fourOctetAs: true,
    families: [4, 6],
    self: SELF,
    subnets: [],
  })
  return number
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
  const communities = set % 5 === 0 ? [US * 65_536 + set] : undefined
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
