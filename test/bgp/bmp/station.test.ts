import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Station } from '../../../bgp/bmp/station.ts'
import { digestMessage } from '../../../bgp/message-digest.ts'
import type { Channel } from '../../../bgp/transport.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { MemoryClock, MemoryNetwork } from '../memory-world.ts'
import { Router } from '../router.ts'
import { decodeBmp } from './decoder.ts'

const SECOND = 1000
const EPOCH = Date.parse('2026-11-21T09:00:00.000Z')
const [STATION, OURS] = [parseAddress('10.0.0.9'), parseAddress('10.0.0.1')]

/** A router of ours with one peer and a station that it tells. */
function setting() {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  const us = new Router(network, '10.0.0.1', { as: 65001 })
  const peer = new Router(network, '10.0.0.2', { as: 65002 })
  us.peerWith([peer])
  peer.peerWith([us])
  const calls: { channel: Channel; chunks: Uint8Array[] }[] = []
  const host = network.host(STATION)
  const listen = () =>
    host.listen({ addresses: [STATION], port: 11019 }, channel => {
      const call = { channel, chunks: [] as Uint8Array[] }
      channel.onData = chunk => call.chunks.push(chunk)
      calls.push(call)
    })
  const notices: string[] = []
  const station = () => {
    const made = new Station(
      { name: 'noc', address: STATION, port: 11019 },
      {
        transport: network.host(OURS),
        clock,
        timeOfDay: moment => EPOCH + moment,
        system: { name: 'node-1', description: 'podpeer' },
        notice: text => notices.push(text),
      },
    )
    made.follow(us.speaker)
    return made
  }
  const told = (call = calls.length - 1) => decodeBmp(Buffer.concat(calls[call]!.chunks))
  const words = (call?: number) =>
    told(call).map(({ type, body }) => {
      if (type !== 'routes') return type
      const update = digestMessage(body, body.length, { fourOctetAs: true, addPath: [] })
      assert.ok(update.type === 'update')
      if (update.endOfRib !== undefined) return `end of ${update.endOfRib}`
      return [
        ...update.announced.map(({ prefix }) => `+${prefix}`),
        ...update.withdrawn.map(one => `-${one.prefix}`),
      ].join()
    })
  return { clock, network, us, peer, calls, listen, station, told, words, notices }
}

test('a station hears who we are, who is up with both OPENs, the table, its end, and then what comes', () => {
  const { clock, us, peer, listen, station, told, words } = setting()
  peer.announce('198.51.100.0/24', '203.0.113.0/24')
  clock.advance(10 * SECOND)
  listen()
  const made = station()
  clock.advance(SECOND)
  assert.deepEqual(words().slice(0, 2), ['initiation', 'up'])
  assert.deepEqual(words().slice(2).sort(), ['+198.51.100.0/24', '+203.0.113.0/24', 'end of ipv4', 'end of ipv6'])
  const up = told()[1]!
  assert.deepEqual([up.peer!.address, up.peer!.asNumber, up.peer!.flags], ['10.0.0.2', 65002, 0])
  assert.ok(up.peer!.at >= EPOCH + 10 * SECOND)
  const sent = up.body.subarray(20)
  const received = sent.subarray(sent.readUInt16BE(16))
  const asNumberOf = (octets: Buffer) => {
    const open = digestMessage(octets, octets.length, { fourOctetAs: true, addPath: [] })
    return open.type === 'open' && open.asNumber
  }
  assert.deepEqual([asNumberOf(sent.subarray(0, sent.readUInt16BE(16))), asNumberOf(received)], [65001, 65002])
  const before = words().length
  peer.announce('198.51.100.0/24')
  clock.advance(SECOND)
  assert.deepEqual(words().slice(before), ['-203.0.113.0/24'])
  clock.advance(60 * SECOND)
  assert.equal(words().at(-1), 'statistics')
  const statistics = told().at(-1)!.body
  assert.deepEqual([statistics.readUInt16BE(4), statistics.readBigUInt64BE(8)], [7, 1n])
  made.close()
  clock.advance(SECOND)
  assert.deepEqual(words().slice(-2), ['down', 'termination'])
  assert.ok(us.speaker.taps.size === 0)
})

test('a session that ends is told with its NOTIFICATION, and with the next one begins anew', () => {
  const { clock, us, peer, listen, station, told, words } = setting()
  listen()
  const made = station()
  peer.announce('198.51.100.0/24')
  clock.advance(10 * SECOND)
  made.sessionChanged('10.0.0.2', 'OpenConfirm', 'Established')
  clock.advance(SECOND)
  peer.speaker.reset(peer.speaker.peers()[0]!.config.name, 'for a test')
  clock.advance(1)
  made.sessionChanged('10.0.0.2', 'Established', 'Idle')
  clock.advance(10 * SECOND)
  made.sessionChanged('10.0.0.2', 'OpenConfirm', 'Established')
  clock.advance(SECOND)
  const down = told().find(({ type }) => type === 'down')!
  assert.equal(down.body[0], 3)
  const notification = digestMessage(down.body.subarray(1), down.body.length - 1, { fourOctetAs: true, addPath: [] })
  assert.equal(
    notification.type === 'notification' && notification.text,
    'Cease / Administrative Reset (6/4): "for a test"',
  )
  const after = words().slice(words().indexOf('down') + 1)
  assert.deepEqual(after, ['up', '+198.51.100.0/24', 'end of ipv4', 'end of ipv6'])
  assert.equal(us.speaker.peers()[0]!.session.state, 'Established')
})

test('a station that is not there is tried again, and told everything when it comes', () => {
  const { clock, peer, listen, station, words, notices } = setting()
  station()
  peer.announce('198.51.100.0/24')
  clock.advance(10 * SECOND)
  listen()
  clock.advance(60 * SECOND)
  assert.deepEqual(words().slice(0, 3), ['initiation', 'up', '+198.51.100.0/24'])
  assert.equal(notices.filter(text => text.startsWith('no connection')).length, 1)
})

test('a station that stops reading costs a bounded queue, loses its connection and hears everything anew', () => {
  const { clock, network, peer, calls, listen, station, words, notices } = setting()
  clock.advance(10 * SECOND)
  listen()
  station()
  clock.advance(SECOND)
  network.block(OURS, STATION)
  const flood = Array.from({ length: 4000 }, (_, at) => `100.${at >> 8}.${at & 255}.0/24`)
  for (let round = 0; round < 800 && !notices.includes('too slow: it is told everything anew'); round++) {
    peer.announce(...(round % 2 === 0 ? flood : []))
    clock.advance(SECOND)
  }
  assert.ok(notices.includes('too slow: it is told everything anew'))
  network.unblock(OURS, STATION)
  peer.announce('198.51.100.0/24')
  clock.advance(120 * SECOND)
  assert.equal(calls.length, 2)
  assert.deepEqual(words().slice(0, 5), ['initiation', 'up', '+198.51.100.0/24', 'end of ipv4', 'end of ipv6'])
})
