/** The way of packets on a device: right where it holds what is wanted, and the first hop that is wrong where it does not. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseAddress } from '../../../lib/base/ip.ts'
import { firstWrong } from '../../../lib/base/journey.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { judgeDevice } from '../../../lib/bigip/journey.ts'
import { desire } from '../../../lib/bigip/mode/index.ts'
import { Place } from '../../../lib/bigip/mode/place.ts'
import type { NeighborState } from '../../../lib/bigip/routing/neighbor-state.ts'
import type { Row } from '../../../lib/bigip/row.ts'
import {
  blockAffinity,
  ciliumConfigMap,
  ciliumNode,
  dualNode,
  flannelConfig,
  flannelNode,
  macOf,
  node,
  pod,
} from '../cni/objects.ts'
import { DUAL, inputOf, selfIP, type Told } from './mode/scene.ts'

const TUNNEL = '/Common/podpeer-c1-vxlan'

interface Scene extends Told {
  readonly pod: string
  /** What became of the rows that podpeer made. */
  readonly damage?: (rows: readonly Row[]) => readonly Row[]
  readonly neighbors?: readonly NeighborState[]
}

function journeysOf({ pod: text, damage = rows => rows, neighbors = [], ...told }: Scene) {
  const input = inputOf(told)
  const wanted = desire(input)
  const address = parseAddress(text)
  const made = wanted.rows.filter(({ kind, name }) => kind !== 'self IP' || name.includes('podpeer'))
  return judgeDevice({
    name: 'bigip/bigip-a',
    pod: address,
    node: input.network.nodes.find(({ podCIDRs }) =>
      podCIDRs.some(({ prefix }) => parsePrefix(prefix).contains(address)),
    ),
    desire: wanted,
    actual: damage([...input.facts.selfIPs, ...made]),
    domain: new Place(input).address(''),
    neighbors,
  })
}

/** `route right: …` of each hop to the pod. */
const hops = (scene: Scene) => journeysOf(scene)[0]!.hops.map(({ hop, verdict }) => `${hop} ${verdict}`)
/** The hop, why and what mends it, of the first in either direction. */
function wrong(scene: Scene): string[] {
  return journeysOf(scene).flatMap(journey => {
    const hop = firstWrong(journey)
    return hop === undefined ? [] : [`${hop.hop}: ${hop.reason} → ${hop.remedy ?? ''}`]
  })
}

const FLANNEL = {
  nodes: [flannelNode(1), flannelNode(2)],
  configMaps: [flannelConfig()],
}
const PODS = [pod('a', 'node-1', ['10.244.1.7']), pod('b', 'node-2', ['10.244.2.7'])]
const scene: Scene = { pod: '10.244.1.7', cluster: FLANNEL, pods: PODS }
const except = (isMeant: (row: Row) => boolean) => (rows: readonly Row[]) => rows.filter(row => !isMeant(row))
const changed = (kind: Row['kind'], fields: object) => (rows: readonly Row[]) =>
  rows.map(row => (row.kind === kind ? ({ ...row, fields: { ...row.fields, ...fields } } as Row) : row))
const ALL = ['node right', 'route right', 'ARP right', 'FDB record right', 'underlay right']

