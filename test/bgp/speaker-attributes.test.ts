/** What becomes of AS_PATH, NEXT_HOP, LOCAL_PREF and MED on the way through an AS (RFC 4271 §5.1), from speaker to speaker. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SpeakerPeer } from '../../bgp/index.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { MemoryClock, MemoryNetwork } from './memory-world.ts'
import { PlayedPeer } from './played-peer.ts'
import { Router, type RouterOptions } from './router.ts'

const MINUTE = 60_000
const block = '198.51.100.0/24'

/** outside (AS 65009) – border and exit, both AS 65000 – beyond (AS 65002). */
function chain(settings: { border?: Partial<SpeakerPeer>; exit?: Partial<SpeakerPeer>; subnet?: string } = {}) {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  const subnets = settings.subnet === undefined ? [] : [parsePrefix(settings.subnet)]
  const options = (as: number): RouterOptions => ({ as, attachment: known => ({ ...known, subnets }) })
  const outside: PlayedPeer = new PlayedPeer(network, '10.0.0.9', 65009, () => [outside.open(), { type: 'keepalive' }])
  const border = new Router(network, '10.0.0.1', options(65000))
  const exit = new Router(network, '10.0.0.2', options(65000))
  const beyond = new Router(network, '10.0.0.3', options(65002))
  border.peerWith([outside, exit], settings.border)
  exit.peerWith([border, beyond], settings.exit)
  beyond.peerWith([exit])
  clock.advance(MINUTE)
  const announce = (nextHop: string) => {
    const octets = Buffer.from(parseAddress(nextHop).bytes).toString('hex')
    // ORIGIN egp, AS_PATH 65009, NEXT_HOP, MED 50, LOCAL_PREF 999
    outside.update('', `400101 01 400204 0201 fdf1 400304 ${octets} 800404 00000032 400504 000003e7`, '18 c63364')
    clock.advance(1000)
  }
  return { clock, border, exit, beyond, announce }
}

test('MED crosses our AS and no further; LOCAL_PREF is ours alone; NEXT_HOP stays inside and is self outside', () => {
  const { border, exit, beyond, announce } = chain()
  announce('10.0.0.9')
  const origin = { origin: 'egp', asPath: [65009] }
  assert.deepEqual(
    border.bestPath(block),
    { ...origin, med: 50, nextHop: '10.0.0.9' },
    'LOCAL_PREF from outside is ignored',
  )
  assert.deepEqual(exit.bestPath(block), { ...origin, med: 50, localPref: 100, nextHop: '10.0.0.9' })
  assert.deepEqual(beyond.bestPath(block), { origin: 'egp', asPath: [65000, 65009], nextHop: '10.0.0.2' })
})

test('next hop self is ours towards iBGP as well, next hop unchanged is the learned one towards eBGP as well', () => {
  const { exit, beyond, announce } = chain({ border: { nextHop: 'self' }, exit: { nextHop: 'unchanged' } })
  announce('10.0.0.9')
  assert.equal(exit.bestPath(block)?.nextHop, '10.0.0.1')
  assert.equal(beyond.bestPath(block)?.nextHop, '10.0.0.1')
})

test('a third party on the subnet that we share stays the next hop, unless it is the receiver', () => {
  const { beyond, announce } = chain({ subnet: '10.0.0.0/24' })
  announce('10.0.0.77')
  assert.equal(beyond.bestPath(block)?.nextHop, '10.0.0.77')
  announce('10.1.0.77')
  assert.equal(beyond.bestPath(block)?.nextHop, '10.0.0.2', 'off the subnet')
  announce('10.0.0.3')
  assert.equal(beyond.bestPath(block)?.nextHop, '10.0.0.2', 'the receiver')
})

test('a path that names the receiver as next hop is kept there, ineligible, and not used', () => {
  const { exit, announce } = chain()
  announce('10.0.0.2')
  const [path] = exit.speaker.explain(parsePrefix(block))!.paths
  assert.equal(`${path?.verdict}: ${path?.reason}`, 'ineligible: next hop 10.0.0.2: our own address')
})

test('our own prefixes carry next hop self, an empty path and LOCAL_PREF inside, and our AS outside', () => {
  const { clock, exit, border, beyond } = chain()
  exit.announce('192.0.2.0/24')
  clock.advance(1000)
  assert.deepEqual(border.bestPath('192.0.2.0/24'), { origin: 'igp', asPath: [], localPref: 100, nextHop: '10.0.0.2' })
  assert.deepEqual(beyond.bestPath('192.0.2.0/24'), { origin: 'igp', asPath: [65000], nextHop: '10.0.0.2' })
})
