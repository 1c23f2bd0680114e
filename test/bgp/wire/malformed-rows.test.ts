/** The malformed messages of docs/bgp.md through the decoders: exactly the reaction that the table says, with exactly its octets. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { attributeName } from '../../../bgp/wire/attribute.ts'
import { Framer } from '../../../bgp/wire/framer.ts'
import { attributeCode, messageType } from '../../../bgp/wire/iana.ts'
import { decodeMessage } from '../../../bgp/wire/message.ts'
import { UpdateReader } from '../../../bgp/wire/update-reader.ts'
import { hex, toHex } from './hex.ts'
import { type MalformedRow, malformedRows, type Session, sessionCases } from './malformed/rows.ts'

/** Frames and decodes octets that come in these chunks; returns the reader of an UPDATE. */
function take(chunks: readonly Uint8Array[], session: Session): UpdateReader {
  const reader = new UpdateReader(session)
  const framer = new Framer()
  if (session.extendedMessages) framer.maxLength = 65535
  let messages = 0
  for (const chunk of chunks) {
    framer.push(chunk)
    while (framer.next()) {
      const { type, buffer, start, end } = framer
      messages++
      if (type === messageType.update) reader.read(buffer, start, end)
      else decodeMessage(type, buffer, start, end, session.enhancedRefresh)
    }
  }
  assert.equal(messages, 1, 'the octets are one whole message')
  return reader
}

function judge({ session, reaction }: MalformedRow, chunks: readonly Uint8Array[]): void {
  if (reaction.type === 'reset') {
    const { code, subcode, data } = reaction
    assert.throws(() => take(chunks, session), { name: 'PeerFault', code, subcode, data: hex(data) })
    return
  }
  const reader = take(chunks, session)
  const [fault, ...more] = reader.faults
  if (reaction.type === 'accept') assert.equal(fault, undefined)
  else {
    assert.deepEqual(
      { verdict: fault?.verdict, reason: fault?.reason },
      { verdict: reaction.type, reason: reaction.reason },
    )
    if (reaction.type === 'discard' && fault!.attribute === attributeCode.mpReach) assert.equal(reader.mpReachFamily, 0)
    if (fault!.attribute !== 0) assert.ok(reaction.reason.startsWith(`${attributeName(fault!.attribute)}:`))
  }
  if (reaction.type === 'withdraw') {
    assert.equal(reader.verdict, 'withdraw')
    assert.equal(reader.attributesEnd, 0)
    assert.ok(reader.nlriEnd > reader.nlriStart || reader.mpReachEnd > reader.mpReachStart, 'what to withdraw is there')
  } else {
    assert.equal(reader.verdict, 'accept')
    assert.deepEqual(more, [])
    const left = 'left' in reaction ? reaction.left : undefined
    if (left !== undefined) assert.equal(toHex(reader.attributes.subarray(0, reader.attributesEnd)), toHex(hex(left)))
  }
}

const outcome = ({ reaction }: MalformedRow): string => {
  switch (reaction.type) {
    case 'accept':
      return 'is well'
    case 'discard':
      return 'costs the attribute'
    case 'withdraw':
      return 'is treated as a withdrawal'
    case 'reset':
      return `is answered with ${reaction.code}/${reaction.subcode}`
  }
}

for (const row of malformedRows)
  test(`case ${row.number}: ${row.title} ${outcome(row)}, in one chunk and octet by octet`, () => {
    judge(row, [row.octets])
    judge(
      row,
      Array.from(row.octets, octet => Uint8Array.of(octet)),
    )
  })

test('every one of the 56 cases is decided here or in the test of whole sessions', () => {
  const decided = new Set([...malformedRows.map(({ number }) => number), ...Object.keys(sessionCases).map(Number)])
  assert.deepEqual(
    [...decided].toSorted((a, b) => a - b),
    Array.from({ length: 56 }, (_, at) => at + 1),
  )
  const documented = readFileSync(join(import.meta.dirname, '../../../docs/bgp.md'), 'utf8')
  const numbers = documented.match(/(?<=^\| )\d+(?= \|[^|]+\|[^|]+\|$)/gm)?.map(Number) ?? []
  assert.deepEqual(
    numbers,
    Array.from({ length: 56 }, (_, at) => at + 1),
    'docs/bgp.md tells each',
  )
  assert.equal(new Set(malformedRows.map(({ number, title }) => `${number} ${title}`)).size, malformedRows.length)
})
