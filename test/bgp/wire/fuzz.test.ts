/** Mutated messages, by a seed that is printed on failure: whatever comes, a value or a fault of the peer, in bounded time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeAttributes, encodeAttributes, renderAttributes } from '../../../bgp/wire/attribute-list.ts'
import { DecisionKeys } from '../../../bgp/wire/decision-keys.ts'
import { PeerFault } from '../../../bgp/wire/fault.ts'
import { Framer } from '../../../bgp/wire/framer.ts'
import { headerLength, messageType } from '../../../bgp/wire/iana.ts'
import { decodeMessage, encodeMessage } from '../../../bgp/wire/message.ts'
import { UpdateReader } from '../../../bgp/wire/update-reader.ts'
import { UpdateWriter } from '../../../bgp/wire/update-writer.ts'
import { toHex } from './hex.ts'
import { captured, mutated, random } from './mutation.ts'
import { plainContext, plainForm } from './plain-session.ts'
import { decodeNlri } from './prefixes.ts'

const rounds = 20_000
/** Milliseconds for one message, far over what the slowest takes. */
const longest = 250

const readers = [true, false].flatMap(fourOctetAs =>
  [true, false].map(
    internal =>
      new UpdateReader(
        plainContext({ fourOctetAs, internal, families: [4, 6], localAs: 65000, peerAs: internal ? 65000 : 70000 }),
      ),
  ),
)
const writer = new UpdateWriter()
const keys = new DecisionKeys()

/** Reads the body as an UPDATE of every kind of session, and uses all that the reader left. */
function readUpdate(body: Uint8Array): void {
  for (const reader of readers) {
    reader.read(body, 0, body.length)
    for (const [start, end] of [
      [reader.withdrawnStart, reader.withdrawnEnd],
      [reader.nlriStart, reader.nlriEnd],
    ] as const)
      decodeNlri(body, start, end, 4)
    if (reader.mpReachFamily !== 0) decodeNlri(body, reader.mpReachStart, reader.mpReachEnd, reader.mpReachFamily)
    if (reader.mpUnreachFamily !== 0)
      decodeNlri(body, reader.mpUnreachStart, reader.mpUnreachEnd, reader.mpUnreachFamily)
    const canonical = reader.attributes.slice(0, reader.attributesEnd)
    if (canonical.length === 0) continue
    keys.read(canonical, 0, canonical.length)
    const values = decodeAttributes(canonical, 0, canonical.length)
    renderAttributes(values)
    assert.equal(encodeAttributes(values).length, canonical.length, 'canonical octets are what the encoder makes')
    if (!writer.announce(canonical, 0, canonical.length, Uint8Array.of(1, 2, 3, 4), plainForm(4, false))) continue
    writer.add(Uint8Array.of(10), 0, 8)
    writer.finish()
    assert.ok(writer.take().length <= 4096)
  }
}

function decodeAll(bytes: Uint8Array): void {
  const type = bytes[headerLength - 1]!
  const body = bytes.subarray(headerLength)
  if (type === messageType.update) readUpdate(body)
  else {
    const value = decodeMessage(type, body, 0, body.length)
    if (value.type !== 'open') assert.equal(toHex(encodeMessage(value).subarray(headerLength)), toHex(body))
  }
}

function frameAll(bytes: Uint8Array): void {
  const framer = new Framer()
  framer.push(bytes)
  while (framer.next()) assert.ok(framer.end <= framer.buffer.length)
}

test(`${rounds} mutated messages give a value or a fault of the peer`, () => {
  const outcomes = { value: 0, fault: 0 }
  for (let seed = 1; seed <= rounds; seed++) {
    const next = random(seed)
    const bytes = mutated(captured[next(captured.length)]!, next)
    for (const decode of [decodeAll, frameAll]) {
      const started = performance.now()
      try {
        decode(bytes)
        outcomes.value++
      } catch (thrown) {
        if (!(thrown instanceof PeerFault)) assert.fail(`seed ${seed}, ${toHex(bytes)}: ${(thrown as Error).stack}`)
        outcomes.fault++
        encodeMessage({ type: 'notification', code: thrown.code, subcode: thrown.subcode, data: thrown.data })
      }
      assert.ok(performance.now() - started < longest, `seed ${seed} took too long`)
    }
  }
  assert.ok(outcomes.value > rounds / 4 && outcomes.fault > rounds / 20, JSON.stringify(outcomes))
})

test('noise without any form is a fault or is waited for, never more', () => {
  for (let seed = 1; seed <= 2000; seed++) {
    const next = random(seed)
    const body = Uint8Array.from({ length: next(200) }, () => next(256))
    for (const type of [1, 2, 3, 4, 5, next(256)]) {
      try {
        decodeAll(Uint8Array.of(...new Uint8Array(18), type, ...body))
      } catch (thrown) {
        if (!(thrown instanceof PeerFault)) assert.fail(`seed ${seed}, type ${type}: ${(thrown as Error).stack}`)
      }
    }
  }
})
