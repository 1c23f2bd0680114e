/** What TCP and the link have to do with a session: who dials, how far a peer is away, keys of listen ranges, links without numbers. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { cannotInteroperate } from '../lab/daemons.ts'
import { pingAll } from '../lab/ping.ts'
import type { RouterDaemon, RouterSpec } from '../lab/router.ts'
import { BirdRouter } from '../lab/router-bird.ts'
import { FrrRouter } from '../lab/router-frr.ts'
import { FAMILIES, type FamilyName } from '../lab/topology.ts'
import { untilComplete } from '../lab/waiting.ts'
import { Chain, FAR, NEAR, OUR_AS, OURS, THEIR_AS, THEIRS, US } from './chain.ts'

const skip = cannotInteroperate()
const TIMERS = { holdTime: 6, keepaliveTime: 2, connectRetryTime: 1 }
const ALL_OF_OURS = [`${OURS.ipv4}/32`, `${OURS.ipv6}/128`]
const ALL_OF_THEIRS = [`${THEIRS.ipv4}/32`, `${THEIRS.ipv6}/128`]

/** What a router of another make is told of its session with us. */
interface Theirs {
  readonly family: FamilyName
  readonly passive?: boolean
  readonly key?: string
  /** Hops that we may be away. */
  readonly hops?: number
}

interface Make {
  readonly name: string
  readonly router: new (spec: RouterSpec) => RouterDaemon
  readonly config: (sessions: readonly Theirs[], from?: typeof NEAR) => string
  /** One session on its interface eth0, in place of numbers. */
  readonly unnumbered: string
}

const FRR: Make = {
  name: 'FRR',
  router: FrrRouter,
  config: sessions =>
    frr(
      sessions.flatMap(({ family, passive, key, hops }) => {
        const neighbor = ` neighbor ${US[family]}`
        return [
          `${neighbor} remote-as ${OUR_AS}`,
          `${neighbor} timers 2 6`,
          `${neighbor} timers connect 1`,
          ...(passive === true ? [`${neighbor} passive`] : []),
          ...(key === undefined ? [] : [`${neighbor} password ${key}`]),
          ...(hops === undefined ? [] : [`${neighbor} ttl-security hops ${hops}`]),
        ]
      }),
      sessions.map(({ family }) => [family, US[family]] as const),
    ),
  unnumbered: frr(
    [
      ' neighbor eth0 interface remote-as external',
      ' neighbor eth0 timers 2 6',
      ' neighbor eth0 timers connect 1',
      ' neighbor eth0 ttl-security hops 1',
    ],
    FAMILIES.map(family => [family, 'eth0'] as const),
  ),
}

function frr(neighbors: readonly string[], activate: readonly (readonly [FamilyName, string])[]): string {
  const lines = [
    `router bgp ${THEIR_AS}`,
    ' bgp router-id 10.9.1.254',
    ' no bgp ebgp-requires-policy',
    ' no bgp network import-check',
    ' no bgp default ipv4-unicast',
    ...neighbors,
    ...FAMILIES.flatMap(family => [
      ` address-family ${family} unicast`,
      `  network ${THEIRS[family]}/${family === 'ipv4' ? 32 : 128}`,
      ...activate.filter(([one]) => one === family).map(([, neighbor]) => `  neighbor ${neighbor} activate`),
      ' exit-address-family',
    ]),
  ]
  return `${lines.join('\n')}\n`
}

const BIRD_TIMERS = [
  '  hold time 6;',
  '  keepalive time 2;',
  '  connect delay time 0;',
  '  connect retry time 1;',
  '  error wait time 1, 5;',
]

const BIRD: Make = {
  name: 'BIRD 2',
  router: BirdRouter,
  config: (sessions, from = NEAR) =>
    bird(
      sessions.flatMap(({ family, passive, key, hops }) => [
        `protocol bgp us_${family} {`,
        `  local ${from[family]} as ${THEIR_AS};`,
        `  neighbor ${US[family]} as ${OUR_AS};`,
        hops === undefined || hops === 1 ? '  direct;' : `  multihop ${hops};`,
        ...(hops === undefined ? [] : ['  ttl security on;']),
        ...(passive === true ? ['  passive on;'] : []),
        ...(key === undefined ? [] : [`  password "${key}";`]),
        ...BIRD_TIMERS,
        `  ${family} { import all; export where source = RTS_STATIC; };`,
        '}',
      ]),
    ),
  unnumbered: bird([
    'protocol radv { interface "eth0" { min ra interval 3; max ra interval 4; default lifetime 0; }; }',
    'protocol bgp to_us {',
    `  local as ${THEIR_AS};`,
    `  neighbor range fe80::/10 as ${OUR_AS};`,
    '  interface "eth0";',
    '  direct;',
    '  ttl security on;',
    ...BIRD_TIMERS,
    '  ipv4 { import all; export where source = RTS_STATIC; extended next hop on; };',
    '  ipv6 { import all; export where source = RTS_STATIC; };',
    '}',
  ]),
}

