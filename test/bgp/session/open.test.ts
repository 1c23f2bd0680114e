import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerConfig } from '../../../bgp/session/config.ts'
import type { Open } from '../../../bgp/wire/open.ts'
import { capability, decode, identity, openOf, Stand } from './stand.ts'

const v4only = [capability.ipv4, capability.refresh, capability.as4(65002)]

interface Refusal {
  readonly title: string
  readonly config?: Partial<PeerConfig>
  readonly open: Partial<Open>
  readonly answer: string
  readonly words: string
}

const refusals: Refusal[] = [
  {
    title: 'another AS number than configured',
    open: { asNumber: 65020, capabilities: [...v4only.slice(0, 2), capability.as4(65020)] },
    answer: '2/2',
    words: 'sent OPEN Message Error / Bad Peer AS (2/2): expected 65002, got 65020',
  },
  {
    title: 'another AS number in the capability alone',
    open: { asNumber: 23456, capabilities: [capability.ipv4, capability.as4(4_200_000_000)] },
    answer: '2/2',
    words: 'sent OPEN Message Error / Bad Peer AS (2/2): expected 65002, got 4200000000',
  },
  {
    title: 'field and capability that contradict each other',
    open: { asNumber: 65002, capabilities: [capability.ipv4, capability.as4(65003)] },
    answer: '2/2',
    words: 'sent OPEN Message Error / Bad Peer AS (2/2): the OPEN says AS 65002, its capability AS 65003',
  },
  {
    title: 'our own AS number where any external one is welcome',
    config: { remoteAs: 0 },
    open: { asNumber: 65001, capabilities: [capability.ipv4] },
    answer: '2/2',
    words: 'sent OPEN Message Error / Bad Peer AS (2/2): expected any but our own, got 65001',
  },
  {
    title: 'our own router id within our AS',
    config: { remoteAs: 65001 },
    open: { asNumber: 65001, routerId: identity.routerId, capabilities: [capability.ipv4] },
    answer: '2/3',
    words: 'sent OPEN Message Error / Bad BGP Identifier (2/3): 10.0.0.1 is our own router id',
  },
  {
    title: 'a hold time below our minimum',
    config: { minimumHoldTime: 20 },
    open: { holdTime: 10 },
    answer: '2/6',
    words: 'sent OPEN Message Error / Unacceptable Hold Time (2/6): at least 20 s, got 10 s',
  },
  {
    title: 'no address family in common',
    config: { families: [6] },
    open: { capabilities: v4only },
    answer: '2/7',
    words:
      "sent OPEN Message Error / Unsupported Capability (2/7): no address family in common: ours ipv6, the peer's ipv4",
  },
]

for (const { title, config, open, answer, words } of refusals)
  test(`an OPEN with ${title} is answered with ${answer}, and the reason is told`, () => {
    const stand = new Stand({ passive: true, ...config })
    stand.start()
    const connection = stand.accept()
    assert.deepEqual(stand.open(connection, open), [
      `send ${connection} ${answer}`,
      `close ${connection}`,
      `OpenSent → Idle: ${words}`,
    ])
    assert.equal(stand.lastError, words)
  })

test('2/7 names the families that we miss', () => {
  const stand = new Stand({ passive: true, families: [6] })
  stand.start()
  stand.open(stand.accept(), { capabilities: v4only })
  const last = stand.effects.findLast(effect => effect.type === 'send')!
  const notification = decode(last.bytes)
  assert.ok(notification.type === 'notification')
  assert.deepEqual([...notification.data], [1, 4, 0, 2, 0, 1])
})

interface Acceptance {
  readonly title: string
  readonly config?: Partial<PeerConfig>
  readonly open: Partial<Open>
  readonly expected: Record<string, unknown>
}

