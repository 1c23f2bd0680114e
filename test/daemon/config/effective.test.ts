import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { effective, type NodeFacts, parseFile } from '../../../daemon/config/index.ts'
import { parseAddress } from '../../../lib/base/ip.ts'

const KNOWN = {
  labels: { zone: 'a' },
  annotations: {},
  addresses: [
    { type: 'Hostname', address: 'node-1' },
    { type: 'InternalIP', address: '2001:db8::1' },
    { type: 'InternalIP', address: '10.0.1.1' },
  ],
}

function node(object: Partial<typeof KNOWN> | undefined = {}): NodeFacts {
  return { name: 'node-1', nameOrigin: 'environment NODE_NAME', object: { ...KNOWN, ...object } }
}

const UNKNOWN: NodeFacts = { name: 'node-1', nameOrigin: 'host name' }

describe('the effective configuration', () => {
  it('says of what peers and ranges have from the rest of the file where that came from', () => {
    const file = parseFile(`
gracefulRestart: { restartTime: 60 }
peers:
  - { name: tor, address: 10.0.0.1, asNumber: 65100 }
  - { name: leaf, address: 10.0.0.2, asNumber: 65100, gracefulRestart: { restartTime: 30 } }
ranges: [{ name: rack, prefix: 10.0.0.0/24, asNumber: external }]
nodes:
  - { selector: { names: [node-1] }, peers: [{ name: leaf, gracefulRestart: { restartTime: 20 } }] }
`)
    const { origins, peers } = effective(file, node())
    const heirs = ['peers[tor]', 'peers[leaf]', 'ranges[rack]']
    const told = heirs.map(heir => origins.get(`${heir}.gracefulRestart.restartTime`))
    assert.deepEqual(told, ['file', 'nodes[0]', 'file'])
    assert.equal(origins.get('peers[tor].gracefulRestart.enabled'), undefined, 'a default')
    assert.deepEqual(
      peers.map(peer => peer.gracefulRestart.restartTime),
      [60, 20],
    )
  })

  it('takes the later of file, sections and annotations, and says where each value came from', () => {
    const file = parseFile(`
asNumber: 65001
routerId: 192.0.2.1
nodes:
  - { selector: { matchLabels: { zone: a } }, asNumber: 65002, routerId: 192.0.2.2, clusterId: 192.0.2.9 }
  - { selector: { matchLabels: { zone: b } }, asNumber: 65003 }
  - { selector: { names: [node-1] }, routerId: 192.0.2.3 }
`)
    const { asNumber, routerId, clusterId, origins, problems } = effective(
      file,
      node({ annotations: { 'podpeer.io/as-number': '65004' } }),
    )
    assert.equal(asNumber, 65004)
    assert.equal(String(routerId), '192.0.2.3')
    assert.equal(String(clusterId), '192.0.2.9')
    assert.deepEqual(Object.fromEntries(origins), {
      node: 'environment NODE_NAME',
      asNumber: 'annotation podpeer.io/as-number',
      routerId: 'nodes[2]',
      clusterId: 'nodes[0]',
    })
    assert.deepEqual(problems, [])
  })

  it('merges peers by name: a later layer changes the fields it gives and adds peers of its own', () => {
    const file = parseFile(`
asNumber: 65001
peers:
  - { name: tor, address: 10.0.0.1, asNumber: 65100, holdTime: 30, password: { env: KEY } }
nodes:
  - selector: {}
    peers: [{ name: tor, holdTime: 60, password: { file: /key } }, { address: 10.0.0.2, asNumber: 65200 }]
`)
    const annotations = { 'podpeer.io/peers': '[{ "address": "10.0.0.2", "port": 1179 }]' }
    const { peers, origins } = effective(file, node({ annotations }))
    assert.deepEqual(
      peers.map(({ name, address, asNumber, port, holdTime, password }) => ({
        name,
        address: String(address),
        asNumber,
        port,
        holdTime,
        password,
      })),
      [
        { name: 'tor', address: '10.0.0.1', asNumber: 65100, port: 179, holdTime: 60, password: { file: '/key' } },
        { name: '10.0.0.2', address: '10.0.0.2', asNumber: 65200, port: 1179, holdTime: 90, password: undefined },
      ],
    )
    assert.equal(origins.get('peers[tor].address'), 'file')
    assert.equal(origins.get('peers[tor].holdTime'), 'nodes[0]')
    assert.equal(origins.get('peers[10.0.0.2].port'), 'annotation podpeer.io/peers')
  })

  it('takes from peers only the allow-list, and tells them only what originates here, unless policies say otherwise', () => {
    const file = parseFile(`
asNumber: 65001
import: { allow: [203.0.113.0/24, { prefix: '2001:db8::/32', min: 128 }] }
peers:
  - { address: 10.0.0.1, asNumber: 65100 }
  - { address: 10.0.0.2, asNumber: 65100, import: accept, export: mine }
policies: [{ name: mine, terms: [{ name: six, match: { families: [ipv6] }, action: accept }] }]
`)
    const [standard, chosen] = effective(file, node()).peers
    const [allowed] = standard!.importPolicy.terms
    assert.equal(standard!.importPolicy.otherwise, 'reject')
    assert.deepEqual(
      allowed!.match.prefixes!.map(({ prefix, min, max }) => `${prefix} ${min} ${max}`),
      ['203.0.113.0/24 24 32', '2001:db8::/32 128 128'],
    )
    assert.deepEqual(standard!.exportPolicy.terms[0]!.match, { source: ['local', 'service'] })
    assert.equal(standard!.exportPolicy.otherwise, 'reject')
    assert.equal(chosen!.importPolicy.otherwise, 'accept')
    assert.deepEqual(chosen!.exportPolicy, {
      name: 'mine',
      terms: [{ name: 'six', match: { families: [6] }, action: 'accept' }],
      otherwise: 'reject',
    })
  })

  it('gives peers the graceful restart of the file where they say nothing of their own', () => {
    const file = parseFile(`
asNumber: 65001
gracefulRestart: { restartTime: 60 }
peers:
  - { address: 10.0.0.1, asNumber: 1 }
  - { address: 10.0.0.2, asNumber: 1, gracefulRestart: { enabled: false } }
`)
    assert.deepEqual(
      effective(file, node()).peers.map(peer => peer.gracefulRestart),
      [
        { enabled: true, restartTime: 60 },
        { enabled: false, restartTime: 60 },
      ],
    )
  })

  it('has the first IPv4 InternalIP of the Node as router id', () => {
    const { routerId, clusterId, origins } = effective({}, node())
    assert.equal(String(routerId), '10.0.1.1')
    assert.equal(String(clusterId), '10.0.1.1')
    assert.equal(origins.get('routerId'), 'Node InternalIP')
  })

  it('makes the same router id from the name each time where there is no IPv4 address', () => {
    const one = effective({}, node({ addresses: [] }))
    assert.equal(String(one.routerId), String(effective({}, node({ addresses: [] })).routerId))
    const first = one.routerId!.bytes[0]!
    assert.ok(first >= 1 && first <= 223)
    assert.notEqual(
      String(one.routerId),
      String(effective({}, { ...node({ addresses: [] }), name: 'node-2' }).routerId),
    )
  })

  it('waits with the router id for the Node, and says that the AS number may come with it', () => {
    const { asNumber, routerId, problems } = effective({}, UNKNOWN)
    assert.equal(asNumber, undefined)
    assert.equal(routerId, undefined)
    assert.deepEqual(problems, [
      'no AS number in the file, and the Node that may have one is not known yet: no session can run',
    ])
  })

  it('without Kubernetes needs no Node', () => {
    const file = parseFile('{ asNumber: 1, kubernetes: { enabled: false } }')
    const { routerId, problems } = effective(file, UNKNOWN)
    assert.notEqual(routerId, undefined)
    assert.deepEqual(problems, [])
  })

  it('says where an AS number can be written when none is known', () => {
    assert.deepEqual(effective({}, node()).problems, [
      'no AS number is known: write asNumber in the file or in a section for this node, or annotate the Node with podpeer.io/as-number; no session can run',
    ])
  })

  it('leaves sections chosen by labels aside while labels are not known, and takes those chosen by name', () => {
    const file = parseFile(`
nodes:
  - { selector: { matchLabels: { zone: a } }, asNumber: 1 }
  - { selector: { names: [node-1] }, state: /run/one.json, control: { socket: /run/one.sock } }
  - { selector: { names: [node-2] }, state: /run/two.json }
`)
    const { asNumber, state, control } = effective(file, UNKNOWN)
    assert.equal(asNumber, undefined)
    assert.equal(state, '/run/one.json')
    assert.equal(control.socket, '/run/one.sock')
  })

  const badAnnotations: [annotations: Record<string, string>, problem: string][] = [
    [
      { 'podpeer.io/as-number': 'AS65001' },
      'annotation podpeer.io/as-number: "AS65001" is not a whole number from 1 to 4294967295: it is ignored',
    ],
    [
      { 'podpeer.io/router-id': '::1' },
      'annotation podpeer.io/router-id: "::1" is not an IPv4 address; write one such as 192.0.2.1: it is ignored',
    ],
    [
      { 'podpeer.io/peers': '- addres: 10.0.0.1' },
      'annotation podpeer.io/peers[0].addres: unknown key; did you mean address?: it is ignored',
    ],
    [{ 'podpeer.io/peers': '{[' }, 'annotation podpeer.io/peers: "{[" is not a list: it is ignored'],
    [
      { 'podpeer.io/peers': '[{ address: 10.0.0.1, import: nowhere }]' },
      'annotation podpeer.io/peers[0].import: there is no policy "nowhere"; known are accept, reject, allowed, originated: it is ignored',
    ],
  ]
  for (const [annotations, problem] of badAnnotations)
    it(`goes on without a bad annotation and says so: ${problem.slice(11, 60)}…`, () => {
      const file = parseFile('{ asNumber: 65001, peers: [{ address: 10.0.0.9, asNumber: 1 }] }')
      const { asNumber, peers, problems } = effective(file, node({ annotations }))
      assert.equal(asNumber, 65001)
      assert.deepEqual(
        peers.map(({ name }) => name),
        ['10.0.0.9'],
      )
      assert.deepEqual(problems, [problem])
    })

  it('leaves out a peer that cannot run, and says why', () => {
    const file = parseFile(`
asNumber: 65001
peers:
  - { name: nowhere, asNumber: 1 }
  - { name: nobody, address: 10.0.0.1 }
  - { name: mixed, address: 10.0.0.2, asNumber: 1, localAddress: '2001:db8::1' }
  - { name: client, address: 10.0.0.3, asNumber: 65002, routeReflectorClient: true }
  - { name: good, address: 10.0.0.4, asNumber: 1 }
  - { name: double, address: 10.0.0.4, asNumber: 1 }
`)
    const { peers, problems } = effective(file, node())
    assert.deepEqual(
      peers.map(({ name }) => name),
      ['good'],
    )
    assert.deepEqual(problems, [
      'peer nowhere is left out: it has no address in any layer',
      'peer nobody is left out: it has no asNumber',
      'peer mixed is left out: localAddress 2001:db8::1 and address 10.0.0.2 are not of one family',
      "peer client is left out: a route reflector's client has the AS number of this node, 65001, not 65002",
      'peer double is left out: its address 10.0.0.4 is that of peer good',
    ])
  })

  it('shows itself as a file that is complete, and that would be accepted again', () => {
    const file = parseFile(
      '{ asNumber: 65001, peers: [{ address: 10.0.0.9, asNumber: 1 }], nodes: [{ selector: {} }] }',
    )
    const { document } = effective(file, node())
    assert.equal('nodes' in document, false)
    assert.deepEqual(document['listen'], { addresses: ['0.0.0.0', '::'], port: 179 })
    assert.equal(document['routerId'], '10.0.1.1')
    const again = effective(parseFile(JSON.stringify(document)), node())
    assert.deepEqual(again.document, document)
  })

  it('fills in a listen range as it does a peer, and leaves out what contradicts another', () => {
    const { ranges, problems } = effective(
      parseFile(`
asNumber: 65001
gracefulRestart: { restartTime: 60 }
peers: [{ name: known, address: 10.0.2.1, asNumber: 65002 }]
ranges:
  - { name: rack, prefix: 10.0.1.0/24, asNumber: external, gtsm: 1, limit: 7 }
  - { name: inside, prefix: 10.0.3.0/24, asNumber: internal, password: { env: KEY } }
  - { name: again, prefix: 10.0.1.0/24, asNumber: 65003 }
  - { name: keyed, prefix: 10.0.2.0/24, asNumber: 65003, password: { env: KEY } }
  - { name: nobody, prefix: 10.0.4.0/24 }
  - { name: known, prefix: 10.0.5.0/24, asNumber: 65003 }
`),
      node(),
    )
    const [rack, inside] = ranges
    assert.equal(ranges.length, 2)
    assert.deepEqual(
      [rack!.asNumber, rack!.gtsm, rack!.limit, String(rack!.prefix), rack!.gracefulRestart.restartTime],
      [0, 1, 7, '10.0.1.0/24', 60],
    )
    assert.deepEqual([inside!.asNumber, inside!.limit], [65001, 100])
    assert.deepEqual(problems, [
      'range again is left out: its prefix 10.0.1.0/24 is that of range rack',
      'range keyed is left out: it has a password, and peer known, whose address lies in it, has none: the kernel makes no such exception',
      'range nobody is left out: it has no asNumber',
      'range known is left out: a peer is called that, too',
    ])
  })

  it('knows a peer without an address by the router on its interface, once that has been heard', () => {
    const file = parseFile(`
asNumber: 65001
peers:
  - { interface: eth1, asNumber: external }
  - { name: leaf, interface: eth2, address: 'fe80::2', asNumber: internal }
  - { name: stray, address: 'fe80::3', asNumber: external }
  - { name: far, interface: eth3, address: 10.0.0.1, asNumber: external }
`)
    const before = effective(file, node())
    assert.deepEqual(before.unnumbered, ['eth1'])
    assert.deepEqual(
      before.peers.map(({ name, address, interface: link, asNumber }) => `${name} ${address}%${link} ${asNumber}`),
      ['leaf fe80::2%eth2 65001'],
    )
    assert.deepEqual(before.problems, [
      'peer eth1 is left out: no router has been heard on eth1 yet',
      'peer stray is left out: fe80::3 is link-local: write the interface that it is on',
      'peer far is left out: 10.0.0.1 is not link-local: it needs no interface',
    ])
    const routers = new Map([['eth1', parseAddress('fe80::1')]])
    const after = effective(file, { ...node(), routers })
    assert.deepEqual(
      after.peers.map(({ name, address, interface: link, asNumber }) => `${name} ${address}%${link} ${asNumber}`),
      ['eth1 fe80::1%eth1 0', 'leaf fe80::2%eth2 65001'],
    )
  })

  it('takes one link-local address on two links for two peers, with one key and one distance for both', () => {
    const file = parseFile(`
asNumber: 65001
peers:
  - { name: one, interface: eth1, address: 'fe80::1', asNumber: external, gtsm: 1, password: { env: KEY } }
  - { name: two, interface: eth2, address: 'fe80::1', asNumber: external, gtsm: 1, password: { env: KEY } }
  - { name: three, interface: eth3, address: 'fe80::1', asNumber: external, gtsm: 1, password: { env: OTHER } }
  - { name: four, interface: eth4, address: 'fe80::1', asNumber: external, password: { env: KEY } }
`)
    const { peers, problems } = effective(file, node())
    assert.deepEqual(
      peers.map(({ name }) => name),
      ['one', 'two'],
    )
    const why =
      'its address fe80::1 is that of peer one on eth1, too: password and gtsm must be the same, for the kernel tells them apart by address alone'
    assert.deepEqual(problems, [`peer three is left out: ${why}`, `peer four is left out: ${why}`])
  })
})
