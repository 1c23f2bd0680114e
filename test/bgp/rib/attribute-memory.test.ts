/** What a session's reader remembers of attributes through the store: nothing of what it reads may be other than without. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AttributeStore } from '../../../bgp/rib/attribute-store.ts'
import { decodeAttributes, encodeAttributes } from '../../../bgp/wire/attribute-list.ts'
import { PeerFault } from '../../../bgp/wire/fault.ts'
import { headerLength, messageType } from '../../../bgp/wire/iana.ts'
import { noOctets } from '../../../bgp/wire/octets.ts'
import type { UpdateContext } from '../../../bgp/wire/update-context.ts'
import { UpdateReader } from '../../../bgp/wire/update-reader.ts'
import { UpdateWriter } from '../../../bgp/wire/update-writer.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { toHex, updateBody } from '../wire/hex.ts'
import { mutated, random } from '../wire/mutation.ts'
import { plainForm } from '../wire/plain-session.ts'
import { encoded, goodMessage } from '../wire/structure.ts'
import {
  asPath,
  external,
  type Fields,
  internal,
  mandatory,
  mpNextHop,
  mpReach,
  nextHop,
  origin,
  route,
  twoOctet,
} from '../wire/update-parts.ts'
import { identity, RibWorld } from './rib-world.ts'

/** A reader and the store that what it reads goes to, as the RIB does. */
class Listener {
  readonly store: AttributeStore
  readonly reader: UpdateReader
  /** Of the last message; 0: it announced nothing. */
  set = 0

  constructor(context: UpdateContext = external, store = new AttributeStore(identity, 1)) {
    this.store = store
    this.reader = new UpdateReader(context, store)
  }

  /** Returns whether the attributes were known. */
  hear(fields: Fields): boolean {
    const body = updateBody(fields)
    this.read(body, 0)
    return this.reader.known !== 0
  }

  read(buffer: Uint8Array, start: number): void {
    const { reader, store } = this
    reader.read(buffer, start, buffer.length)
    this.set = reader.known
    if (this.set !== 0) store.retain(this.set)
    else if (reader.attributesEnd > 0)
      this.set = store.intern(reader.attributes, 0, reader.attributesEnd, reader.memorable)
  }
}

const tail = '80 04 04 00000007'

test('attributes that were good are known when they come again, with another next hop and other routes', () => {
  const listener = new Listener()
  const { reader, store } = listener
  assert.equal(listener.hear(route(mandatory, tail)), false)
  const first = listener.set
  const other = mandatory.replace('c0000201', 'c0000202')
  assert.equal(listener.hear({ withdrawn: '08 0a', attributes: `${other} ${tail}`, nlri: '18 c63365' }), true)
  assert.equal(listener.set, first)
  assert.equal(reader.nextHop4, 0xc0000202)
  assert.equal(reader.withdrawnEnd - reader.withdrawnStart, 2)
  assert.equal(reader.nlriEnd - reader.nlriStart, 4)
  assert.deepEqual([reader.verdict, reader.faults, reader.endOfRib, reader.attributesEnd], ['accept', [], 0, 0])
  assert.equal(listener.hear(route(mandatory)), false, 'a part of them')
  assert.equal(store.size, 2)
})

test('the same attributes are known behind or before an MP_REACH_NLRI, which is read each time', () => {
  const listener = new Listener()
  const { reader } = listener
  listener.hear(route(mandatory, tail))
  for (const attributes of [
    `${mpReach} ${origin} ${asPath} ${tail}`,
    `${origin} ${asPath} ${mpReach} ${tail}`,
    `${origin} ${asPath} ${tail} ${mpReach}`,
  ]) {
    assert.equal(listener.hear({ attributes }), true, attributes)
    assert.equal(reader.mpReachFamily, 6)
    assert.equal(toHex(reader.mpNextHop), mpNextHop)
    assert.equal(reader.mpReachEnd - reader.mpReachStart, 5)
  }
  const longPrefix = mpReach.replace('00 20 20010db8', '00 81 20010db8')
  assert.throws(() => listener.hear({ attributes: `${origin} ${asPath} ${tail} ${longPrefix}` }), {
    code: 3,
    subcode: 9,
  })
  const unknownFamily = mpReach.replace('0002 01', '0002 02')
  listener.hear({ attributes: `${origin} ${asPath} ${tail} ${unknownFamily}` })
  assert.deepEqual([reader.mpReachFamily, reader.faults.length], [0, 1])
})

test('what is known on one kind of session is judged anew on another', () => {
  for (const context of [
    external,
    internal,
    twoOctet,
    { ...external, discardUnknown: true },
    { ...external, routeServer: true },
    { ...external, peerAs: 65009 },
  ]) {
    const first = new Listener()
    first.hear(route(mandatory))
    assert.equal(
      new Listener(context, first.store).hear(route(mandatory)),
      context === external,
      JSON.stringify(context),
    )
  }
})

