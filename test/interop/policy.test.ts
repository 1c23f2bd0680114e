/** What policies set, as BIRD and FRR see it; what they set, as policies match it; a drain, as they hear of it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cannotInteroperate } from '../lab/daemons.ts'
import type { RouterDaemon } from '../lab/router.ts'
import { BirdRouter } from '../lab/router-bird.ts'
import { FrrRouter } from '../lab/router-frr.ts'
import { untilComplete } from '../lab/waiting.ts'
import { OUR_PREFIXES, OURS, type OurSettings, Pair, THEIR_AS, THEIR_PREFIXES, THEIRS } from './pair.ts'

/** A path of theirs to a prefix of ours, in the same words for both. */
interface TheirPath {
  readonly asPath: string
  readonly origin: string
  readonly nextHop: string
  readonly med: string
  readonly localPref: string
  readonly communities: string
  readonly extendedCommunities: string
  readonly largeCommunities: string
}

interface Make<Router extends RouterDaemon> {
  readonly begin: (ours: OurSettings) => Promise<Pair<Router>>
  readonly path: (router: Router, prefix: string) => Promise<TheirPath | undefined>
  /** What it says of why the session ended. */
  readonly lastWords: (router: Router) => Promise<string>
}

const DEADLINE = 60_000
/** Seconds in which the other end has to be asked what it has heard. */
const DRAIN = 15

const MARKS = { community: '65100:7', large: '65100:7:70', target: 'rt:65100:70', med: 30, originAs: 65009 }

function birdConfig({ asNumber = 65010 }: OurSettings): string {
  return `router id ${THEIRS.ipv4};
protocol device { }
protocol static { ipv4; route ${THEIR_PREFIXES.ipv4} blackhole; route 203.0.113.64/26 blackhole; }
filter marked {
  if net = ${THEIR_PREFIXES.ipv4} then {
    bgp_community.add((65100,7)); bgp_ext_community.add((rt,65100,70)); bgp_large_community.add((65100,7,70));
    bgp_med = ${MARKS.med}; bgp_path.prepend(${MARKS.originAs});
  }
  accept;
}
protocol bgp podpeer { local as ${THEIR_AS}; neighbor ${OURS.ipv4} as ${asNumber}; connect delay time 0;
  ipv4 { import all; export filter marked; next hop self; };
}
`
}

function frrConfig({ asNumber = 65010 }: OurSettings): string {
  return `hostname other
ip prefix-list one permit ${THEIR_PREFIXES.ipv4}
route-map marked permit 10
 match ip address prefix-list one
 set community ${MARKS.community}
 set extcommunity rt 65100:70
 set large-community ${MARKS.large}
 set metric ${MARKS.med}
 set as-path prepend ${MARKS.originAs}
exit
route-map marked permit 20
exit
router bgp ${THEIR_AS}
 bgp router-id ${THEIRS.ipv4}
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor ${OURS.ipv4} remote-as ${asNumber}
 neighbor ${OURS.ipv4} timers connect 1
 address-family ipv4 unicast
  network ${THEIR_PREFIXES.ipv4}
  network 203.0.113.64/26
  neighbor ${OURS.ipv4} activate
  neighbor ${OURS.ipv4} route-map marked out
 exit-address-family
`
}

const bird: Make<BirdRouter> = {
  begin: ours => Pair.begin(BirdRouter, birdConfig(ours), ours),
  async path(router, prefix) {
    const shown = await router.ask(`show route all where net = ${prefix}`)
    const field = (name: string) => new RegExp(`BGP\\.${name}: ?(.*)`).exec(shown)?.[1]?.trim() ?? ''
    if (!shown.includes('BGP.origin')) return undefined
    const words = (text: string) => text.replaceAll(/[()]/g, '').replaceAll(/, ?/g, ':')
    return {
      asPath: field('as_path'),
      origin: field('origin').toLowerCase(),
      nextHop: field('next_hop'),
      med: field('med'),
      localPref: field('local_pref'),
      communities: words(field('community')),
      extendedCommunities: words(field('ext_community')),
      largeCommunities: words(field('large_community')),
    }
  },
  lastWords: router => router.ask('show protocols all podpeer'),
}

interface ShownPath {
  readonly paths?: readonly {
    readonly aspath?: { readonly string: string }
    readonly origin?: string
    readonly metric?: number
    readonly locPrf?: number
    readonly nexthops?: readonly { readonly ip: string }[]
    readonly community?: { readonly string: string }
    readonly extendedCommunity?: { readonly string: string }
    readonly largeCommunity?: { readonly string: string }
  }[]
}

