/**
 * Broken messages, by a seed that is printed on failure: whatever comes, a value or a fault of the peer, in bounded time and
 * room. PODPEER_PROPERTY_RUNS says how many of each kind, for longer runs than the usual one.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { editAttributes, editGrowth } from '../../../bgp/wire/attribute-edit.ts'
import { decodeAttributes, encodeAttributes, renderAttributes } from '../../../bgp/wire/attribute-list.ts'
import { renderCapability } from '../../../bgp/wire/capability.ts'
import { DecisionKeys } from '../../../bgp/wire/decision-keys.ts'
import { PeerFault } from '../../../bgp/wire/fault.ts'
import { Framer } from '../../../bgp/wire/framer.ts'
import { headerLength, messageType } from '../../../bgp/wire/iana.ts'
import { decodeMessage, encodeMessage, type Message } from '../../../bgp/wire/message.ts'
import { notificationName } from '../../../bgp/wire/notification.ts'
import { mostAttributeOctets, UpdateReader } from '../../../bgp/wire/update-reader.ts'
import { UpdateWriter } from '../../../bgp/wire/update-writer.ts'
import type { Family } from '../../../lib/base/ip.ts'
import { toHex } from './hex.ts'
import { captured, mutated, random } from './mutation.ts'
import { plainContext, plainForm } from './plain-session.ts'
import { decodeNlri } from './prefixes.ts'
import { breakOne, encoded, goodMessage } from './structure.ts'

const rounds = Number(process.env['PODPEER_PROPERTY_RUNS'] ?? 6000)
/** Milliseconds of CPU time for one message, far over what the slowest takes. */
const longest = 250

const plain = plainContext({ fourOctetAs: true, internal: false, families: [4, 6], localAs: 65000, peerAs: 70000 })
const sessions = [
  plain,
  { ...plain, internal: true, peerAs: 65000 },
  { ...plain, fourOctetAs: false },
  { ...plain, fourOctetAs: false, internal: true, peerAs: 65000 },
  { ...plain, addPath: [4, 6] as const, extendedNextHop: true },
  { ...plain, addPath: [6] as const, discardUnknown: true },
  { ...plain, extendedNextHop: true, routeServer: true },
  { ...plain, families: [6] as const },
].map((context, at) => ({
  context,
  reader: new UpdateReader(context),
  maxLength: at % 2 === 0 ? (65535 as const) : (4096 as const),
}))
type Session = (typeof sessions)[number]

const writer = new UpdateWriter()
const keys = new DecisionKeys()
const scratch = new Uint8Array(2 * 65536)
const edits = {
  localPref: 1,
  med: 2,
  otc: 3,
  prepend: { asNumber: 65000, count: 255 },
  communities: Uint8Array.of(255, 255, 0, 6),
  largeCommunities: new Uint8Array(24),
  extendedCommunities: new Uint8Array(0),
}

/** What a peer of the same AS reads when a set is sent on to it in this form. */
const receivers = [true, false].map(fourOctetAs => ({
  form: { ...plainForm(4, fourOctetAs), maxLength: 65535 as const },
  reader: new UpdateReader({ ...plain, fourOctetAs, internal: true, peerAs: 65000 }),
}))

/** Uses the canonical octets in every way there is; sent on, they must come back as they are. */
function useAttributes(canonical: Uint8Array): void {
  const end = canonical.length
  keys.read(canonical, 0, end)
  const values = decodeAttributes(canonical, 0, end)
  renderAttributes(values)
  assert.equal(encodeAttributes(values).length, end, 'canonical octets are what the encoder makes')
  assert.ok(end + editGrowth(edits) <= 65535, 'there is room for what policy adds')
  const editedEnd = editAttributes(canonical, 0, end, edits, scratch, 0)
  keys.read(scratch, 0, editedEnd)
  assert.deepEqual([keys.localPref, keys.med, keys.otc, keys.neighborAs], [1, 2, 3, 65000])
  for (const { form, reader } of receivers) {
    if (!writer.announce(canonical, 0, end, Uint8Array.of(1, 2, 3, 4), form)) continue
    writer.add(Uint8Array.of(10), 0, 8)
    writer.finish()
    const message = writer.take()
    reader.read(message, headerLength, message.length)
    assert.deepEqual(reader.faults, [])
    assert.equal(toHex(reader.attributes.subarray(0, reader.attributesEnd)), toHex(canonical))
  }
}

function useUpdate({ reader, context }: Session, buffer: Uint8Array): void {
  const use = (start: number, end: number, family: Family) =>
    decodeNlri(
      buffer,
      start,
      end,
      family,
      context.addPath.some(one => one === family),
    )
  use(reader.withdrawnStart, reader.withdrawnEnd, 4)
  use(reader.nlriStart, reader.nlriEnd, 4)
  if (reader.mpReachFamily !== 0) use(reader.mpReachStart, reader.mpReachEnd, reader.mpReachFamily)
  if (reader.mpUnreachFamily !== 0) use(reader.mpUnreachStart, reader.mpUnreachEnd, reader.mpUnreachFamily)
  assert.ok(reader.attributesEnd <= mostAttributeOctets && reader.attributes.length <= 4 * 65536)
  assert.ok(reader.attributesEnd === 0 || reader.verdict === 'accept')
  if (reader.attributesEnd > 0) useAttributes(reader.attributes.slice(0, reader.attributesEnd))
}

