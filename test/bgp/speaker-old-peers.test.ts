/** Peers that know less than we do: 2-octet AS numbers only, no capabilities, or not all of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Capability } from '../../bgp/wire/capability.ts'
import type { Message } from '../../bgp/wire/message.ts'
import type { Open } from '../../bgp/wire/open.ts'
import { MemoryClock, MemoryNetwork } from './memory-world.ts'
import { PlayedPeer } from './played-peer.ts'
import { Router } from './router.ts'
import { hex, toHex } from './wire/hex.ts'

const MINUTE = 60_000
const keepalive: Message = { type: 'keepalive' }
const refusal = (subcode: number, data: number[] = []): Message => ({
  type: 'notification',
  code: 2,
  subcode,
  data: Uint8Array.from(data),
})

/** A router and a peer that answers its OPENs so. */
function meeting(as: number, answer: (peer: PlayedPeer, open: Open) => readonly Message[]) {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  const router = new Router(network, '10.0.0.1', { as })
  const peer: PlayedPeer = new PlayedPeer(network, '10.0.0.9', 65009, open => answer(peer, open))
  return { clock, network, router, peer }
}

const octets = (text: string) => toHex(hex(text))
const accept = (peer: PlayedPeer, capabilities: readonly Capability[] = []) => [peer.open(capabilities), keepalive]

test('a 2-octet peer is shown AS_TRANS and the whole path beside it; what it says in both is put together', () => {
  const { clock, network, router, peer } = meeting(70000, played => accept(played))
  const modern = new Router(network, '10.0.0.2', { as: 4_200_000_000 })
  router.peerWith([peer, modern])
  modern.peerWith([router])
  modern.announce('203.0.113.0/24')
  router.announce('198.51.100.0/24')
  clock.advance(MINUTE)
  assert.equal(router.view(peer).session.negotiated?.fourOctetAs, false)
  assert.equal(router.view(modern).session.negotiated?.fourOctetAs, true)
  assert.equal(peer.opens[0]?.asNumber, 23456)
  assert.deepEqual(
    peer.opens[0]?.capabilities.find(({ type }) => type === 'fourOctetAs'),
    { type: 'fourOctetAs', asNumber: 70000 },
  )

  // ORIGIN igp, AS_PATH 23456 (23456), NEXT_HOP 10.0.0.1, AS4_PATH 70000 (4200000000)
  const told = peer.updates.map(toHex)
  assert.ok(told.includes(octets('0000 001b 400101 00 400204 0201 5ba0 400304 0a000001 c01106 0201 00011170 18c63364')))
  const passedOn = '400101 00 400206 0202 5ba0 5ba0 400304 0a000001 c0110a 0202 00011170 fa56ea00'
  assert.ok(told.includes(octets(`0000 0021 ${passedOn} 18cb0071`)))

  // AS_PATH 65009 23456 64999, AS4_PATH 4200000001 64999
  peer.update('', '400101 00 400208 0203 fdf1 5ba0 fde7 400304 0a000009 c0110a 0202 fa56ea01 0000fde7', '18 c00002')
  clock.advance(1000)
  assert.deepEqual(router.bestPath('192.0.2.0/24')?.asPath, [65009, 4_200_000_001, 64999])
  assert.deepEqual(modern.bestPath('192.0.2.0/24')?.asPath, [70000, 65009, 4_200_000_001, 64999])
})

test('a peer that takes no capabilities (2/4) is met without any, and which were left out is told', () => {
  const { clock, router, peer } = meeting(65001, (played, open) =>
    open.capabilities.length > 0 ? [refusal(4)] : accept(played),
  )
  router.peerWith([peer])
  router.announce('198.51.100.0/24', '2001:db8:a::/48')
  clock.advance(MINUTE)
  const { session } = router.view(peer)
  assert.equal(session.state, 'Established')
  assert.deepEqual(session.negotiated?.families, [4])
  assert.deepEqual(session.withheld, [
    'multiprotocol ipv4 unicast',
    'multiprotocol ipv6 unicast',
    'route refresh',
    'graceful restart 120 s, also after a NOTIFICATION',
    '4-octet AS 65001',
    'enhanced route refresh',
  ])
  assert.match(router.said.join('\n'), /10\.0\.0\.9 capabilityRefused: the peer takes no capabilities/)
  assert.deepEqual(peer.updates.map(toHex), [
    octets('0000 0012 400101 00 400204 0201 fde9 400304 0a000001 18c63364'),
    octets('0000 0000'),
  ])
})

const named: Readonly<Record<string, { data: number[]; families: number[]; forwarding: boolean }>> = {
  'graceful restart 120 s, also after a NOTIFICATION': { data: [64, 0], families: [4, 6], forwarding: false },
  'multiprotocol ipv6 unicast': { data: [1, 4, 0, 2, 0, 1], families: [4], forwarding: true },
}

for (const [name, { data, families, forwarding }] of Object.entries(named))
  test(`a peer that refuses ${name} by name (2/7) is met without it, and it is told which`, () => {
    const { clock, router, peer } = meeting(70000, (played, open) =>
      open.capabilities.some(one => isNamed(one, data))
        ? [refusal(7, data)]
        : accept(played, open.capabilities.map(asIts)),
    )
    router.peerWith([peer])
    clock.advance(MINUTE)
    const { session } = router.view(peer)
    assert.equal(session.state, 'Established')
    assert.deepEqual(session.withheld, [name])
    assert.deepEqual(session.negotiated?.families, families)
    assert.equal(session.negotiated?.fourOctetAs, true)
    assert.equal(session.negotiated?.gracefulRestart !== undefined, forwarding)
    assert.match(session.lastError!, /Unsupported Capability \(2\/7\): the peer refuses /)
    assert.equal(peer.opens.length, 2, 'tried again at once')
  })

function isNamed(capability: Capability, data: readonly number[]): boolean {
  return data[0] === 64
    ? capability.type === 'gracefulRestart'
    : capability.type === 'multiprotocol' && capability.afi === 2
}

/** Our own capability in the peer's mouth. */
function asIts(capability: Capability): Capability {
  return capability.type === 'fourOctetAs' ? { type: 'fourOctetAs', asNumber: 65009 } : capability
}
