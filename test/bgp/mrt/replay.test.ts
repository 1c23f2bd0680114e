import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCEPT, REJECT, type SpeakerPeer } from '../../../bgp/index.ts'
import { encodeBgp4mp } from '../../../bgp/mrt/bgp4mp.ts'
import type { MrtRecord } from '../../../bgp/mrt/record.ts'
import { Replay } from '../../../bgp/mrt/replay.ts'
import { dumpAttributes, encodeDumpIndex, encodeDumpPrefix, ownPeer } from '../../../bgp/mrt/table-dump.ts'
import { silence } from '../../../bgp/speaker.ts'
import { encodeAttributes } from '../../../bgp/wire/attribute-list.ts'
import { encodeMessage } from '../../../bgp/wire/message.ts'
import { UpdateWriter } from '../../../bgp/wire/update-writer.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { MemoryClock, MemoryNetwork } from '../memory-world.ts'
import { Router } from '../router.ts'

const OUR_AS = 64512

function attributesOf(asPath: readonly number[], prefix: string, nextHop: string): Uint8Array {
  const { family } = parsePrefix(prefix)
  return dumpAttributes(encodeAttributes({ origin: 'igp', asPath }), family, parseAddress(nextHop).bytes)
}

const DUMP: readonly MrtRecord[] = [
  encodeDumpIndex(
    {
      routerId: 1,
      view: '',
      peers: [
        ownPeer,
        { routerId: 2, address: parseAddress('192.0.2.1'), asNumber: 65101 },
        { routerId: 3, address: parseAddress('2001:db8::2'), asNumber: 65102 },
        { routerId: 4, address: parseAddress('192.0.2.3'), asNumber: OUR_AS },
      ],
    },
    0,
  ),
  ...[
    {
      prefix: '198.51.100.0/24',
      peers: [
        [1, [65101, 65200], '192.0.2.1'],
        [2, [65102], '192.0.2.2'],
      ],
    },
    { prefix: '2001:db8:100::/40', peers: [[2, [65102], '2001:db8::2']] },
    { prefix: '203.0.113.0/24', peers: [[3, [65300], '192.0.2.3']] },
    { prefix: '10.99.0.0/16', peers: [[0, [], '0.0.0.0']] },
  ].map(({ prefix, peers }, sequence) =>
    encodeDumpPrefix(
      {
        sequence,
        prefix: parsePrefix(prefix),
        entries: peers.map(([peer, asPath, nextHop]) => ({
          peer: peer as number,
          originated: 0,
          attributes: attributesOf(asPath as number[], prefix, nextHop as string),
        })),
      },
      0,
    ),
  ),
]

function played(records: readonly MrtRecord[]) {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  const router = new Router(network, '10.0.0.254', { as: 65100 })
  const host = network.host(parseAddress('10.0.0.1'), parseAddress('fd00::1'))
  const target: SpeakerPeer = {
    name: 'router',
    address: router.address,
    port: 179,
    localAs: OUR_AS,
    remoteAs: 65100,
    holdTime: 90,
    connectRetryTime: 1,
    sendHoldTime: 240,
    passive: false,
    families: [4, 6],
    gracefulRestart: { enabled: false, restartTime: 0 },
    nextHop: 'auto',
    routeReflectorClient: false,
    importPolicy: REJECT,
    exportPolicy: ACCEPT,
  }
  const options = { asNumber: OUR_AS, routerId: 77, clock, transport: host, observer: silence, target }
  const replay = new Replay(options)
  router.peerWith([{ address: parseAddress('10.0.0.1'), as: OUR_AS }])
  for (const record of records) {
    if (replay.meet(record)) clock.advance(2000)
    assert.ok(replay.isReady)
    replay.play(record)
  }
  replay.finish()
  clock.advance(10_000)
  const best = ([4, 6] as const).flatMap(family => {
    const rows = replay.speaker.routes({ family, table: 'best' }).next(100)
    return rows.map(({ prefix, peer }) => `${prefix} of ${replay.speaker.peerName(peer) ?? 'ours'}`)
  })
  return { replay, router, best: best.sort() }
}

test('a table dump is what its peers say again, and the router is told what is best of it', () => {
  const { replay, router, best } = played(DUMP)
  assert.equal(replay.leftOut, 0)
  assert.deepEqual(best, [
    '10.99.0.0/16 of ours',
    '198.51.100.0/24 of 2001:db8::2',
    '2001:db8:100::/40 of 2001:db8::2',
    '203.0.113.0/24 of 192.0.2.3',
  ])
  const told = router.received({ address: parseAddress('10.0.0.1'), as: OUR_AS })
  assert.deepEqual(
    told.map(text => text.split(' ')[0]).sort(),
    best.map(text => text.split(' ')[0]),
  )
})

test('recorded messages are said again in their order: what was withdrawn last is gone', () => {
  const form = { family: 4, fourOctetAs: true, addPath: false, extendedNextHop: false, maxLength: 4096 } as const
  const attributes = encodeAttributes({ origin: 'igp', asPath: [65101] })
  const writer = new UpdateWriter()
  const update = (prefix: string, announced: boolean) => {
    const { bytes, length } = parsePrefix(prefix)
    if (announced) writer.announce(attributes, 0, attributes.length, parseAddress('192.0.2.1').bytes, form)
    else writer.withdraw(form)
    writer.add(bytes, 0, length)
    writer.finish()
    return writer.take()
  }
  const passed = (octets: Uint8Array, sent = false) =>
    encodeBgp4mp(
      {
        kind: 'message',
        peerAs: 65101,
        localAs: 65010,
        peerAddress: parseAddress('192.0.2.1'),
        localAddress: parseAddress('192.0.2.9'),
        sent,
        fourOctetAs: true,
        addPath: false,
        octets,
      },
      0,
    )
  const { replay, best } = played([
    passed(encodeMessage({ type: 'keepalive' })),
    passed(update('198.51.100.0/24', true)),
    passed(update('203.0.113.0/24', true)),
    passed(update('10.0.0.0/8', true), true),
    passed(update('198.51.100.0/24', false)),
  ])
  assert.deepEqual([replay.leftOut, best], [0, ['203.0.113.0/24 of 192.0.2.1']])
})

test('what cannot be said is counted', () => {
  const unread = { type: 13, subtype: 6, at: 0, body: new Uint8Array(8) }
  const noNextHop = encodeDumpPrefix(
    {
      sequence: 9,
      prefix: parsePrefix('192.88.99.0/24'),
      entries: [{ peer: 1, originated: 0, attributes: encodeAttributes({ origin: 'igp', asPath: [65101] }) }],
    },
    0,
  )
  assert.equal(played([DUMP[0]!, unread, noNextHop]).replay.leftOut, 2)
})
