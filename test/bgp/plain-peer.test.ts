/**
 * Our speaker and a router of the ZebOS family that resets the session for anything odd (test/bgp/zebos): in all that happens
 * between a node and a BIG-IP it finds nothing.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ACCEPT, type Policy, parseCommunityPattern, REJECT, type SpeakerPeer } from '../../bgp/index.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { MemoryClock, MemoryNetwork } from './memory-world.ts'
import { Router, type RouterOptions } from './router.ts'
import { random } from './wire/mutation.ts'
import { ZebosPeer } from './zebos/peer.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
/** Long enough for connect retry, idle hold and the slowest advertisement. */
const SETTLED = 10 * MINUTE
const VIP = '203.0.113.10/32'
const PODS = '10.244.1.0/24'
const plain: Partial<SpeakerPeer> = { profile: 'plain', discardUnknown: true, families: [4] }

/** A node in an AS, its BIG-IP in another or the same, and a second node from which routes come. */
class Scene {
  readonly clock = new MemoryClock()
  readonly network = new MemoryNetwork(this.clock)
  readonly other = new Router(this.network, '10.0.0.2', { as: 4_200_000_000 })
  readonly bigip: ZebosPeer
  node: Router
  readonly #as: number

  constructor(as: number, bigipAs: number) {
    this.#as = as
    this.node = this.#router()
    const routerAs = as > 0xffff ? 23456 : as
    const address = parseAddress('10.0.0.9')
    const ends = { address, asNumber: bigipAs, router: parseAddress('10.0.0.1'), routerAs }
    this.bigip = new ZebosPeer(ends, this.network.host(address), this.clock)
    this.peer()
    this.other.peerWith([this.node])
    this.node.announce(PODS)
    this.bigip.announce(VIP)
    this.bigip.start()
    this.clock.advance(SETTLED)
  }

