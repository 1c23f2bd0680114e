import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { nodeJourneys } from '../../../daemon/agent/journeys.ts'
import { bigIpViews } from '../../../daemon/config/index.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { firstWrong, type JourneyHop } from '../../../lib/base/journey.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { KernelWays } from '../../../lib/linux/overlay/way.ts'
import { writeSysctl } from '../../../lib/linux/sysctl.ts'
import { answerRows, answerSysctls } from '../../../vxlan/answers.ts'
import { judgeDevices } from '../../../vxlan/device.ts'
import type { Vtep } from '../../../vxlan/vtep.ts'
import { vtepRows } from '../../../vxlan/wanted.ts'
import { noNamespaces } from '../../linux/netns.ts'
import { MAC, OTHER_MAC, OverlayBench } from '../../linux/overlay/overlay-bench.ts'
import { flannelBigIp } from './setting.ts'

const options = { skip: noNamespaces ?? false }

/** A BIG-IP at 10.0.0.9 and one in IPv6 inside, both over IPv4. */
const VTEPS: readonly Vtep[] = [
  {
    ...{ name: 'bigip/bigip-a', family: 4, endpoint: parseAddress('10.0.0.9'), mac: MAC, standby: false, floating: [] },
    selfIP: parseAddress('10.244.20.1'),
    subnets: [parsePrefix('10.244.20.0/24')],
  },
  {
    ...{ name: 'bigip/bigip-a', family: 6, endpoint: parseAddress('10.0.0.9'), mac: MAC, standby: false, floating: [] },
    selfIP: parseAddress('fd20::1'),
    subnets: [parsePrefix('fd20::/64')],
  },
]

/** A node whose pods are behind `cni0`, with all rows towards BIG-IP that nobody keeps any more. */
class Node {
  readonly bench: OverlayBench
  /** BIG-IP asks by ARP and NDP where pods are. */
  asking = false
  /** And the agent is to answer. */
  answers = false

  private constructor(context: TestContext) {
    this.bench = new OverlayBench(context)
  }

  static async open(context: TestContext): Promise<Node> {
    const node = new Node(context)
    const { namespace } = node.bench
    for (const command of [
      'link add cni0 type bridge',
      'link add pod type veth peer name eth0',
      'link set pod master cni0',
      'link set pod up',
      'link set eth0 up',
      'link set cni0 up',
      'addr add 10.244.1.1/24 dev cni0',
      'addr add fd01::1/64 dev cni0 nodad',
    ])
      namespace.ip(command)
    for (const family of [4, 6]) node.set(family, 'all', 'forwarding', '1')
    const table = node.bench.open()
    table.want(VTEPS.flatMap(vtep => vtepRows([vtep], 'vx')))
    await table.settled()
    await node.bench.close(table)
    return node
  }

  set(family: number, link: string, what: string, value: string): void {
    this.bench.namespace.run(() => writeSysctl({ name: `net/ipv${family}/conf/${link}/${what}`, value }))
  }

  /** Answers for a pod, as an agent that is told to does. */
  async answer(pod: string): Promise<void> {
    this.asking = true
    const address = parseAddress(pod)
    const table = this.bench.open()
    table.want(answerRows([address], 'vx', address.family))
    await table.settled()
    await this.bench.close(table)
    for (const sysctl of answerSysctls('vx', address.family)) this.bench.namespace.run(() => writeSysctl(sysctl))
  }

  /** What becomes of BIG-IP's question for a pod. */
  answerTo(pod: string): JourneyHop | undefined {
    const journey = this.journeys(pod).journeys.find(({ to }) => to === pod)
    return journey?.hops.find(({ hop }) => hop === 'answer')
  }

  journeys(pod: string) {
    return this.bench.namespace.run(() => {
      const ways = new KernelWays()
      try {
        const overlays = VTEPS.map(vtep => {
          const overlay = { family: vtep.family, vni: 1, port: 8472 } as const
          return { overlay, vteps: [vtep], ...judgeDevices(ways.links, overlay, [vtep.endpoint], []) }
        })
        const subject = {
          node: 'node-1',
          podCIDRs: ['10.244.1.0/24', 'fd01::/64'],
          overlays,
          bigips: this.asking ? bigIpViews([{ ...flannelBigIp(), spec: { arp: 'none' } }], []).views : [],
          answers: this.answers,
        }
        return nodeJourneys({ ...subject, pod: parseAddress(pod) }, ways)
      } finally {
        ways.close()
      }
    })
  }

