/**
 * RFC 7911 with three routers of other makes in one row, two podpeer processes between them:
 *
 *   BIRD ── west ── FRR ── east ── GoBGP
 *
 * Both ends have two paths for one prefix. What arrives at the other end has come and gone with path ids on every session, in
 * both directions.
 */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { stringify } from 'yaml'
import { cannotInteroperate } from '../lab/daemons.ts'
import { makeFolder, removeLab, sweepLeftovers } from '../lab/leftovers.ts'
import { buildNetwork, spaceOf } from '../lab/network.ts'
import { BirdRouter } from '../lab/router-bird.ts'
import { FrrRouter } from '../lab/router-frr.ts'
import { PodpeerRouter, podpeerFiles } from '../lab/router-podpeer.ts'
import { untilComplete } from '../lab/waiting.ts'
import { GobgpRouter } from './router-gobgp.ts'

const DEADLINE = 120_000
/** From west to east; a cable between each two. */
const ROW = ['bird', 'west', 'frr', 'east', 'gobgp'] as const
type Place = (typeof ROW)[number]
const asOf = (place: Place) => 65101 + ROW.indexOf(place)
/** Towards a neighbour in the row. */
const addressOf = (place: Place, neighbor: Place) => {
  const [at, beside] = [ROW.indexOf(place), ROW.indexOf(neighbor)]
  return `10.9.${Math.min(at, beside)}.${at < beside ? 1 : 2}`
}
const OF_BIRD = '203.0.113.0/24'
const OF_GOBGP = '198.51.100.0/24'

const BIRD = `router id 10.9.0.1;
protocol device { }
protocol static outside_1 { ipv4; route ${OF_BIRD} blackhole { bgp_community.add((65101,1)); }; }
protocol static outside_2 { ipv4; route ${OF_BIRD} blackhole { bgp_community.add((65101,2)); }; }
protocol bgp west {
  local ${addressOf('bird', 'west')} as ${asOf('bird')};
  neighbor ${addressOf('west', 'bird')} as ${asOf('west')};
  connect delay time 0; connect retry time 1; error wait time 1, 1;
  ipv4 { add paths on; import all; export where source = RTS_STATIC; next hop self; };
}
`

const FRR = `hostname frr
router bgp ${asOf('frr')}
 bgp router-id 10.9.1.2
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
${(['west', 'east'] as const)
  .map(
    side =>
      ` neighbor ${addressOf(side, 'frr')} remote-as ${asOf(side)}\n neighbor ${addressOf(side, 'frr')} timers connect 1`,
  )
  .join('\n')}
 address-family ipv4 unicast
${(['west', 'east'] as const)
  .map(
    side => `  neighbor ${addressOf(side, 'frr')} activate\n  neighbor ${addressOf(side, 'frr')} addpath-tx-all-paths`,
  )
  .join('\n')}
 exit-address-family
`

const GOBGP = `[global.config]
  as = ${asOf('gobgp')}
  router-id = "10.9.3.2"
[[neighbors]]
  [neighbors.config]
    neighbor-address = "${addressOf('east', 'gobgp')}"
    peer-as = ${asOf('east')}
  [neighbors.timers.config]
    connect-retry = 1
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-unicast"
    [neighbors.afi-safis.add-paths.config]
      receive = true
      send-max = 8
`

