import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type BigIpView,
  bigIpViews,
  type ClusterNode,
  clusterNode,
  effective,
  parseFile,
} from '../../../daemon/config/index.ts'
import type { KubeObject } from '../../../lib/kube/object.ts'
import { nodeObject } from '../agent/played-world.ts'
import { bigIpObject } from '../agent/setting.ts'

const NODE = { name: 'node-1', nameOrigin: 'host name', object: nodeObject() }

function view(object: KubeObject, former: readonly BigIpView[] = []): BigIpView {
  const { views, problems } = bigIpViews([object], former)
  assert.deepEqual(problems, [])
  return views[0]!
}

/** In force on node-1. */
function inForce(yaml: string, bigips: readonly BigIpView[], nodes: readonly ClusterNode[] = [], node = NODE) {
  return effective(parseFile(yaml), node, { bigips, nodes })
}

const shortPeers = (config: ReturnType<typeof inForce>) =>
  config.peers.map(peer => `${peer.name} ${peer.address} AS ${peer.asNumber} ${peer.families.join(' ')}`)

describe('a BIGIP in a BGP mode', () => {
  it('gives an agent its AS and a peer for each address of each unit, with the BIGIP as their origin', () => {
    const config = inForce('', [view(bigIpObject())])
    assert.equal(config.asNumber, 64512)
    assert.equal(config.origins.get('asNumber'), 'BIGIP bigip')
    assert.deepEqual(shortPeers(config), [
      'bigip/bigip-a 10.0.0.254 AS 64512 4',
      'bigip/bigip-a IPv6 fd00::fe AS 64512 6',
      'bigip/bigip-b 10.0.0.253 AS 64512 4',
    ])
    assert.equal(config.origins.get('peers[bigip/bigip-a].address'), 'BIGIP bigip')
    assert.deepEqual(config.problems, [])
  })

  it('gives way to the file, its sections and the annotations of the Node', () => {
    const object = nodeObject({ annotations: { 'podpeer.io/as-number': '65009' } })
    const file = `
asNumber: 65001
peers: [{ name: bigip/bigip-b, holdTime: 30 }]
nodes: [{ selector: {}, peers: [{ name: bigip/bigip-b, export: reject }] }]`
    const config = inForce(file, [view(bigIpObject())], [], { ...NODE, object })
    assert.equal(config.asNumber, 65009)
    const other = config.peers.find(({ name }) => name === 'bigip/bigip-b')!
    assert.equal(other.holdTime, 30)
    assert.equal(other.exportPolicy.name, 'reject')
    assert.equal(other.address.toString(), '10.0.0.253')
    assert.equal(inForce('asNumber: 65001', [view(bigIpObject())]).asNumber, 65001)
  })

  it('leaves an address alone that the file has under another name', () => {
    const config = inForce('peers: [{ name: mine, address: 10.0.0.254, asNumber: 64999 }]', [view(bigIpObject())])
    assert.deepEqual(shortPeers(config), [
      'bigip/bigip-a IPv6 fd00::fe AS 64512 6',
      'bigip/bigip-b 10.0.0.253 AS 64512 4',
      'mine 10.0.0.254 AS 64999 4 6',
    ])
    assert.deepEqual(config.problems, [])
  })

  it('lets its own VIPs in and what the file allows, and nothing else; tells it what originates here', () => {
    const { peers } = inForce('import: { allow: [198.51.100.0/24] }', [view(bigIpObject())])
    const { importPolicy, exportPolicy } = peers[0]!
    const ranges = importPolicy.terms.flatMap(({ match }) => match.prefixes ?? [])
    assert.deepEqual(
      ranges.map(({ prefix, min, max }) => `${prefix} ${min}-${max}`),
      ['203.0.113.0/24 24-32', '192.0.2.80/32 32-32', '198.51.100.0/24 24-32'],
    )
    assert.ok(importPolicy.terms.every(({ action }) => action === 'accept'))
    assert.equal(importPolicy.otherwise, 'reject')
    assert.equal(exportPolicy.name, 'originated')
  })

  it('that advertises nothing lets nothing in', () => {
    const bare = bigIpObject()
    const [peer] = inForce('', [view({ ...bare, spec: {} })]).peers
    assert.deepEqual([peer!.importPolicy.terms, peer!.importPolicy.otherwise], [[], 'reject'])
  })
})

it('a BIGIP in another mode, or without a status, says nothing to agents', () => {
  for (const status of [{}, { mode: 'flannel-vxlan', nodeASNumber: 64512, units: [{ name: 'bigip-a' }] }]) {
    const config = inForce('', [view({ ...bigIpObject(), status })])
    assert.equal(config.asNumber, undefined)
    assert.deepEqual(config.peers, [])
  }
})