const acceptances: Acceptance[] = [
  {
    title: 'no capabilities at all is a 2-octet session for IPv4 unicast',
    open: { capabilities: [] },
    expected: { families: [4], fourOctetAs: false, routeRefresh: false, gracefulRestart: undefined, remoteAs: 65002 },
  },
  {
    title: 'capabilities but no multiprotocol one is IPv4 unicast',
    open: { capabilities: [capability.refresh, capability.as4(65002)] },
    expected: { families: [4], fourOctetAs: true, routeRefresh: true },
  },
  {
    title: 'multiprotocol IPv6 alone leaves IPv4 out',
    open: { capabilities: [capability.ipv6, capability.as4(65002)] },
    expected: { families: [6] },
  },
  {
    title: 'a family that we do not have is passed over',
    config: { families: [4] },
    open: {},
    expected: { families: [4] },
  },
  {
    title: 'AS_TRANS in the field and the real number in the capability',
    config: { remoteAs: 4_200_000_000 },
    open: { asNumber: 23456, capabilities: [capability.ipv4, capability.as4(4_200_000_000)] },
    expected: { remoteAs: 4_200_000_000, fourOctetAs: true, internal: false },
  },
  {
    title: 'of a capability that repeats the last counts, and nothing is merged',
    open: {
      capabilities: [
        capability.ipv4,
        capability.restart({ 4: true, 6: true }, 30),
        capability.as4(65002),
        capability.restart({ 4: false }, 60, true),
      ],
    },
    expected: {
      gracefulRestart: {
        restarting: true,
        notification: false,
        restartTime: 60,
        families: [{ family: 4, forwarding: false }],
      },
    },
  },
  {
    title: 'any external AS number where none is configured',
    config: { remoteAs: 0 },
    open: { asNumber: 64999, capabilities: [capability.ipv4] },
    expected: { remoteAs: 64999, internal: false },
  },
  {
    title: 'our own router id in another AS (RFC 6286)',
    open: { routerId: identity.routerId },
    expected: { remoteRouterId: identity.routerId },
  },
  {
    title: 'a router id that is no host address (RFC 6286)',
    open: { routerId: 0xe0000001 },
    expected: { remoteRouterId: 0xe0000001 },
  },
  {
    title: 'iBGP',
    config: { remoteAs: 65001 },
    open: { asNumber: 65001, capabilities: [capability.ipv4] },
    expected: { internal: true },
  },
  { title: 'the lower hold time, theirs', open: { holdTime: 10 }, expected: { holdTime: 10, keepaliveTime: 3 } },
  { title: 'the lower hold time, ours', open: { holdTime: 600 }, expected: { holdTime: 90, keepaliveTime: 30 } },
  { title: 'the least hold time', open: { holdTime: 3 }, expected: { holdTime: 3, keepaliveTime: 1 } },
  {
    title: 'no hold time although a minimum is set',
    config: { minimumHoldTime: 20 },
    open: { holdTime: 0 },
    expected: { holdTime: 0, keepaliveTime: 0 },
  },
  {
    title: 'the peer restarts gracefully but we do not',
    config: { gracefulRestart: { enabled: false, restartTime: 120 } },
    open: {},
    expected: { gracefulRestart: undefined },
  },
]

for (const { title, config, open, expected } of acceptances)
  test(`accepted: ${title}`, () => {
    const stand = new Stand({ passive: true, ...config })
    stand.establish(open)
    const negotiated: Record<string, unknown> = { ...stand.peer.status().negotiated }
    for (const [field, value] of Object.entries(expected)) assert.deepEqual(negotiated[field], value, field)
  })

test('our OPEN says what is configured, through the codec', () => {
  const stand = new Stand(
    { localAs: 70_000, holdTime: 30 },
    { routerId: 0x0a000001, restarting: true, forwarding: [4] },
  )
  stand.start()
  stand.dialled(1)
  assert.deepEqual(stand.offered, {
    type: 'open',
    asNumber: 23456,
    holdTime: 30,
    routerId: 0x0a000001,
    capabilities: [
      capability.ipv4,
      capability.ipv6,
      capability.refresh,
      capability.restart({ 4: true, 6: false }, 120, true, true),
      capability.as4(70_000),
      capability.enhancedRefresh,
    ],
  })
})

test('an OPEN without graceful restart does not mention it', () => {
  const stand = new Stand({ gracefulRestart: { enabled: false, restartTime: 120 }, families: [4] })
  stand.start()
  stand.dialled(1)
  assert.deepEqual(stand.offered.capabilities, [
    capability.ipv4,
    capability.refresh,
    capability.as4(65001),
    capability.enhancedRefresh,
  ])
})

test('the peer’s capabilities are told by name', () => {
  const stand = new Stand()
  const host = { type: 'unknown', code: 73, value: Uint8Array.of(0, 0) } as const
  stand.establish({ capabilities: [...openOf().capabilities, host] })
  const { capabilities } = stand.peer.status().negotiated!
  assert.equal(capabilities.length, 6)
  assert.ok(capabilities.includes('route refresh'))
  assert.ok(capabilities.includes('host name'))
})