describe('several paths of a prefix, through BIRD, FRR and GoBGP', {
  skip: cannotInteroperate('gobgpd'),
}, () => {
  let bird: BirdRouter
  let frr: FrrRouter
  let gobgp: GobgpRouter
  let west: PodpeerRouter
  let east: PodpeerRouter

  before(async () => {
    sweepLeftovers()
    const folder = makeFolder()
    buildNetwork({
      places: ROW.map(name => ({ name, forwards: true, loopback: [] })),
      cables: ROW.slice(1).map((place, at) => ({ ends: [end(ROW[at]!, place), end(place, ROW[at]!)] })),
    })
    const place = (name: Place) => {
      mkdirSync(join(folder, name))
      return { namespace: spaceOf(name), folder: join(folder, name) }
    }
    const podpeer = (name: 'west' | 'east', neighbors: readonly Place[]) => {
      const spec = place(name)
      return new PodpeerRouter({ ...spec, config: podpeerConfig(name, neighbors, spec.folder) })
    }
    bird = new BirdRouter({ ...place('bird'), config: BIRD })
    frr = new FrrRouter({ ...place('frr'), config: FRR })
    gobgp = new GobgpRouter({ ...place('gobgp'), config: GOBGP })
    west = podpeer('west', ['bird', 'frr'])
    east = podpeer('east', ['frr', 'gobgp'])
    for (const router of [bird, frr, gobgp, west, east]) await router.start()
    for (const id of [1, 2])
      await gobgp.ask(
        `global rib add ${OF_GOBGP} identifier ${id} nexthop ${addressOf('gobgp', 'east')} community 65105:${id}`,
      )
  })

  after(async () => {
    for (const router of [west, east, bird, frr, gobgp]) await router?.stop()
    removeLab()
  })

  test('both paths of BIRD come to GoBGP, with two ids on each session', async () => {
    await eventually('what GoBGP has', ['65101:1', '65101:2'], () => communitiesAtGobgp())
    await hasTwo(west, 'bird', OF_BIRD)
    await hasTwo(east, 'frr', OF_BIRD)
    assert.equal((await frrPaths(OF_BIRD)).length, 2)
  })

  test('both paths of GoBGP come to BIRD', async () => {
    await eventually('what BIRD has', ['65105:1', '65105:2'], () => communitiesAtBird())
    await hasTwo(east, 'gobgp', OF_GOBGP)
    await hasTwo(west, 'frr', OF_GOBGP)
  })

  test('one path that is withdrawn goes everywhere, and the other one stays', async () => {
    await bird.ask('disable outside_2')
    await gobgp.ask(`global rib del ${OF_GOBGP} identifier 1`)
    await eventually('what GoBGP has', ['65101:1'], () => communitiesAtGobgp())
    await eventually('what BIRD has', ['65105:2'], () => communitiesAtBird())
    await bird.ask('enable outside_2')
    await eventually('what GoBGP has', ['65101:1', '65101:2'], () => communitiesAtGobgp())
  })

  async function frrPaths(prefix: string): Promise<readonly unknown[]> {
    const shown = JSON.parse(await frr.ask(`show bgp ipv4 unicast ${prefix} json`)) as { paths?: readonly unknown[] }
    return shown.paths ?? []
  }

  async function communitiesAtGobgp(): Promise<string[]> {
    const shown = await gobgp.ask(`global rib ${OF_BIRD}`)
    return shown.match(/65101:\d/g) ?? []
  }

  async function communitiesAtBird(): Promise<string[]> {
    const shown = await bird.ask(`show route all where net = ${OF_GOBGP}`)
    return (shown.match(/\(65105,\d\)/g) ?? []).map(text => text.replace(/[()]/g, '').replace(',', ':'))
  }

  /** Two paths from one peer, under different ids. */
  async function hasTwo(podpeer: PodpeerRouter, from: Place, prefix: string): Promise<void> {
    const rows = (await podpeer.routes('received')).filter(row => row.prefix === prefix && row.peer === from)
    assert.equal(rows.length, 2, `paths from ${from}`)
    assert.equal(new Set(rows.map(({ pathId }) => pathId)).size, 2, 'path ids')
    assert.ok(rows.every(({ pathId }) => pathId !== undefined))
  }
})

async function eventually(what: string, wanted: readonly string[], ask: () => Promise<string[]>): Promise<void> {
  await untilComplete(what, DEADLINE, async () => {
    const there = (await ask().catch(() => [])).sort()
    return there.join(' ') === wanted.join(' ') ? undefined : `${there} instead of ${wanted}`
  })
}

function end(place: Place, neighbor: Place) {
  return { place, device: neighbor, addresses: [`${addressOf(place, neighbor)}/24`], routes: [] }
}

function podpeerConfig(name: Place, neighbors: readonly Place[], folder: string): string {
  const { state, socket } = podpeerFiles(folder)
  return stringify({
    node: name,
    asNumber: asOf(name),
    routerId: addressOf(name, neighbors[0]!),
    kubernetes: { enabled: false },
    peers: neighbors.map(neighbor => ({
      name: neighbor,
      address: addressOf(neighbor, name),
      asNumber: asOf(neighbor),
      import: 'accept',
      export: 'accept',
      families: ['ipv4'],
      connectRetryTime: 1,
      addPath: { send: 4, receive: true },
    })),
    state,
    control: { socket },
  })
}