  get neighbor() {
    return { address: parseAddress('10.0.0.9'), as: this.bigip.isInternal ? this.#as : 65009 }
  }

  peer(towardsBigip: Partial<SpeakerPeer> = plain): void {
    const { node, other } = this
    const peers = [{ ...node.peer(this.neighbor), ...towardsBigip }, node.peer(other)]
    node.speaker.configure({ listen: { addresses: node.addresses, port: 179 }, peers })
  }

  /** The node's process dies, and another one takes its place. */
  restartNode(): void {
    this.node.kill(this.network)
    this.clock.advance(SECOND)
    this.node = this.#router({ restart: { forwarding: [4], deferralTime: 30 * SECOND } })
    this.peer()
    this.node.announce(PODS)
  }

  #router(options: Partial<RouterOptions> = {}): Router {
    return new Router(this.network, '10.0.0.1', { as: this.#as, identity: { kernel: true }, ...options })
  }
}

const kinds = [
  ['eBGP', 65001, 65009],
  ['iBGP', 65001, 65001],
  ['eBGP with an AS number of four octets', 4_200_000_010, 65009],
] as const

/** What the BIG-IP is told of our pods. */
function podsAt({ bigip }: Scene) {
  return bigip.routes.get(PODS)
}

function expectNothingOdd({ bigip, node }: Scene): void {
  assert.deepEqual(bigip.odd, [])
  assert.equal(
    node.said.some(line => line.includes('Bug')),
    false,
  )
}

function expectRoutes(scene: Scene): void {
  const { bigip, node } = scene
  assert.equal(bigip.state, 'established')
  assert.deepEqual(bigip.table, [`${PODS} via 10.0.0.1`])
  assert.deepEqual(node.received(scene.neighbor), [`${VIP} via 10.0.0.9`])
  expectNothingOdd(scene)
}

for (const [name, as, bigipAs] of kinds)
  describe(`a router of the ZebOS family, ${name}`, () => {
    test('a session comes and both have the routes of each other, the AS numbers in two octets', () => {
      const scene = new Scene(as, bigipAs)
      expectRoutes(scene)
      const { negotiated } = scene.node.view(scene.neighbor).session
      assert.equal(negotiated?.fourOctetAs, false)
      assert.deepEqual(negotiated?.gracefulRestart?.restartTime, 120)
      assert.equal(negotiated?.holdTime, 90)
      assert.equal(scene.bigip.advertisementInterval, scene.bigip.isInternal ? 5 : 30)
      assert.equal(scene.bigip.opens.length, 1)
      if (as > 0xffff) assert.deepEqual([podsAt(scene)?.asPath, podsAt(scene)?.wholePath], [[23456], [as]])
      else
        assert.deepEqual(
          [podsAt(scene)?.asPath, podsAt(scene)?.wholePath],
          [scene.bigip.isInternal ? [] : [as], undefined],
        )
      assert.equal(scene.bigip.endsOfRib, 1)
    })

    test('what changes here is told at once, and what changes there within its interval', () => {
      const scene = new Scene(as, bigipAs)
      const { clock, node, bigip } = scene
      node.announce('10.244.2.0/24')
      clock.advance(10)
      assert.deepEqual(bigip.table, ['10.244.2.0/24 via 10.0.0.1'])
      bigip.announce('203.0.113.20/32')
      clock.advance(10)
      assert.equal(node.received(scene.neighbor).length, 2, 'its interval had passed')
      bigip.withdraw(VIP)
      clock.advance(bigip.advertisementInterval * SECOND - 20)
      assert.equal(node.received(scene.neighbor).length, 2)
      clock.advance(20)
      assert.deepEqual(node.received(scene.neighbor), ['203.0.113.20/32 via 10.0.0.9'])
      expectNothingOdd(scene)
    })

    test('routes of nodes that are passed on, with communities and AS numbers of four octets, are plain there', () => {
      const scene = new Scene(as, bigipAs)
      scene.other.announce('10.244.3.0/24', '2001:db8::/32')
      scene.clock.advance(SECOND)
      const passedOn = scene.bigip.routes.get('10.244.3.0/24')
      assert.deepEqual(
        passedOn?.asPath,
        scene.bigip.isInternal ? [23456] : [Math.min(as, 65536) === as ? as : 23456, 23456],
      )
      assert.equal(passedOn?.wholePath?.at(-1), 4_200_000_000)
      scene.other.announce()
      scene.clock.advance(SECOND)
      expectRoutes(scene)
    })

    test('it dies and comes back, more than once: its routes stay meanwhile, and ours are there again', () => {
      const scene = new Scene(as, bigipAs)
      for (let round = 0; round < 3; round++) {
        scene.bigip.die()
        scene.clock.advance(SECOND)
        assert.deepEqual(scene.node.received(scene.neighbor), [`${VIP} via 10.0.0.9 stale`])
        scene.bigip.start()
        scene.clock.advance(SETTLED)
        expectRoutes(scene)
      }
    })

    test('the node dies and comes back: the BIG-IP keeps its routes until they are told again, and then none too many', () => {
      const scene = new Scene(as, bigipAs)
      scene.node.announce(PODS, '10.244.9.0/24')
      scene.clock.advance(MINUTE)
      scene.restartNode()
      assert.deepEqual(scene.bigip.table, [`${PODS} via 10.0.0.1 stale`, '10.244.9.0/24 via 10.0.0.1 stale'])
      scene.clock.advance(SETTLED)
      expectRoutes(scene)
    })

    test('a changed policy is told as routes that changed, came and went', () => {
      const scene = new Scene(as, bigipAs)
      const { clock, bigip } = scene
      const community = parseCommunityPattern('communities', '65001:42')!
      const edited: Policy = {
        name: 'edited',
        terms: [
          {
            name: 'pods',
            match: { prefixes: [{ prefix: parsePrefix(PODS), min: 24, max: 24 }] },
            set: { med: 7, communities: { communities: { remove: [], add: [community] } }, prepend: { count: 2 } },
            action: 'accept',
          },
        ],
        otherwise: 'reject',
      }
      scene.peer({ ...plain, exportPolicy: edited })
      clock.advance(10)
      assert.deepEqual([podsAt(scene)?.med, podsAt(scene)?.communities], [7, ['65001:42']])
      assert.equal(podsAt(scene)?.asPath.length, bigip.isInternal ? 2 : 3)
      scene.peer({ ...plain, exportPolicy: REJECT })
      clock.advance(10)
      assert.deepEqual(bigip.table, [])
      scene.peer({ ...plain, exportPolicy: ACCEPT, importPolicy: REJECT })
      clock.advance(10)
      assert.deepEqual(scene.node.best, [`${PODS} via self`])
      scene.peer()
      clock.advance(10)
      assert.equal(bigip.sessions, 1)
      expectRoutes(scene)
    })

    test('drained: GRACEFUL_SHUTDOWN, withdrawals, Cease / Administrative Shutdown; undrained: all is back', () => {
      const scene = new Scene(as, bigipAs)
      const { clock, node, bigip } = scene
      node.speaker.drain({ text: 'kernel update' })
      clock.advance(10)
      assert.deepEqual(podsAt(scene)?.communities, ['65535:0'])
      clock.advance(MINUTE)
      assert.deepEqual(bigip.table, [])
      assert.deepEqual(bigip.notified, ['6/2'])
      node.speaker.undrain()
      clock.advance(SETTLED)
      assert.deepEqual(podsAt(scene)?.communities, [])
      expectRoutes(scene)
    })

    test('each asks the other for its routes again, and gets them', () => {
      const scene = new Scene(as, bigipAs)
      const { clock, node, bigip } = scene
      bigip.routes.clear()
      bigip.askRefresh()
      clock.advance(10)
      assert.deepEqual(bigip.table, [`${PODS} via 10.0.0.1`])
      const { update } = node.view(scene.neighbor).session.received
      assert.equal(node.speaker.refresh('10.0.0.9', 'in'), undefined)
      clock.advance(MINUTE)
      assert.ok(node.view(scene.neighbor).session.received.update > update)
      assert.equal(bigip.sessions, 1)
      expectRoutes(scene)
    })

    test('a session that is reset, and one that falls silent, come back', () => {
      const scene = new Scene(as, bigipAs)
      const { clock, node, bigip, network } = scene
      assert.equal(node.speaker.reset('10.0.0.9', 'try again'), undefined)
      clock.advance(SETTLED)
      assert.deepEqual(bigip.notified, ['6/4'])
      expectRoutes(scene)
      network.cut(parseAddress('10.0.0.9'))
      clock.advance(2 * MINUTE)
      assert.notEqual(bigip.state, 'established')
      network.mend(parseAddress('10.0.0.9'))
      clock.advance(2 * SETTLED)
      expectRoutes(scene)
    })
  })

test('what the profile leaves out such a router would indeed find odd', () => {
  const scene = new Scene(65001, 65009)
  scene.peer({ families: [4] })
  scene.clock.advance(SETTLED)
  assert.match(scene.bigip.odd.join(), /does not know/)
  assert.notEqual(scene.bigip.state, 'established')
})

/** One of the things that happen, by chance. */
function happen(
  scene: Scene,
  next: (below: number) => number,
  present: { prefixes: Set<string>; drained: boolean },
): void {
  const { node, other, bigip, network } = scene
  const some = () => Array.from({ length: next(4) }, () => `10.244.${next(8)}.0/24`)
  const what: readonly (() => void)[] = [
    () => {
      present.prefixes = new Set([PODS, ...some()])
      node.announce(...present.prefixes)
    },
    () => other.announce(...some().map(prefix => prefix.replace('10.244', '10.245'))),
    () => bigip.announce(`203.0.113.${next(20)}/32`, next(3)),
    () => bigip.withdraw(`203.0.113.${next(20)}/32`),
    () => bigip.askRefresh(),
    () => void node.speaker.refresh('10.0.0.9', next(2) === 0 ? 'in' : 'out'),
    () => void node.speaker.reset('10.0.0.9'),
    () => scene.peer({ ...plain, exportPolicy: next(2) === 0 ? ACCEPT : REJECT }),
    () => network.reset(parseAddress('10.0.0.9')),
    () => {
      bigip.die()
      bigip.start()
    },
    () => {
      present.drained = !present.drained
      if (present.drained) node.speaker.drain()
      else node.speaker.undrain()
    },
  ]
  what[next(what.length)]!()
}

const RUNS = Number(process.env['PODPEER_PROPERTY_RUNS'] ?? 40)

test('in random lives of a node, its peers and its BIG-IP nothing is ever odd, and in the end the BIG-IP has what it should', () => {
  let sessions = 0
  for (let seed = 1; seed <= RUNS; seed++) {
    const next = random(seed)
    const [, as, bigipAs] = kinds[next(kinds.length)]!
    const scene = new Scene(as, bigipAs)
    const present = { prefixes: new Set([PODS]), drained: false }
    for (let step = 0; step < 40; step++) {
      happen(scene, next, present)
      scene.clock.advance([0, 10, SECOND, 20 * SECOND, 5 * MINUTE][next(5)]!)
    }
    if (present.drained) scene.node.speaker.undrain()
    scene.peer()
    scene.other.announce()
    scene.clock.advance(2 * SETTLED)
    const told = `seed ${seed}: ${scene.bigip.ended.join(', ')}\n${scene.node.said.join('\n')}`
    assert.deepEqual(scene.bigip.odd, [], told)
    assert.equal(scene.bigip.state, 'established', told)
    assert.deepEqual(
      scene.bigip.table,
      [...present.prefixes].sort().map(prefix => `${prefix} via 10.0.0.1`),
      told,
    )
    sessions += scene.bigip.sessions
  }
  assert.ok(sessions > 3 * RUNS, `${sessions} sessions`)
})
