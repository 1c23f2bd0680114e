import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BfdStatus } from '../../daemon/control/bfd-document.ts'
import { cannotInteroperate } from '../lab/daemons.ts'
import { setDevice, spaceOf } from '../lab/network.ts'
import { outputOf } from '../lab/process.ts'
import { BirdRouter } from '../lab/router-bird.ts'
import { FrrRouter } from '../lab/router-frr.ts'
import type { FamilyName } from '../lab/topology.ts'
import { untilComplete } from '../lab/waiting.ts'
import { OURS, Pair, THEIR_AS, THEIR_PREFIXES, THEIRS } from './pair.ts'

/** Long enough for a machine under load; what is waited for takes a second or two. */
const DEADLINE = 60_000
/** Long against BFD, so that nothing but BFD can have ended a session. */
const HOLD_TIME = 180

interface Way {
  readonly family: FamilyName
  readonly multihop: boolean
}

const WAYS: readonly Way[] = [
  { family: 'ipv4', multihop: false },
  { family: 'ipv6', multihop: false },
  { family: 'ipv4', multihop: true },
]

function birdConfig({ family, multihop }: Way): string {
  const hops = multihop ? 'multihop;' : 'direct;'
  return [
    `router id ${THEIRS.ipv4};`,
    'protocol device { }',
    'protocol bfd { interface "*" { interval 200 ms; multiplier 3; }; multihop { interval 200 ms; multiplier 3; }; }',
    `protocol static { ${family}; route ${THEIR_PREFIXES[family]} blackhole; }`,
    `protocol bgp podpeer { local ${THEIRS[family]} as ${THEIR_AS}; neighbor ${OURS[family]} as 65010;`,
    `  ${hops} bfd on; hold time ${HOLD_TIME}; connect delay time 0; connect retry time 1; error wait time 1, 1; graceful restart on;`,
    `  ${family} { import all; export where source = RTS_STATIC; next hop self; };`,
    '}',
    '',
  ].join('\n')
}

function frrConfig({ family, multihop }: Way): string {
  const us = OURS[family]
  return [
    'hostname other',
    'bfd',
    ' profile fast',
    '  transmit-interval 200',
    '  receive-interval 200',
    `router bgp ${THEIR_AS}`,
    ` bgp router-id ${THEIRS.ipv4}`,
    ' no bgp ebgp-requires-policy',
    ' no bgp network import-check',
    ' bgp graceful-restart',
    ` timers bgp 60 ${HOLD_TIME}`,
    ` neighbor ${us} remote-as 65010`,
    ...(multihop ? [` neighbor ${us} ebgp-multihop 3`] : []),
    ` neighbor ${us} timers connect 1`,
    ` neighbor ${us} update-source ${THEIRS[family]}`,
    ` neighbor ${us} bfd`,
    ` neighbor ${us} bfd profile fast`,
    ` address-family ${family} unicast`,
    `  network ${THEIR_PREFIXES[family]}`,
    `  neighbor ${us} activate`,
    ' exit-address-family',
    '',
  ].join('\n')
}

type AnyPair = Pair<BirdRouter> | Pair<FrrRouter>

async function peerOf(pair: AnyPair) {
  const [peer] = await pair.us.peers()
  assert.ok(peer !== undefined)
  return peer
}

/** Waits until both BGP and BFD are as told. */
async function until(
  pair: AnyPair,
  what: string,
  holds: (state: string, bfd: BfdStatus, lastError: string) => boolean,
): Promise<void> {
  await untilComplete(what, DEADLINE, async () => {
    const { state, bfd, lastError = '' } = await peerOf(pair)
    const is = bfd !== undefined && holds(state, bfd, lastError)
    return is ? undefined : `BGP is ${state} (${lastError}), BFD ${JSON.stringify(bfd)}`
  })
}

const bothUp = (state: string, bfd: BfdStatus) =>
  state === 'Established' && bfd.state === 'Up' && bfd.remote?.state === 'Up' && bfd.detectionTime === 900