test('a peer of another AS is not believed what was good of the first one', () => {
  const { store } = new Listener()
  new Listener(external, store).hear(route(mandatory))
  const stranger = new Listener({ ...external, peerAs: 65009 }, store)
  assert.equal(stranger.hear(route(mandatory)), false)
  assert.equal(stranger.reader.verdict, 'withdraw')
})

test('what was made here is judged, and so is all on sessions of kinds beyond those that are kept apart', () => {
  const store = new AttributeStore(identity, 1)
  const own = encodeAttributes({ origin: 'igp', asPath: [65001] })
  store.intern(own, 0, own.length)
  for (let peerAs = 100_000; peerAs < 200_000; peerAs++) store.kindOf({ ...external, peerAs })
  const stranger = new Listener({ ...external, peerAs: 65009 }, store)
  assert.equal(stranger.hear(route(mandatory)), false)
  assert.equal(stranger.reader.verdict, 'withdraw')
})

test('a set is known as long as it is there, though nobody refers to it', () => {
  const listener = new Listener()
  const { store } = listener
  for (let med = 0; med < 40; med++) listener.hear(route(mandatory, `80 04 04 ${med.toString(16).padStart(8, '0')}`))
  listener.hear(route(mandatory))
  const { set } = listener
  store.release(set)
  assert.equal(store.size, 40)
  assert.equal(listener.hear(route(mandatory)), true)
  assert.deepEqual([listener.set, store.size], [set, 41])
  store.release(set)
  store.release(set)
})

for (const [what, attributes] of Object.entries({
  'an order of their own': `${asPath} ${origin} ${nextHop}`,
  'a length of two octets where one is enough': `50 01 0001 00 ${asPath} ${nextHop}`,
  'what an external session does not mean': `${mandatory} 40 05 04 00000064`,
  'an unknown one without the Partial bit': `${mandatory} c0 c8 01 00`,
  'one that comes twice': `${mandatory} ${tail} ${tail}`,
  'an odd NEXT_HOP': `${origin} ${asPath} 50 03 0004 c0000201`,
}))
  test(`attributes with ${what} are read each time, and to the same end`, () => {
    const listener = new Listener()
    const seen = [0, 1].map(() => {
      assert.equal(listener.hear(route(attributes)), false)
      return [listener.set, listener.reader.verdict, listener.reader.faults.length]
    })
    assert.deepEqual(seen[0], seen[1])
  })

for (const bad of [
  '40 03 03 c00002',
  '40 03 05 c000020100',
  'c0 03 04 c0000201',
  `${nextHop} ${nextHop}`,
  '40 03 0a c0',
])
  test(`a NEXT_HOP like ${bad} is seen beside attributes that are known`, () => {
    const listener = new Listener()
    listener.hear(route(mandatory))
    assert.equal(listener.hear(route(origin, asPath, bad)), false)
    assert.ok(listener.reader.faults.length > 0)
  })

for (const flags of ['c0', '40', '00'])
  test(`an MP_REACH_NLRI with the flags ${flags} is seen beside attributes that are known`, () => {
    const listener = new Listener()
    const reach = `${flags} ${mpReach.slice(3)}`
    assert.equal(listener.hear({ attributes: `${origin} ${asPath} ${mpReach}` }), false)
    assert.equal(listener.hear({ attributes: `${origin} ${asPath} ${mpReach}` }), true)
    assert.equal(listener.hear({ attributes: `${origin} ${asPath} ${reach}` }), false)
    assert.equal(listener.reader.verdict, 'withdraw')
  })

// where the octets of a chunk end there is nothing to be read
for (const stray of ['40', '40 05', '40 05 04', '50 05 00'])
  for (const cut of [`${mandatory} ${stray}`, `${origin} ${asPath} ${mpReach} ${stray}`])
    test(`attributes that end with ${stray} are seen to be cut short: ${cut.length} characters`, () => {
      const listener = new Listener()
      const isClassic = cut.startsWith(mandatory)
      const heard = () => listener.hear(isClassic ? { attributes: cut, nlri: '00' } : { attributes: cut })
      listener.hear(route(mandatory))
      assert.equal(heard(), false)
      assert.equal(listener.reader.verdict, 'withdraw')
    })

test('one message may withdraw the last route with the attributes that it announces', () => {
  for (const count of [1, 30]) {
    const world = new RibWorld()
    const view = world.up({ name: 'a', asNumber: 65101, address: '10.0.0.101' })
    const attributes = (med: number) => ({ origin: 0, asPath: [65101], nextHop: '10.9.0.1', med })
    for (let med = 1; med <= count; med++) world.announce(view, [`10.${med}.0.0/16`], attributes(med))
    world.announce(
      view,
      ['10.200.0.0/16'],
      attributes(1),
      Array.from({ length: count }, (_, at) => `10.${at + 1}.0.0/16`),
    )
    assert.equal(world.rib.sizes().attributeSets, 1)
    world.announce(view, ['10.201.0.0/16'], attributes(100))
    assert.equal(world.rib.sizes().attributeSets, 2)
    world.settle()
    const meds = ['10.200.0.0/16', '10.201.0.0/16'].map(prefix => {
      const { attributes } = world.rib.explain(parsePrefix(prefix))!.paths[0]!
      return decodeAttributes(attributes, 0, attributes.length).med
    })
    assert.deepEqual(meds, [1, 100])
    world.withdraw(view, ['10.200.0.0/16', '10.201.0.0/16'])
    world.settle()
    assert.equal(world.rib.sizes().attributeSets, 0)
  }
})

