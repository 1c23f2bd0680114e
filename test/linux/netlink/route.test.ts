import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../../lib/base/ip.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { LITTLE_ENDIAN } from '../../../lib/linux/libc.ts'
import { decodeMessages, MessageWriter } from '../../../lib/linux/netlink/message.ts'
import {
  decodeRoute,
  encodePath,
  type Path,
  prefixOf,
  type RouteChange,
  writeRoute,
} from '../../../lib/linux/netlink/route.ts'
import { protocolName, renderPath } from '../../../lib/linux/netlink/route-text.ts'

const skip = LITTLE_ENDIAN ? false : 'the octets below are those of a little-endian machine'

function bytesOf(change: RouteChange, prefix: string, path: Path): Uint8Array {
  const { family, bytes, length } = parsePrefix(prefix)
  const key = { family, table: 254, protocol: 179, metric: 179 }
  const writer = new MessageWriter()
  const put = (target: Uint8Array, at: number) => target.set(bytes, at)
  writeRoute(writer, change, key, length, put, encodePath(family, path))
  return writer.bytes
}

function via(...gateways: string[]): Path {
  const hop = (text: string) => ({ gateway: parseAddress(text), link: 3, onlink: false, weight: 1 })
  return { type: 'unicast', hops: gateways.map(hop) }
}

test('a route has the octets that the kernel expects', { skip }, () => {
  assert.equal(
    Buffer.from(bytesOf('add', '192.0.2.0/24', via('10.0.0.2'))).toString('hex'),
    [
      '44000000', // 68 octets
      '18000106', // RTM_NEWROUTE, REQUEST|EXCL|CREATE
      '01000000', // sequence
      '00000000',
      '02180000', // AF_INET, /24, no source prefix, no TOS
      'feb30001', // main table, protocol 179, scope universe, unicast
      '00000000',
      '08000100c0000200', // RTA_DST
      '08000f00fe000000', // RTA_TABLE
      '08000600b3000000', // RTA_PRIORITY
      '080005000a000002', // RTA_GATEWAY
      '0800040003000000', // RTA_OIF
    ].join(''),
  )
})

test('what is written is read back: single, several, blackhole, onlink, weights, both families and a gateway of the other', () => {
  const heavy: Path = {
    type: 'unicast',
    hops: [
      { gateway: parseAddress('10.0.0.2'), link: 3, onlink: true, weight: 5 },
      { gateway: parseAddress('fd00::2'), link: 4, onlink: false, weight: 256 },
    ],
  }
  const cases: [string, Path, string][] = [
    ['192.0.2.0/24', via('10.0.0.2'), 'via 10.0.0.2 dev l3'],
    ['192.0.2.0/24', via('10.0.0.2', '10.0.0.3'), 'via 10.0.0.2 dev l3, via 10.0.0.3 dev l3'],
    ['0.0.0.0/0', { type: 'blackhole', hops: [] }, 'blackhole'],
    [
      '192.0.2.0/24',
      { type: 'unicast', hops: [{ ...heavy.hops[0]!, gateway: undefined, weight: 1 }] },
      'dev l3 onlink',
    ],
    ['192.0.2.0/24', heavy, 'via 10.0.0.2 dev l3 onlink weight 5, via fd00::2 dev l4 weight 256'],
    ['2001:db8::/32', via('fd00::2', 'fd00::3'), 'via fd00::2 dev l3, via fd00::3 dev l3'],
    ['2001:db8::1/128', via('fd00::2'), 'via fd00::2 dev l3'],
  ]
  for (const [prefix, path, text] of cases) {
    const route = decodeRoute(decodeMessages(bytesOf('replace', prefix, path))[0]!)
    assert.ok(route)
    assert.equal(prefixOf(route).toString(), prefix)
    assert.deepEqual({ type: route.type, hops: route.hops }, { type: path.type, hops: path.hops })
    assert.deepEqual([route.table, route.protocol, route.metric, route.tos], [254, 179, 179, 0])
    assert.equal(
      renderPath(route, link => `l${link}`),
      text,
    )
  }
})

test('a route cut off at any length is no route or a shorter one, never an exception', () => {
  const whole = bytesOf('add', '192.0.2.0/24', via('10.0.0.2', '10.0.0.3'))
  const [message] = decodeMessages(whole)
  for (let length = 0; length < message!.body.length; length++)
    assert.doesNotThrow(() => decodeRoute({ ...message!, body: message!.body.subarray(0, length) }))
})

test('protocols have the names that `ip route` gives them', () => {
  assert.deepEqual([2, 3, 12, 11, 179].map(protocolName), ['kernel', 'boot', 'bird', 'zebra', '179'])
})