function useMessage(message: Message): void {
  if (message.type === 'notification') notificationName(message.code, message.subcode)
  if (message.type !== 'open') return
  for (const capability of message.capabilities) assert.doesNotMatch(renderCapability(capability), /\p{Cc}/u)
  const bytes = encodeMessage(message)
  const again = decodeMessage(messageType.open, bytes, headerLength, bytes.length)
  assert.deepEqual(again, message, 'what an OPEN says, it says again')
}

/** Reads the octets as the session does, whole or cut in two; returns how many messages there were. */
function receive(session: Session, bytes: Uint8Array, cut: number): number {
  const framer = new Framer()
  framer.maxLength = session.maxLength
  let messages = 0
  for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
    framer.push(part)
    while (framer.next()) {
      messages++
      const { type, buffer, start, end } = framer
      if (type !== messageType.update) useMessage(decodeMessage(type, buffer, start, end, session.maxLength > 4096))
      else {
        session.reader.read(buffer, start, end)
        useUpdate(session, buffer)
      }
    }
  }
  return messages
}

/** Runs one message; a fault of the peer is an outcome, anything else that is thrown fails the test. */
function outcome(session: Session, bytes: Uint8Array, cut: number, name: string): 'value' | 'fault' {
  const started = process.cpuUsage().user
  try {
    receive(session, bytes, cut)
    return 'value'
  } catch (thrown) {
    if (!(thrown instanceof PeerFault)) assert.fail(`${name}, ${toHex(bytes)}: ${(thrown as Error).stack}`)
    encodeMessage({ type: 'notification', code: thrown.code, subcode: thrown.subcode, data: thrown.data })
    return 'fault'
  } finally {
    assert.ok((process.cpuUsage().user - started) / 1000 < longest, `${name} took too long`)
  }
}

test(`messages made for a session are read by it without a fault`, () => {
  for (let seed = 1; seed <= rounds / 10; seed++) {
    const next = random(seed)
    const session = sessions[next(sessions.length)]!
    const bytes = encoded(goodMessage(next, session.context))
    if (bytes.length > session.maxLength) continue
    assert.equal(receive(session, bytes, next(bytes.length)), 1, `seed ${seed}`)
    if (bytes[headerLength - 1] === messageType.update) assert.deepEqual(session.reader.faults, [], `seed ${seed}`)
  }
})

test('messages broken in one to three places give a value or a fault of the peer', () => {
  const outcomes = { value: 0, fault: 0, withdraw: 0, discard: 0 }
  for (let seed = 1; seed <= rounds; seed++) {
    const next = random(seed)
    const session = sessions[next(sessions.length)]!
    const message = goodMessage(next, session.context)
    for (let times = 1 + next(3); times > 0; times--) breakOne(message.field, next)
    const whole = encoded(message)
    const bytes = next(20) === 0 ? whole.subarray(0, next(whole.length)) : whole
    const result = outcome(session, bytes, next(bytes.length + 1), `seed ${seed}`)
    outcomes[result]++
    if (result === 'value' && message.type === messageType.update)
      for (const verdict of new Set(session.reader.faults.map(fault => fault.verdict))) outcomes[verdict]++
  }
  for (const [kind, count] of Object.entries(outcomes))
    assert.ok(count > rounds / 100, `${kind} was reached too seldom: ${JSON.stringify(outcomes)}`)
})

test('captured messages with octets changed, cut out, doubled and moved give a value or a fault of the peer', () => {
  const outcomes = { value: 0, fault: 0 }
  for (let seed = 1; seed <= rounds; seed++) {
    const next = random(seed)
    const bytes = mutated(captured[next(captured.length)]!, next)
    if (next(4) > 0) new DataView(bytes.buffer).setUint16(headerLength - 3, bytes.length)
    const session = sessions[next(sessions.length)]!
    outcomes[outcome(session, bytes, next(bytes.length + 1), `seed ${seed}`)]++
  }
  assert.ok(outcomes.value > rounds / 4 && outcomes.fault > rounds / 20, JSON.stringify(outcomes))
})

test('noise behind a good header is a fault or is waited for, never more', () => {
  for (let seed = 1; seed <= rounds / 10; seed++) {
    const next = random(seed)
    const body = Uint8Array.from({ length: next(200) }, () => next(256))
    const bytes = new Uint8Array(headerLength + body.length).fill(255)
    for (const type of [1, 2, 3, 4, 5, next(256)]) {
      bytes.set([bytes.length >>> 8, bytes.length, type, ...body], headerLength - 3)
      for (const session of sessions) outcome(session, bytes, 0, `seed ${seed}, type ${type}`)
    }
  }
})