describe('through flannel’s overlay', () => {
  test('with all rows in place every hop is right, by pod and by node', () => {
    assert.deepEqual(hops(scene), ALL)
    assert.deepEqual(hops({ ...scene, spec: { arp: 'node' } }), ALL)
    for (const spec of [{}, { arp: 'node' }]) assert.deepEqual(wrong({ ...scene, spec }), [])
    const [to, from] = journeysOf(scene)
    assert.deepEqual([to!.from, to!.to, from!.from, from!.to], ['bigip/bigip-a', scene.pod, scene.pod, 'bigip/bigip-a'])
    assert.deepEqual(
      from!.hops.map(({ hop, verdict }) => `${hop} ${verdict}`),
      ['vxlan profile right', 'tunnel right', 'self IP right'],
    )
  })

  test('IPv6 has NDP entries and a tunnel of its own', () => {
    const netConf = {
      Network: '10.244.0.0/16',
      EnableIPv6: true,
      IPv6Network: 'fd00:10:244::/48',
      Backend: { Type: 'vxlan' },
    }
    const cluster = { nodes: [dualNode(1)], configMaps: [flannelConfig(netConf)] }
    const six = {
      pod: 'fd00:10:244:1::7',
      cluster,
      facts: { selfIPs: DUAL },
      pods: [pod('a', 'node-1', ['fd00:10:244:1::7'])],
    }
    assert.deepEqual(hops(six), ['node right', 'route right', 'NDP right', 'FDB record right', 'underlay right'])
    assert.deepEqual(
      journeysOf(six)[1]!.hops.map(({ found }) => found),
      ['/Common/podpeer-c1-vxlan-profile', `${TUNNEL}-v6`, '/Common/podpeer-c1-self-v6'],
      'what takes in IPv4 is nothing to it',
    )
    const damage = except(({ kind }) => kind === 'NDP')
    assert.match(wrong({ ...six, damage })[0]!, /^NDP: wanted: fd00:10:244:1::7 is at 0e:bb:00:00:00:01/)
  })

  const isPod = ({ kind, fields }: Row) => kind === 'ARP' && 'ipAddress' in fields && fields.ipAddress === scene.pod
  const isRecord = ({ kind, name }: Row) => kind === 'FDB record' && name === macOf(1)
  const cases: readonly (readonly [title: string, first: RegExp, damage: NonNullable<Scene['damage']>])[] = [
    ['no ARP entry', /^ARP: wanted: 10\.244\.1\.7 is at 0a:bb:00:00:00:01 → .*podpeer bigip apply$/, except(isPod)],
    [
      'an ARP entry with another MAC address',
      /^ARP: the node's end of the tunnel has 0a:bb:00:00:00:01 → /,
      changed('ARP', { macAddress: macOf(9) }),
    ],
    [
      'an ARP entry of others',
      /^ARP: .* → tmsh delete net arp \/Common\/by-hand$/,
      rows =>
        rows.map(row =>
          isPod(row)
            ? ({ ...row, name: '/Common/by-hand', fields: { ...row.fields, macAddress: macOf(9) } } as Row)
            : row,
        ),
    ],
    ['no FDB record', /^FDB record: wanted: 0a:bb:00:00:00:01 → 10\.1\.10\.1 → /, except(isRecord)],
    [
      'a record that leads elsewhere',
      /^FDB record: wanted: 0a:bb:00:00:00:01 → 10\.1\.10\.1 → /,
      changed('FDB record', { endpoint: '10.1.10.9' }),
    ],
    [
      'a longer route of others',
      /^route: wanted: self IP .* → tmsh delete net route \/Common\/old$/,
      rows => [
        ...rows,
        { kind: 'route', name: '/Common/old', fields: { network: '10.244.1.0/24', gateway: '10.1.10.1' } },
      ],
    ],
    [
      'no self IP on the nodes’ VLAN',
      /^underlay: the device has no way to the node's VTEP 10\.1\.10\.1/,
      except(({ name }) => name === '/Common/internal-self'),
    ],
  ]
  for (const [title, first, damage] of cases)
    test(`the first hop that is wrong is named: ${title}`, () => {
      const [found, ...others] = wrong({ ...scene, damage })
      assert.match(found ?? 'nothing', first)
      assert.deepEqual(others, [])
    })

  test('a tunnel with another key takes in nothing of pods', () => {
    const [first] = wrong({ ...scene, damage: changed('tunnel', { key: 7 }) })
    assert.match(first!, /^tunnel: key is 7, not 1/)
  })

  test('a self IP that is not there is wrong in both directions', () => {
    const [to, from] = wrong({ ...scene, damage: except(({ name }) => name === '/Common/podpeer-c1-self') })
    assert.match(to!, /^route: the device has no way to 10\.244\.1\.7; wanted: self IP/)
    assert.match(from!, /^self IP: it is not there → tmsh create net self/)
  })

  test('an address that no pod has gets no entry, and that is said', () => {
    const [first] = wrong({ ...scene, pod: '10.244.1.99' })
    assert.match(first!, /^ARP: none is wanted, for no running pod on Node node-1 is known to have 10\.244\.1\.99/)
  })

  test('a node that is left out is the first hop that is wrong, in the words of its exclusion', () => {
    const nodes = [node(1), flannelNode(2)]
    const [first] = wrong({ ...scene, cluster: { ...FLANNEL, nodes } })
    assert.match(first!, /^node: .*VTEP/)
  })

  test('in a route domain only its own rows count', () => {
    const selfIPs = [selfIP('/Common/internal-self', '10.1.10.60%5/24')]
    const facts = { selfIPs, routeDomains: [{ id: 5, path: '/Common/5', protocols: [] }] }
    const far = { ...scene, facts, spec: { routeDomain: 5 } }
    assert.deepEqual(wrong(far), [])
    const foreign: Row = {
      kind: 'route',
      name: '/Common/old',
      fields: { network: '10.244.1.0/24', gateway: '10.1.10.1' },
    }
    assert.deepEqual(wrong({ ...far, damage: rows => [...rows, foreign] }), [])
  })
})

