/**
 * Messages of other implementations (test/vectors, captured by capture.ts there), each used four ways. The values were read
 * through by a person against the daemons' configurations and the announcements that the collector sent them.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PeerFault } from '../../../bgp/wire/fault.ts'
import { Framer } from '../../../bgp/wire/framer.ts'
import { headerLength } from '../../../bgp/wire/iana.ts'
import type { UpdateContext } from '../../../bgp/wire/update-context.ts'
import { describe, encodeAgain } from '../../vectors/description.ts'
import { hex, toHex } from './hex.ts'
import { plainContext } from './plain-session.ts'

interface Vector {
  readonly session: string
  readonly context: Parameters<typeof plainContext>[0]
  readonly type: number
  readonly hex: string
  readonly value: Readonly<Record<string, unknown>>
  /** Why our encoder gives other octets for the same value. */
  readonly differs?: string
}

interface VectorFile {
  readonly daemon: string
  readonly version: string
  readonly messages: readonly Vector[]
}

const folder = join(import.meta.dirname, '../../vectors')
const files = globSync('*.json', { cwd: folder }).sort()

function read(file: string) {
  const { messages, ...rest }: VectorFile = JSON.parse(readFileSync(join(folder, file), 'utf8'))
  return { ...rest, messages: messages.map(message => ({ ...message, context: plainContext(message.context) })) }
}

/** As JSON has it: without fields that are undefined. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** `value` of the message, or the fault of the peer that its octets are; anything else thrown fails the test. */
function outcome(type: number, body: Uint8Array, context: UpdateContext): unknown {
  try {
    return describe(type, body, context)
  } catch (thrown) {
    if (thrown instanceof PeerFault) return thrown
    throw thrown
  }
}

test('there are vectors of five daemons, and among them every type of message', () => {
  assert.deepEqual(files, ['bird.json', 'exabgp.json', 'frr.json', 'gobgp.json', 'openbgpd.json'])
  const types = new Set(files.flatMap(file => read(file).messages.map(({ type }) => type)))
  assert.deepEqual([...types].sort(), [1, 2, 3, 5])
})

test('there are vectors of path identifiers, of IPv6 next hops of IPv4, and of ONLY_TO_CUSTOMER', () => {
  const values = files.flatMap(file => read(file).messages.map(({ value }) => JSON.stringify(value)))
  for (const seen of [
    /"nlri":\["[\d./]+ path \d+"/,
    /"mpNextHop":"[\da-f]+:[^"]*","mpReach":\["[\d.]+\//,
    /"ONLY_TO_CUSTOMER":"70000"/,
  ])
    assert.ok(
      values.some(value => seen.test(value)),
      String(seen),
    )
})

for (const file of files) {
  const { daemon, version, messages } = read(file)

  test(`${daemon} (${version}): every message decodes to its value`, () => {
    for (const { hex: octets, type, context, value } of messages)
      assert.deepEqual(plain(describe(type, hex(octets).subarray(headerLength), context)), value, octets)
  })

  test(`${daemon}: every value encodes to the daemon’s own octets, or for a stated reason to others of the same value`, () => {
    for (const { hex: octets, type, context, value, differs } of messages) {
      const again = encodeAgain(type, hex(octets).subarray(headerLength), context)
      if (differs === undefined) assert.equal(toHex(again), octets)
      else assert.notEqual(toHex(again), octets, `the reason "${differs}" no longer holds`)
      assert.deepEqual(plain(describe(type, again.subarray(headerLength), context)), value)
    }
  })

  test(`${daemon}: the stream fed octet by octet gives the same messages`, () => {
    const framer = new Framer()
    const found: string[] = []
    for (const octet of hex(messages.map(message => message.hex).join(''))) {
      framer.push(Uint8Array.of(octet))
      while (framer.next()) found.push(`${framer.type} ${toHex(framer.buffer.subarray(framer.start, framer.end))}`)
    }
    assert.deepEqual(
      found,
      messages.map(message => `${message.type} ${message.hex.slice(2 * headerLength)}`),
    )
  })

  test(`${daemon}: every message cut at every length is incomplete as a stream, and a value or a fault as a body`, () => {
    for (const { hex: octets, type, context } of messages) {
      const bytes = hex(octets)
      for (let length = 0; length < bytes.length; length++) {
        const framer = new Framer()
        framer.push(bytes.subarray(0, length))
        assert.equal(framer.next(), false)
        if (length >= headerLength) assert.ok(outcome(type, bytes.subarray(headerLength, length), context))
      }
    }
  })
}
