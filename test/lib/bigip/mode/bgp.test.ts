/** BGP modes: with whom a device peers, from where, and what it will not be able to use. What its BGP then holds is routing's. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { desire } from '../../../../lib/bigip/mode/index.ts'
import { blockAffinity, node } from '../../cni/objects.ts'
import { codes, DUAL, desired, FLOATING, inputOf, leftOut, of, selfIP, type Told } from './scene.ts'

const OPEN = { allowService: ['tcp:179'] }
const SELF_IPS = [selfIP('/Common/internal-self', '10.1.10.60/24', OPEN)]
const both = (number: number) =>
  node(number, {
    addresses: [
      { type: 'InternalIP', address: `10.1.10.${number}` },
      { type: 'InternalIP', address: `fd00:1:10::${number}` },
    ],
  })
const CLUSTER = {
  nodes: [both(1), both(2), both(3)],
  blockAffinities: [blockAffinity('node-1', '10.233.90.0/26')],
}
const want = ({ facts = {}, ...told }: Told = {}) =>
  desired({ cluster: CLUSTER, ...told, facts: { selfIPs: SELF_IPS, ...facts } })
const neighbors = (told: Told = {}) => of('BGP neighbor', want(told).rows).map(({ name }) => name)

describe('BGP modes', () => {
  test('Calico gets a process and a neighbour per node, and the address to peer with is published', () => {
    const told = want()
    assert.equal(told.mode, 'calico-bgp')
    const [process] = of('BGP', told.rows)
    assert.deepEqual(
      [process!.fields.asNumber, process!.fields.routerId, process!.fields.holdTime, process!.fields.keepaliveTime],
      [64512, '10.1.10.60', 90, 30],
    )
    assert.deepEqual(neighbors(), ['10.1.10.1', '10.1.10.2', '10.1.10.3'])
    assert.deepEqual(told.published.bgp, { addresses: ['10.1.10.60'], asNumber: 64512 })
    assert.deepEqual([codes(told), told.complete, told.served], [[], true, 3])
    assert.equal(told.routing.api, 'tmos')
  })

  test('with IPv6 near the nodes there are sessions of both families', () => {
    const selfIPs = DUAL.map(row => ({ ...row, fields: { ...row.fields, ...OPEN } }))
    assert.equal(neighbors({ facts: { selfIPs } }).length, 6)
    assert.deepEqual(want({ facts: { selfIPs } }).published.bgp!.addresses, ['10.1.10.60', 'fd00:1:10::60'])
  })

  test('as long as BGP does not run, what another mode has set up stays', () => {
    const off = want({ facts: { routing: 'none' } })
    assert.deepEqual([codes(off), off.complete], [['bgp-not-enabled'], false])
    const soon = want({ facts: { routing: 'none' }, spec: { bgp: { api: 'tmos' } } })
    assert.deepEqual([soon.routing.enable !== undefined, soon.complete], [true, false])
  })

  test('a node’s own AS number wins', () => {
    const nodes = [node(1, { annotations: { 'podpeer.io/as-number': '64700' } })]
    const groups = of('BGP peer group', want({ cluster: { ...CLUSTER, nodes } }).rows)
    assert.ok(groups.some(({ fields }) => fields.asNumber === 64700))
  })

  test('the other unit of the pair is a neighbour, by what it published or by what is written', () => {
    const unit = { name: 'b', vtep: {}, tunnel: { selfIPs: [] }, bgp: {} }
    const bgp = { addresses: ['10.1.10.61'], asNumber: 64512 }
    const published = { bgp, tunnelSubnets: [], selfIPs: [], advertised: [], reflectors: [] }
    assert.ok(neighbors({ more: { otherUnits: [{ spec: unit, published }] } }).includes('10.1.10.61'))
    const written = { ...unit, bgp: { address: '10.1.10.62' } }
    assert.ok(neighbors({ more: { otherUnits: [{ spec: written, published }] } }).includes('10.1.10.62'))
    assert.equal(neighbors({ more: { otherUnits: [{ spec: unit }] } }).length, 3)
  })

  test('nodes peer with an address of the unit itself, never with one that floats', () => {
    const selfIPs = [selfIP('/Common/a-float', '10.1.10.50/24', { ...FLOATING, ...OPEN }), ...SELF_IPS]
    assert.deepEqual(want({ facts: { selfIPs } }).published.bgp!.addresses, ['10.1.10.60'])
  })

  test('a device without BGP gets no BGP, is told why, and its other objects are looked after', () => {
    const told = want({ spec: { mode: 'bgp' }, facts: { routing: 'none' } })
    assert.deepEqual([of('BGP', told.rows), neighbors({ spec: { mode: 'bgp' }, facts: { routing: 'none' } })], [[], []])
    assert.deepEqual(codes(told), ['bgp-not-enabled'])
    assert.deepEqual([...told.unavailable].sort(), [
      'BGP',
      'BGP neighbor',
      'BGP peer group',
      'prefix list',
      'route map',
    ])
    const named = want({ spec: { mode: 'bgp', bgp: { api: 'tmos' } }, facts: { routing: 'none' } })
    assert.ok(named.routing.enable)
    assert.deepEqual(named.unavailable, told.unavailable, 'until it is enabled')
  })

  test('no mode but those of BGP enables anything', () => {
    const told = desired({
      spec: { mode: 'static', bgp: { api: 'tmos' } },
      facts: { routing: 'none' },
      cluster: CLUSTER,
    })
    assert.equal(told.routing.enable, undefined)
  })

  test('before the processes of the device are read nothing of BGP is wanted, and nothing may go', () => {
    const { bgp: _, ...unread } = inputOf({ cluster: CLUSTER, facts: { selfIPs: SELF_IPS } })
    const told = desire(unread)
    assert.deepEqual([of('BGP', told.rows), told.complete], [[], false])
  })

  test('without an address near the nodes the field to write is named', () => {
    const told = want({ facts: { selfIPs: [selfIP('/Common/x', '192.0.2.60/24')] } })
    assert.deepEqual([codes(told), told.complete, told.published.bgp], [['no-bgp-address'], false, undefined])
    assert.match(told.findings[0]!.remedy!, /units\[\]\.bgp\.address/)
  })

  test('port lockdown that keeps nodes out is told with the command that opens it', () => {
    for (const [allowService, found] of [
      [['default'], ['port-lockdown']],
      [['none'], ['port-lockdown']],
      [['tcp:22'], ['port-lockdown']],
      [['all'], []],
      [['tcp:179'], []],
    ] as const) {
      const told = want({ facts: { selfIPs: [selfIP('/Common/internal-self', '10.1.10.60/24', { allowService })] } })
      assert.deepEqual(codes(told), found)
      if (found.length > 0)
        assert.match(
          told.findings[0]!.remedy!,
          /modify net self \/Common\/internal-self allow-service add \{ tcp:179 \}/,
        )
    }
  })

  test('chosen virtual addresses are told, and published; those of another route domain are not touched', () => {
    const one = { address: '10.1.20.100', length: 32, routeAdvertisement: 'disabled' as const, trafficGroup: '' }
    const virtualAddresses = [
      { ...one, path: '/Common/10.1.20.100', routeDomain: 0 },
      { ...one, path: '/shop/10.1.20.100', routeDomain: 5 },
    ]
    const spec = { advertise: { virtualAddresses: ['10.1.20.0/24'], mode: 'selective' } }
    const told = want({ spec, facts: { virtualAddresses } })
    assert.deepEqual(told.published.advertised, ['10.1.20.100/32'])
    assert.deepEqual(
      of('route advertisement', told.rows).map(({ name, fields }) => [name, fields]),
      [['/Common/10.1.20.100', { mode: 'selective' }]],
    )
    const named = want({
      spec: { advertise: { virtualAddresses: ['/shop/10.1.20.100'] } },
      facts: { virtualAddresses },
    })
    assert.deepEqual(of('route advertisement', named.rows), [])
    assert.ok(codes(named).includes('virtual-address-missing'))
  })
})

describe('BGP by reflectors', () => {
  const labelled = (number: number) => ({ ...both(number), labels: { role: 'edge' } })
  const nodes = [labelled(1), labelled(2), both(3)]
  const spec = { bgp: { peers: 'reflector' }, reflector: { nodeSelector: { matchLabels: { role: 'edge' } } } }

  test('the device has the chosen nodes as neighbours, who learn that they reflect', () => {
    const cluster = { ...CLUSTER, nodes }
    assert.deepEqual(neighbors({ spec, cluster }), ['10.1.10.1', '10.1.10.2'])
    assert.deepEqual(want({ spec, cluster }).published.reflectors, [
      { node: 'node-1', addresses: ['10.1.10.1'], asNumber: 64512 },
      { node: 'node-2', addresses: ['10.1.10.2'], asNumber: 64512 },
    ])
    assert.equal(want({ spec, cluster }).served, 3)
  })

  test('a node that can be no next hop is left out, reflected or not', () => {
    const far = node(9, { addresses: [{ type: 'InternalIP', address: '10.9.9.9' }] })
    const told = want({ spec, cluster: { ...CLUSTER, nodes: [...nodes, far] } })
    assert.deepEqual([leftOut(told), told.served], [['node-9: NextHopNotConnected'], 3])
    assert.deepEqual(codes(told), ['next-hop-not-connected'])
  })
})