const frr: Make<FrrRouter> = {
  begin: ours => Pair.begin(FrrRouter, frrConfig(ours), ours),
  async path(router, prefix) {
    const shown = JSON.parse(await router.ask(`show bgp ipv4 unicast ${prefix} json`)) as ShownPath
    const [path] = shown.paths ?? []
    if (path === undefined) return undefined
    return {
      asPath: path.aspath?.string.replace('Local', '') ?? '',
      origin: path.origin?.toLowerCase() ?? '',
      nextHop: path.nexthops?.[0]?.ip ?? '',
      med: String(path.metric ?? ''),
      localPref: String(path.locPrf ?? ''),
      communities: path.community?.string ?? '',
      extendedCommunities: path.extendedCommunity?.string.toLowerCase() ?? '',
      largeCommunities: path.largeCommunity?.string ?? '',
    }
  },
  lastWords: router => router.ask(`show bgp neighbors ${OURS.ipv4} json`),
}

const importing = {
  name: 'marked',
  terms: [
    {
      name: 'theirs',
      match: {
        communities: { all: [MARKS.community] },
        extendedCommunities: [MARKS.target],
        largeCommunities: ['65100:*:70'],
        asPath: { neighbor: [THEIR_AS], origin: [MARKS.originAs], pattern: `^${THEIR_AS}_${MARKS.originAs}$` },
        med: { min: MARKS.med, max: MARKS.med },
        nextHop: [`${THEIRS.ipv4}/32`],
      },
      set: { localPref: 250, communities: { remove: ['65100:*'], add: ['65010:1'] } },
      action: 'accept',
    },
  ],
}

const exporting = (set: object) => ({ name: 'told', terms: [{ name: 'ours', set, action: 'accept' }] })

function checks<Router extends RouterDaemon>(name: string, make: Make<Router>): void {
  /** Waits until their path is as wanted. */
  const untilPath = async (pair: Pair<Router>, wanted: Partial<TheirPath>) => {
    await untilComplete(`the path of ${name}`, DEADLINE, async () => {
      const path = await make.path(pair.other, OUR_PREFIXES.ipv4)
      const wrong = Object.entries(wanted).find(([key, value]) => path?.[key as keyof TheirPath] !== value)
      return wrong && `${wrong[0]} of ${JSON.stringify(path)} is not ${wrong[1]}`
    })
  }

  test(`what ${name} sets is matched, and what is not so marked is not let in`, async () => {
    await using pair = await make.begin({ peer: { import: 'marked' }, policies: [importing] })
    await pair.learned('us', [THEIR_PREFIXES.ipv4])
    const [row] = (await pair.us.routes('best')).filter(({ prefix }) => prefix === THEIR_PREFIXES.ipv4)
    assert.equal(row?.localPref, 250)
    assert.deepEqual(row?.communities, ['65010:1'])
    assert.deepEqual(row?.largeCommunities, [MARKS.large])
    const [received] = (await pair.us.routes('received')).filter(({ prefix }) => prefix === THEIR_PREFIXES.ipv4)
    assert.deepEqual(received?.communities, [MARKS.community], 'the Adj-RIB-In is as received')
  })

  test(`${name} sees what is set over eBGP`, async () => {
    const set = {
      med: 77,
      origin: 'incomplete',
      communities: { replace: ['65010:5'] },
      extendedCommunities: { add: ['rt:65010:500'] },
      largeCommunities: { add: ['65010:5:50'] },
      prepend: { count: 2 },
      nextHop: '10.9.1.200',
    }
    await using pair = await make.begin({ peer: { export: 'told' }, policies: [exporting(set)] })
    await untilPath(pair, {
      asPath: '65010 65010 65010',
      origin: 'incomplete',
      nextHop: '10.9.1.200',
      med: '77',
      communities: '65010:5',
      extendedCommunities: 'rt:65010:500',
      largeCommunities: '65010:5:50',
    })
  })

  test(`${name} sees LOCAL_PREF over iBGP`, async () => {
    const policies = [exporting({ localPref: 333 })]
    await using pair = await make.begin({ asNumber: THEIR_AS, peer: { export: 'told' }, policies })
    await untilPath(pair, { asPath: '', localPref: '333' })
  })

  test(`${name} hears of a drain: GRACEFUL_SHUTDOWN first, then nothing, then why`, async () => {
    await using pair = await make.begin({})
    await pair.established()
    await untilPath(pair, { communities: '' })
    await pair.us.drain(DRAIN, 'maintenance until 18:00')
    await untilComplete('GRACEFUL_SHUTDOWN', 1000 * DRAIN, async () => {
      const path = await make.path(pair.other, OUR_PREFIXES.ipv4)
      return /^(65535:0|graceful-?shutdown)$/i.test(path?.communities ?? '') ? undefined : JSON.stringify(path)
    })
    await untilComplete('the end', DEADLINE, async () => {
      const { phase } = await pair.us.status()
      return phase === 'drained' ? undefined : phase
    })
    await untilComplete('what the other end makes of it', DEADLINE, async () => {
      const path = await make.path(pair.other, OUR_PREFIXES.ipv4)
      if (path !== undefined) return JSON.stringify(path)
      const words = await make.lastWords(pair.other)
      return words.includes('maintenance until 18:00') ? undefined : words
    })
  })
}

describe('policies', { skip: cannotInteroperate() }, () => {
  checks('BIRD', bird)
  checks('FRR', frr)
})
