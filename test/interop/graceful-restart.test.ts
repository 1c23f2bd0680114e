import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cannotInteroperate } from '../lab/daemons.ts'
import { learnedRoutes, setDevice } from '../lab/network.ts'
import { untilComplete } from '../lab/waiting.ts'
import { OUR_PREFIXES, OURS, Pair, THEIR_PREFIXES, THEIRS } from './pair.ts'
import { GobgpRouter } from './router-gobgp.ts'
import { withBird, withFrr } from './their-config.ts'

const everything = Object.values(THEIR_PREFIXES)
const ourEverything = Object.values(OUR_PREFIXES)
const DEADLINE = 60_000

const FRR_NOTIFICATION = {
  global: [
    'bgp graceful-restart',
    'bgp graceful-restart notification',
    'bgp graceful-restart preserve-fw-state',
    'no bgp hard-administrative-reset',
  ],
}
const BIRD_LONG = {
  lines: [
    'graceful restart on;',
    'graceful restart time 2;',
    'long lived graceful restart on;',
    'long lived stale time 60;',
  ],
}

describe('graceful restart', { skip: cannotInteroperate() }, () => {
  test('RFC 8538 with FRR: a hold timer that expires keeps the routes stale until the session is back', async () => {
    const peer = { holdTime: 6, keepaliveTime: 2 }
    await using pair = await withFrr({ ...FRR_NOTIFICATION, lines: ['timers 2 6'] }, { peer })
    await pair.learned('us', everything)
    assert.equal((await pair.established()).gracefulRestart?.notification, true)
    setDevice('other', 'eth0', false)
    const lost = await pair.until('the loss', ({ state }) => (state === 'Established' ? 'it is up' : undefined))
    assert.ok(
      lost.families.every(({ stale, received }) => stale > 0 && stale === received),
      JSON.stringify(lost.families),
    )
    setDevice('other', 'eth0', true)
    await pair.until('the return', ({ state, families }) =>
      state === 'Established' && families.every(({ stale, received }) => stale === 0 && received > 0)
        ? undefined
        : 'not all is fresh',
    )
  })

  test('RFC 8538 with FRR: our reset costs no side a route; its own costs us none', async () => {
    await using pair = await withFrr(FRR_NOTIFICATION, {})
    await pair.learned('us', everything)
    await pair.learned('other', ourEverything)
    // FRR 8.4 drops our routes when it resets the session itself
    for (const [reset, kept] of [
      [() => pair.us.reset('other', 'test'), [...everything, ...ourEverything]],
      [() => pair.other.ask(`clear bgp ${OURS.ipv4}`), everything],
    ] as const) {
      const { messages } = await pair.established()
      let missing: string[] = []
      await reset()
      await untilComplete('the next session', DEADLINE, async () => {
        const there = [...learnedRoutes('us'), ...learnedRoutes('other')].map(({ prefix }) => prefix)
        missing = [...missing, ...kept.filter(prefix => !there.includes(prefix))]
        const [peer] = await pair.us.peers()
        const isNew = peer?.state === 'Established' && peer.messages.sent.open > messages.sent.open
        return isNew && peer.families.every(({ stale, endOfRib }) => stale === 0 && endOfRib.received)
          ? undefined
          : 'not yet'
      })
      assert.deepEqual(missing, [], 'no route was gone at any moment')
    }
  })

  test('RFC 9494: routes of a BIRD that does not return in its restart time are the last resort, and fresh when it does', async () => {
    await using pair = await withBird(BIRD_LONG, { peer: { longLived: { staleTime: 60 } } })
    await pair.learned('us', everything)
    await pair.other.kill9()
    const late = await pair.until('its long life', ({ longLivedStale }) =>
      longLivedStale?.length === 2 ? undefined : 'it is not late yet',
    )
    assert.notEqual(late.state, 'Established')
    await pair.learned('us', everything)
    await pair.other.start()
    await pair.until('its return', ({ state, longLivedStale, families }) =>
      state === 'Established' && longLivedStale === undefined && families.every(({ stale }) => stale === 0)
        ? undefined
        : 'it is not back',
    )
    await pair.learned('us', everything)
  })

  test('RFC 9494: BIRD keeps our routes with LLGR_STALE when we do not return in our restart time', async () => {
    const peer = { longLived: { staleTime: 60 }, gracefulRestart: { enabled: true, restartTime: 2 } }
    await using pair = await withBird(BIRD_LONG, { peer })
    await pair.learned('other', ourEverything)
    await pair.us.kill9()
    await untilComplete('LLGR_STALE', DEADLINE, async () => {
      const shown = await pair.other.ask(`show route all where net = ${OUR_PREFIXES.ipv4}`)
      return /65535, ?6\)|llgr_stale/i.test(shown) ? undefined : shown
    })
    const kept = learnedRoutes('other').map(({ prefix }) => prefix)
    assert.deepEqual(kept.sort(), [...ourEverything].sort())
    await pair.us.start()
    await pair.established()
  })
})

const GOBGP = [
  '[global.config]',
  '  as = 65100',
  `  router-id = "${THEIRS.ipv4}"`,
  '[[neighbors]]',
  '  [neighbors.config]',
  `    neighbor-address = "${OURS.ipv4}"`,
  '    peer-as = 65010',
  '  [neighbors.timers.config]',
  '    connect-retry = 1',
  '  [neighbors.graceful-restart.config]',
  '    enabled = true',
  '    notification-enabled = true',
  '    long-lived-enabled = true',
  '    restart-time = 2',
  '  [[neighbors.afi-safis]]',
  '    [neighbors.afi-safis.config]',
  '      afi-safi-name = "ipv4-unicast"',
  '    [neighbors.afi-safis.mp-graceful-restart.config]',
  '      enabled = true',
  '    [neighbors.afi-safis.long-lived-graceful-restart.config]',
  '      enabled = true',
  '      restart-time = 60',
  '',
].join('\n')

describe('graceful restart with GoBGP', { skip: cannotInteroperate('gobgpd') }, () => {
  test('after NOTIFICATIONs and for long: both are agreed on, and its route outlives its process and its restart time', async () => {
    await using pair = await Pair.begin(GobgpRouter, GOBGP, {
      peer: { families: ['ipv4'], longLived: { staleTime: 60 } },
    })
    const agreed = await pair.established()
    assert.equal(agreed.gracefulRestart?.notification, true)
    assert.deepEqual(agreed.longLived, [{ family: 'ipv4', staleTime: 60 }])
    await pair.other.ask(`global rib add ${THEIR_PREFIXES.ipv4}`)
    await pair.learned('us', [THEIR_PREFIXES.ipv4])
    await pair.other.kill9()
    const late = await pair.until('its long life', ({ longLivedStale }) =>
      longLivedStale?.length === 1 ? undefined : 'it is not late yet',
    )
    assert.notEqual(late.state, 'Established')
    await pair.learned('us', [THEIR_PREFIXES.ipv4])
  })
})