function bird(protocols: readonly string[]): string {
  const lines = [
    'router id 10.9.1.254;',
    'protocol device { }',
    'protocol direct { ipv4 { preference 1; }; ipv6 { preference 1; }; interface "-lo", "*"; }',
    ...FAMILIES.flatMap(family => [
      `protocol kernel kernel_${family} { ${family} { import none; export where source = RTS_BGP; }; }`,
      `protocol static outside_${family} { ${family}; route ${THEIRS[family]}/${family === 'ipv4' ? 32 : 128} blackhole; }`,
    ]),
    ...protocols,
  ]
  return `${lines.join('\n')}\n`
}

/** Our peers, one per family. */
function peers(addresses: typeof NEAR, settings: Readonly<Record<string, unknown>>) {
  return FAMILIES.map(family => ({
    name: family,
    address: addresses[family],
    asNumber: THEIR_AS,
    families: [family],
    import: 'accept',
    ...TIMERS,
    ...settings,
  }))
}

function both(more: Omit<Theirs, 'family'>): Theirs[] {
  return FAMILIES.map(family => ({ family, ...more }))
}

for (const make of [FRR, BIRD])
  describe(`podpeer and ${make.name} on one link`, { skip }, () => {
    for (const passive of [true, false])
      test(`GTSM at both ends lets sessions of both families through, where ${passive ? 'they' : 'we'} dial`, async () => {
        await using chain = await Chain.begin({
          router: make.router,
          at: 'near',
          theirConfig: make.config(both({ hops: 1, passive: !passive })),
          ours: { peers: peers(NEAR, { gtsm: 1, passive }) },
        })
        const there = await chain.established(...FAMILIES)
        assert.deepEqual(
          there.map(({ gtsm }) => gtsm),
          [1, 1],
        )
        await chain.learned('near', ALL_OF_OURS)
        await chain.learned('us', ALL_OF_THEIRS)
      })

    test('a peer that does not send with TTL 255 is not heard, and has a session once nothing is asked of it', async () => {
      await using chain = await Chain.begin({
        router: make.router,
        at: 'near',
        theirConfig: make.config(both({})),
        ours: { peers: peers(NEAR, { gtsm: 1, passive: true }) },
      })
      await chain.unheard()
      await chain.tell({ peers: peers(NEAR, { passive: true }) })
      await chain.established(...FAMILIES)
    })

    test('the key of a listen range counts for whoever dials from it, and a wrong one is silence', async context => {
      const folder = mkdtempSync(join(tmpdir(), 'podpeer-keys-'))
      context.after(() => rmSync(folder, { recursive: true }))
      const key = (text: string) => {
        const file = join(folder, text)
        writeFileSync(file, `${text}\n`, { mode: 0o600 })
        return { file }
      }
      const ranges = (text: string) =>
        [
          { name: 'rack', prefix: '10.9.0.0/16' },
          { name: 'rack6', prefix: 'fd00:9::/32' },
        ].map(range => ({ ...range, asNumber: 'external', password: key(text), import: 'accept', ...TIMERS }))
      await using chain = await Chain.begin({
        router: make.router,
        at: 'near',
        theirConfig: make.config(both({ key: 'the-key' })),
        ours: { ranges: ranges('another-key') },
      })
      await chain.dropped('TCPMD5Failure')
      assert.deepEqual(await chain.us.peers(), [])
      await chain.tell({ ranges: ranges('the-key') })
      const there = await chain.established(`rack/${NEAR.ipv4}`, `rack6/${NEAR.ipv6}`)
      assert.deepEqual(there.map(({ range }) => range).sort(), ['rack', 'rack6'])
      await chain.learned('us', ALL_OF_THEIRS)
      await chain.learned('near', ALL_OF_OURS)
    })

    test('a link without numbers carries a session, and packets of both families along its routes', async () => {
      await using chain = await Chain.begin({
        router: make.router,
        at: 'near',
        theirConfig: make.unnumbered,
        ours: { peers: [{ interface: 'eth0', asNumber: 'external', gtsm: 1, import: 'accept', ...TIMERS }] },
        unnumbered: true,
      })
      const [peer] = await chain.established('eth0')
      assert.match(`${peer!.address}%${peer!.interface}`, /^fe80::.*%eth0$/)
      await chain.learned('us', ALL_OF_THEIRS)
      await chain.learned('near', ALL_OF_OURS)
      const plan = FAMILIES.map(family => ({ from: 'us', to: 'near', family, address: THEIRS[family] }))
      await untilComplete('answers to pings', 60_000, async () => {
        const lost = (await pingAll(plan)).filter(({ ok }) => !ok)
        return lost.length === 0 ? undefined : `none over ${lost.map(({ family }) => family)}`
      })
    })
  })

describe('podpeer and a BIRD 2 behind another router', { skip }, () => {
  test('is heard with GTSM for two hops, and not for one', async () => {
    await using chain = await Chain.begin({
      router: BIRD.router,
      at: 'far',
      theirConfig: BIRD.config(both({ hops: 2 }), FAR),
      ours: { peers: peers(FAR, { gtsm: 1, passive: true }) },
    })
    await chain.unheard()
    await chain.tell({ peers: peers(FAR, { gtsm: 2, passive: true }) })
    await chain.established(...FAMILIES)
    await chain.learned('us', ALL_OF_THEIRS)
  })
})