describe('without entries of its own', () => {
  const CILIUM = {
    nodes: [node(1), node(2)],
    ciliumNodes: [ciliumNode(1, ['10.244.1.0/24']), ciliumNode(2, ['10.244.2.0/24'])],
    configMaps: [
      ciliumConfigMap({
        ...{ 'cluster-pool-ipv4-cidr': '10.244.0.0/16', 'enable-vtep': 'true', 'vtep-endpoint': '10.1.10.60' },
        ...{ 'vtep-cidr': '10.1.5.0/24', 'vtep-mask': '255.255.255.0', 'vtep-mac': '00:50:56:00:00:60' },
      }),
    ],
  }
  const cilium: Scene = {
    pod: '10.244.1.7',
    cluster: CILIUM,
    facts: { tunnelMacs: new Map([[TUNNEL, '00:50:56:00:00:60']]) },
  }

  test('what is found out by flooding is not told, and the record of the node is', () => {
    assert.deepEqual(hops(cilium), ['node right', 'route right', 'ARP unknown', 'FDB record right', 'underlay right'])
    const damage = except(({ kind, name }) => kind === 'FDB record' && name === '0a:0a:0a:01:0a:01')
    assert.match(wrong({ ...cilium, damage })[0]!, /^FDB record: wanted: 0a:0a:0a:01:0a:01 → 10\.1\.10\.1/)
  })

  test('a static route through a VLAN ends at the gateway', () => {
    const routed: Scene = { pod: '10.244.1.7', cluster: { nodes: [node(1)] }, spec: { mode: 'static' } }
    assert.deepEqual(hops(routed), ['node right', 'route right', 'ARP unknown'])
    const damage = except(({ kind }) => kind === 'route')
    assert.match(
      wrong({ ...routed, damage })[0]!,
      /^route: the device has no way to 10\.244\.1\.7; wanted: route .* via 10\.1\.10\.1/,
    )
  })
})

describe('by BGP', () => {
  const session = (more: Partial<NeighborState> = {}): NeighborState => ({
    ...{ address: '10.1.10.1', asNumber: 64512, state: 'Established', since: '00:10:00', prefixes: 2 },
    ...more,
  })
  const bgp: Scene = {
    pod: '10.233.90.7',
    cluster: { nodes: [node(1)], blockAffinities: [blockAffinity('node-1', '10.233.90.0/26')] },
    facts: { selfIPs: [selfIP('/Common/internal-self', '10.1.10.60/24', { allowService: ['tcp:179'] })] },
    neighbors: [session()],
  }

  test('the session that brings the route stands for it', () => {
    assert.deepEqual(hops(bgp), ['node right', 'route right', 'BGP right'])
  })

  test('a session that is down, or that brings nothing, is the hop that is wrong', () => {
    const { prefixes: _, ...down } = session({ state: 'Active' })
    assert.match(wrong({ ...bgp, neighbors: [down] })[0]!, /^BGP: the device has no session with Node node-1/)
    assert.match(wrong({ ...bgp, neighbors: [] })[0]!, /^BGP: the device has no session with Node node-1/)
    assert.match(wrong({ ...bgp, neighbors: [session({ prefixes: 0 })] })[0]!, /^BGP: Node node-1 announces nothing/)
  })

  test('only a session of the family of the pod counts', () => {
    const dual = node(1, {
      addresses: ['10.1.10.1', 'fd00:1:10::1'].map(address => ({ type: 'InternalIP', address })),
    })
    const neighbors = [session({ address: 'fd00:1:10::1' })]
    assert.match(
      wrong({ ...bgp, cluster: { ...bgp.cluster, nodes: [dual] }, neighbors })[0]!,
      /^BGP: the device has no session/,
    )
  })

  test('a static route that wins is the hop that is wrong', () => {
    const old: Row = { kind: 'route', name: '/Common/old', fields: { network: '10.233.90.0/26', gateway: '10.1.10.1' } }
    const [first] = wrong({ ...bgp, damage: rows => [...rows, old] })
    assert.equal(first, 'route: it wins over what BGP tells of 10.233.90.0/26 → tmsh delete net route /Common/old')
    const all: Row = { kind: 'route', name: '/Common/default', fields: { network: 'default', gateway: '10.1.10.1' } }
    assert.deepEqual(wrong({ ...bgp, damage: rows => [...rows, all] }), [])
  })
})