/** Lets no BFD packet into our namespace; BGP goes on. */
function cutBfd({ multihop }: Way, cut: boolean): Promise<string> {
  const commands = cut
    ? `add table inet cut; add chain inet cut in { type filter hook input priority 0; }; add rule inet cut in udp dport ${multihop ? 4784 : 3784} drop`
    : 'delete table inet cut'
  return outputOf(spaceOf('us'), 'nft', [commands])
}

/** BIRD sends packets of multihop sessions with the kernel's TTL, FRR with 255. */
const makers = [
  [
    'BIRD',
    (way: Way, ours: object) => Pair.begin(BirdRouter, birdConfig(way), { peer: settings(way, { minTtl: 64 }, ours) }),
  ],
  ['FRR', (way: Way, ours: object) => Pair.begin(FrrRouter, frrConfig(way), { peer: settings(way, {}, ours) })],
] as const

/** @param far of a multihop session */
function settings({ family, multihop }: Way, far: { readonly minTtl?: number }, ours: object) {
  const bfd = { transmit: 300, receive: 300, multiplier: 3, ...(multihop && { multihop: far }) }
  return { address: THEIRS[family], families: [family], holdTime: HOLD_TIME, bfd, ...ours }
}

describe('BFD beside BGP', { skip: cannotInteroperate('nftables') }, () => {
  for (const [name, begin] of makers) {
    for (const way of WAYS)
      test(`with ${name}, ${way.multihop ? 'multihop' : 'single hop'}, ${way.family}: comes up, ends BGP with Cease / BFD Down when packets are lost, and comes back`, async () => {
        await using pair = await begin(way, { gracefulRestart: { enabled: false } })
        await until(pair, 'BGP and BFD are up', bothUp)
        await cutBfd(way, true)
        // where BFD is not strict, the next session soon comes up without it
        await until(pair, 'both went down', (_, bfd, lastError) => bfd.state !== 'Up' && /BFD Down/.test(lastError))
        const { bfd } = await peerOf(pair)
        assert.equal(bfd?.lastDown?.reason, 'control detection time expired')
        await cutBfd(way, false)
        await until(pair, 'both are up again', bothUp)
      })

    test(`with ${name}, an end of the link that is pulled is found out by both`, async () => {
      const way = WAYS[0]!
      await using pair = await begin(way, { gracefulRestart: { enabled: false } })
      await until(pair, 'BGP and BFD are up', bothUp)
      setDevice('other', 'eth0', false)
      await until(pair, 'both are down', (state, bfd) => state !== 'Established' && bfd.state !== 'Up')
      setDevice('other', 'eth0', true)
      await until(pair, 'both are up again', bothUp)
    })

    test(`with ${name}, strict: there is no session before BFD is up`, async () => {
      const way = WAYS[0]!
      const bfd = { transmit: 300, receive: 300, multiplier: 3, strict: true }
      await using pair = await begin(way, { gracefulRestart: { enabled: false }, bfd })
      await until(pair, 'BGP and BFD are up', bothUp)
      await cutBfd(way, true)
      await until(pair, 'both are down', (state, { state: path }) => state === 'Idle' && path !== 'Up')
      assert.match((await peerOf(pair)).lastError ?? '', /BFD/)
    })

    test(`with ${name}, graceful restart keeps the peer's routes while BFD is down`, async () => {
      const way = WAYS[0]!
      const bfd = { transmit: 300, receive: 300, multiplier: 3, strict: true }
      await using pair = await begin(way, { bfd })
      await until(pair, 'BGP and BFD are up', bothUp)
      await pair.learned('us', [THEIR_PREFIXES.ipv4])
      await cutBfd(way, true)
      await until(pair, 'both are down', (state, { state: path }) => state !== 'Established' && path !== 'Up')
      const { families } = await peerOf(pair)
      // FRR tells our own route back as well
      assert.ok(families[0]!.stale >= 1)
      await pair.learned('us', [THEIR_PREFIXES.ipv4])
      await cutBfd(way, false)
      await until(pair, 'both are up again', bothUp)
      await pair.learned('us', [THEIR_PREFIXES.ipv4])
    })
  }
})