  /** `from pod: route`: the first hop that is wrong in each direction. */
  wrong(pod: string): string[] {
    return this.journeys(pod).journeys.flatMap(journey => {
      const hop = firstWrong(journey)
      return hop === undefined ? [] : [`${journey.from === pod ? 'from pod' : 'to pod'}: ${hop.hop}`]
    })
  }
}

const PODS = { 4: '10.244.1.5', 6: 'fd01::5' } as const
const BOTH = [4, 6] as const

test('with all rows in place each hop of both ways is right, and whose it is is told', options, async context => {
  const node = await Node.open(context)
  for (const pod of Object.values(PODS)) {
    const { place, journeys } = node.journeys(pod)
    assert.equal(place, 'here')
    assert.equal(journeys.length, 2)
    for (const { hops } of journeys)
      assert.deepEqual(
        hops.filter(({ verdict }) => verdict !== 'right'),
        [],
      )
    const owners = Object.fromEntries(journeys[0]!.hops.map(({ hop, owner }) => [hop, owner]))
    assert.deepEqual(
      [owners['pod'], owners['route'], owners['neighbour'], owners['FDB row'], owners['underlay']],
      ['kernel', 'podpeer', 'podpeer', 'podpeer', 'kernel'],
    )
  }
})

interface Case {
  readonly title: string
  damage(node: Node): void
  readonly wrong: readonly string[]
  /** Default: both. */
  readonly families?: readonly (4 | 6)[]
}

const NET = { 4: '10.244.20.0/24', 6: 'fd20::/64' } as const
const GATEWAY = { 4: '10.244.20.1', 6: 'fd20::1' } as const
const each = (damage: (family: 4 | 6, ip: (command: string) => void) => void) => (node: Node) => {
  for (const family of [4, 6] as const) damage(family, command => node.bench.namespace.ip(`-${family} ${command}`))
}

const CASES: readonly Case[] = [
  {
    title: 'a route that was deleted is the route',
    damage: each((family, ip) => ip(`route del ${NET[family]} dev vx`)),
    wrong: ['from pod: route'],
  },
  {
    title: 'a longer route of others is the route',
    damage: each((family, ip) => ip(`route add ${GATEWAY[family]} dev a`)),
    wrong: ['from pod: route'],
  },
  {
    title: 'a rule of the CNI that leads pods to another table is the rule',
    damage: each((family, ip) => {
      ip(`route add default dev a table 2`)
      ip(`rule add from ${PODS[family]} lookup 2`)
    }),
    wrong: ['from pod: rule'],
  },
  {
    title: 'a neighbour that was deleted is the neighbour',
    damage: each((family, ip) => ip(`neigh del ${GATEWAY[family]} dev vx`)),
    wrong: ['from pod: neighbour'],
  },
  {
    title: 'a neighbour with another MAC address is the neighbour',
    damage: each((family, ip) => ip(`neigh replace ${GATEWAY[family]} dev vx lladdr ${OTHER_MAC} nud permanent`)),
    wrong: ['from pod: neighbour'],
  },
  {
    title: 'an FDB row that was deleted is the FDB row',
    damage: node => node.bench.namespace.bridge(`fdb del ${MAC} dev vx`),
    wrong: ['from pod: FDB row'],
  },
  {
    title: 'an FDB row that leads to another VTEP is the FDB row',
    damage: ({ bench: { namespace } }) => {
      namespace.bridge(`fdb del ${MAC} dev vx`)
      namespace.bridge(`fdb add ${MAC} dev vx dst 10.0.0.8 self permanent`)
    },
    wrong: ['from pod: FDB row'],
  },
  {
    title: 'an endpoint without a route is the underlay',
    damage: ({ bench }) => bench.namespace.ip('route add unreachable 10.0.0.9'),
    wrong: ['from pod: underlay'],
  },
  {
    title: 'an endpoint behind a link that is down is the underlay',
    damage: ({ bench }) => bench.namespace.ip('link set dev a down'),
    wrong: ['from pod: underlay'],
  },
  {
    title: 'a device that is down is the tunnel',
    damage: ({ bench }) => bench.namespace.ip('link set vx down'),
    wrong: ['from pod: tunnel', 'to pod: tunnel'],
  },
  {
    title: 'a device with another VNI is the tunnel',
    damage: ({ bench: { namespace } }) => {
      namespace.ip('link del vx')
      namespace.ip('link add vx type vxlan id 7 dstport 8472 local 10.0.0.1 nolearning')
      namespace.ip('link set vx up')
    },
    wrong: ['from pod: tunnel', 'to pod: tunnel'],
  },
  {
    title: 'a link of pods that passes nothing on is the forwarding',
    damage: node => {
      for (const family of [4, 6]) node.set(family, 'cni0', 'forwarding', '0')
    },
    wrong: ['from pod: forwarding'],
  },
  {
    title: 'a tunnel that passes nothing on is the forwarding',
    damage: node => {
      for (const family of [4, 6]) node.set(family, 'vx', 'forwarding', '0')
    },
    wrong: ['to pod: forwarding'],
  },
  {
    title: 'a strict reverse path filter where answers leave elsewhere is the reverse path',
    damage: node => {
      node.set(4, 'all', 'rp_filter', '1')
      node.bench.namespace.ip('route add 10.244.20.1 dev a')
    },
    wrong: ['from pod: route', 'to pod: reverse path'],
    families: [4],
  },
]