describe('objects that change', () => {
  it('keep what they said last where they cannot be read', () => {
    const before = [view(bigIpObject())]
    for (const broken of [
      { spec: { bgp: { asNumber: 'x' } } },
      { status: { units: [{ name: 'a', bgp: { addresses: ['?'], asNumber: 1 } }] } },
    ]) {
      const { views, problems } = bigIpViews([{ ...bigIpObject(), ...broken }], before)
      assert.deepEqual(views, before)
      assert.match(problems.join(), /^BIGIP bigip cannot be read, and what it said last holds: /)
      assert.deepEqual(bigIpViews([{ ...bigIpObject(), ...broken }], []).views, [])
    }
  })

  it('keep the BGP of a unit that the controller cannot read now, until the mode or the unit has gone', () => {
    const before = view(bigIpObject())
    const status = { mode: 'bgp', nodeASNumber: 64512, units: [{ name: 'bigip-a' }, { name: 'bigip-c' }] }
    const now = view({ ...bigIpObject(), status }, [before])
    assert.deepEqual(now.units, before.units.slice(0, 1))
    assert.deepEqual(view({ ...bigIpObject(), status: { ...status, mode: 'static' } }, [before]).units, [])
  })
})

describe('reflector mode', () => {
  const reflected = () => view(bigIpObject({ reflectors: ['node-8', 'node-9'] }))
  const nodes: ClusterNode[] = [
    { name: 'node-1', addresses: ['10.0.0.1', 'fd00::1'] },
    { name: 'node-2', addresses: ['10.0.0.2'], asNumber: 65002 },
    { name: 'node-8', addresses: ['10.0.0.8'] },
    { name: 'node-9', addresses: ['10.0.0.9'] },
  ]
  const on = (name: string) => inForce('', [reflected()], nodes, { ...NODE, name })

  it('lets ordinary nodes peer with the reflectors alone, and take from them what BIGIPs advertise', () => {
    const config = on('node-1')
    assert.deepEqual(shortPeers(config), [
      'reflector/node-8 10.0.0.8 AS 64512 4',
      'reflector/node-9 10.0.0.9 AS 64512 4',
    ])
    const [peer] = config.peers
    assert.deepEqual([peer!.node, peer!.install, peer!.importPolicy.otherwise], [true, true, 'reject'])
    assert.equal(peer!.exportPolicy.name, 'originated')
  })

  it('lets a reflector peer with the units and all nodes but the other reflectors', () => {
    const config = on('node-8')
    assert.deepEqual(shortPeers(config), [
      'bigip/bigip-a 10.0.0.254 AS 64512 4',
      'bigip/bigip-a IPv6 fd00::fe AS 64512 6',
      'bigip/bigip-b 10.0.0.253 AS 64512 4',
      'node/node-1 10.0.0.1 AS 64512 4',
      'node/node-1 IPv6 fd00::1 AS 64512 6',
      'node/node-2 10.0.0.2 AS 65002 4',
    ])
    const clients = config.peers.filter(({ node }) => node)
    assert.deepEqual(
      clients.map(({ routeReflectorClient, install, nextHop, passive }) => [
        routeReflectorClient,
        install,
        nextHop,
        passive,
      ]),
      [
        [true, false, 'unchanged', true],
        [true, false, 'unchanged', true],
        [false, false, 'unchanged', true],
      ],
    )
    const [bigip] = config.peers
    assert.deepEqual([bigip!.node, bigip!.install, bigip!.nextHop], [false, true, 'unchanged'])
    assert.deepEqual(
      bigip!.exportPolicy.terms.flatMap(({ match }) => match.source),
      ['local', 'service', 'node'],
    )
    assert.equal(bigip!.exportPolicy.otherwise, 'reject')
  })
})

describe('a Node as a reflector sees it', () => {
  it('has its InternalIPs and the AS of its annotation', () => {
    const addresses = [
      { type: 'Hostname', address: 'node-1' },
      { type: 'InternalIP', address: '10.0.0.1' },
      { type: 'ExternalIP', address: '198.51.100.1' },
      { type: 'InternalIP', address: 'FD00::1' },
    ]
    const annotations = { 'podpeer.io/as-number': '65009' }
    assert.deepEqual(clusterNode(nodeObject({ addresses, annotations })), {
      name: 'node-1',
      addresses: ['10.0.0.1', 'fd00::1'],
      asNumber: 65009,
    })
  })

  it('is nobody without an address, and has no AS of its own where the annotation is none', () => {
    assert.equal(clusterNode(nodeObject({ addresses: [{ type: 'InternalIP', address: 'x' }] })), undefined)
    const annotations = { 'podpeer.io/as-number': 'many' }
    assert.deepEqual(clusterNode(nodeObject({ annotations })), { name: 'node-1', addresses: ['10.0.0.1'] })
  })
})