const writer = new UpdateWriter()

/** What is read of a message, as text; a fault of the peer is text as well. */
function told(read: () => string): string {
  try {
    return read()
  } catch (thrown) {
    if (!(thrown instanceof PeerFault)) throw thrown
    return `${thrown.code}/${thrown.subcode} ${thrown.message} ${toHex(thrown.data ?? noOctets)}`
  }
}

function fieldsOf(reader: UpdateReader, attributes: Uint8Array): string {
  const { withdrawnStart, withdrawnEnd, nlriStart, nlriEnd, mpReachFamily, mpUnreachFamily } = reader
  const { verdict, endOfRib, faults, mpHasLinkLocal, mpNextHopLength } = reader
  const announces = nlriEnd > nlriStart || (mpReachFamily !== 0 && reader.mpReachEnd > reader.mpReachStart)
  return JSON.stringify({
    ...{ withdrawnStart, withdrawnEnd, nlriStart, nlriEnd, mpReachFamily, mpUnreachFamily, verdict, endOfRib, faults },
    ...(mpReachFamily !== 0 && { reach: [reader.mpReachStart, reader.mpReachEnd] }),
    ...(mpUnreachFamily !== 0 && { unreach: [reader.mpUnreachStart, reader.mpUnreachEnd] }),
    ...(verdict === 'accept' && nlriEnd > nlriStart && { nextHop4: reader.nextHop4 }),
    ...(mpReachFamily !== 0 && { mpNextHop: toHex(reader.mpNextHop.subarray(0, mpNextHopLength)) }),
    ...(mpHasLinkLocal && { linkLocal: toHex(reader.mpLinkLocal) }),
    ...(announces && verdict === 'accept' && { attributes: toHex(attributes) }),
  })
}

/** Messages of one good UPDATE: as it is, and with the same attributes in their canonical form, twice, and then broken. */
function* sayings(seed: number, context: UpdateContext): Generator<Uint8Array> {
  const next = random(seed)
  const message = goodMessage(next, context)
  if (message.type !== messageType.update) return
  const bytes = encoded(message)
  yield bytes
  const reader = new UpdateReader(context)
  reader.read(bytes, headerLength, bytes.length)
  const form = plainForm(next(2) === 0 ? 4 : 6)
  const octets = Uint8Array.from({ length: form.family === 4 ? 4 : 16 }, () => next(256))
  if (!writer.announce(reader.attributes, 0, reader.attributesEnd, octets, form)) return
  writer.add(octets, 0, 16)
  writer.finish()
  const plain = writer.take()
  yield plain
  yield plain
  for (let times = 0; times < 3; times++) {
    const broken = mutated(plain, next)
    if (broken.length >= headerLength) yield broken
  }
}

test('with a memory all is read as without one: messages as they come, again, broken, on sessions of all kinds', () => {
  const store = new AttributeStore(identity, 3)
  const runs = Number(process.env['PODPEER_PROPERTY_RUNS'] ?? 6000) / 3
  const sessions = [
    external,
    internal,
    twoOctet,
    { ...external, discardUnknown: true },
    { ...external, routeServer: true },
    { ...external, families: [6] as const },
    { ...external, addPath: [4, 6] as const, extendedNextHop: true },
    { ...external, peerAs: 65101 },
  ].map(context => ({ context, listener: new Listener(context, store), alone: new UpdateReader(context) }))
  const held: number[] = []
  let known = 0
  for (let seed = 1; seed <= runs; seed++) {
    const next = random(seed)
    const first = sessions[next(sessions.length)]!
    for (const bytes of sayings(seed, first.context)) {
      const { listener, alone } = next(3) > 0 ? first : sessions[next(sessions.length)]!
      const without = told(() => {
        alone.read(bytes, headerLength, bytes.length)
        return fieldsOf(alone, alone.attributes.subarray(0, alone.attributesEnd))
      })
      const withMemory = told(() => {
        listener.read(bytes, headerLength)
        if (listener.set !== 0) held.push(listener.set)
        return fieldsOf(listener.reader, listener.set === 0 ? noOctets : store.bytes(listener.set))
      })
      if (withMemory !== without) assert.equal(withMemory, without, `seed ${seed}, ${toHex(bytes)}`)
      if (listener.reader.known !== 0) known++
    }
    while (held.length > 0 && next(3) > 0) store.release(held.splice(next(held.length), 1)[0]!)
  }
  for (const set of held) store.release(set)
  assert.equal(store.size, 0)
  assert.ok(known > runs / 4, `attributes were known ${known} times only`)
})