for (const { title, damage, wrong, families = BOTH } of CASES)
  test(`of wrong hops ${title}`, options, async context => {
    const node = await Node.open(context)
    for (const family of families) assert.deepEqual(node.wrong(PODS[family]), [])
    damage(node)
    for (const family of families) assert.deepEqual(node.wrong(PODS[family]), wrong, `IPv${family}`)
  })

test(
  'where BIG-IP asks by ARP and NDP, a missing answer is the first hop that is wrong, and is named',
  options,
  async context => {
    const node = await Node.open(context)
    for (const family of BOTH) assert.equal(node.answerTo(PODS[family]), undefined, 'nobody asks')
    node.asking = true
    for (const [family, question] of [
      [4, 'ARP'],
      [6, 'NDP'],
    ] as const) {
      const pod = PODS[family]
      assert.deepEqual(node.wrong(pod), ['to pod: answer'])
      const { found, reason, remedy = '' } = node.answerTo(pod)!
      assert.equal(found, `proxy ${pod} dev vx: none`)
      assert.equal(reason, `BIG-IP asks all nodes by ${question} (arp: none), and nobody here answers for ${pod}`)
      assert.match(remedy, /overlay: \{ answers: true \}/)
      node.answers = true
      assert.match(node.answerTo(pod)!.remedy!, /^the agent puts it there/)
      node.answers = false
      await node.answer(pod)
      assert.deepEqual(node.wrong(pod), [])
      const { verdict, owner } = node.answerTo(pod)!
      assert.deepEqual([verdict, owner], ['right', 'podpeer'])
    }
  },
)

test(
  'a setting that keeps the kernel from answering is wrong, one that makes it slow is told',
  options,
  async context => {
    const node = await Node.open(context)
    for (const pod of Object.values(PODS)) await node.answer(pod)
    node.set(6, 'vx', 'proxy_ndp', '0')
    assert.deepEqual(node.wrong(PODS[6]), ['to pod: answer'])
    assert.equal(node.answerTo(PODS[6])!.remedy, 'sysctl -w net.ipv6.conf.vx.proxy_ndp=1')
    node.bench.namespace.run(() => writeSysctl({ name: 'net/ipv4/neigh/vx/proxy_delay', value: '80' }))
    assert.deepEqual(node.wrong(PODS[4]), [])
    assert.match(node.answerTo(PODS[4])!.reason!, /proxy_delay = 80: the answer waits/)
  },
)

test('what is no pod of this node is elsewhere, and nothing is said of its way', options, async context => {
  const node = await Node.open(context)
  for (const address of ['10.0.0.9', '10.244.2.5', '10.244.1.1', 'fd20::7']) {
    const { place, journeys } = node.journeys(address)
    assert.deepEqual([place, journeys], ['elsewhere', []], address)
  }
  node.bench.namespace.ip('route add blackhole 10.244.1.9')
  const { place, reason } = node.journeys('10.244.1.9')
  assert.deepEqual([place, reason], ['nowhere', '10.244.1.9: a route is a blackhole for it'])
})

test('a pod with a route of its own is here, whatever the Node says', options, async context => {
  const node = await Node.open(context)
  node.bench.namespace.ip('route add 192.168.7.7 dev cni0')
  assert.equal(node.journeys('192.168.7.7').place, 'here')
})

test(
  'a rule of somebody else that leads packets of the pod into a blackhole is looked for, not put right by the agent',
  options,
  async context => {
    const node = await Node.open(context)
    node.bench.namespace.ip('route add blackhole default table 77')
    node.bench.namespace.ip(`rule add from ${PODS[4]} lookup 77 priority 100`)
    const { hop, reason, remedy } = firstWrong(node.journeys(PODS[4]).journeys[0]!)!
    assert.equal(hop, 'route')
    assert.match(reason!, /^a route is a blackhole for it; wanted: /)
    assert.match(remedy!, /^find it: ip rule; ip route show table all match /)
  },
)
