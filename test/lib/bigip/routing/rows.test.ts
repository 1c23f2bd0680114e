/** What BGP is wanted, which of the two it is, and which VIPs are told: pure. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DeviceFacts } from '../../../../lib/bigip/facts.ts'
import { advertisementRows, rangeOf } from '../../../../lib/bigip/routing/advertisement.ts'
import { chooseRouting, type RoutingApi } from '../../../../lib/bigip/routing/choice.ts'
import { type BgpWish, bgpRows } from '../../../../lib/bigip/routing/desired.ts'
import { restCodecs } from '../../../../lib/bigip/routing/rest.ts'
import { speakersOf } from '../../../../lib/bigip/routing/speakers.ts'
import type { Row } from '../../../../lib/bigip/row.ts'
import type { NodeNetwork } from '../../../../lib/cni/network.ts'

const identity = { clusterId: 'c1', partition: 'Common' }
const WISH: BgpWish = {
  identity,
  unit: 'unit bigip-a',
  routeDomain: '/Common/0',
  asNumber: 64512,
  holdTime: 90,
  keepaliveTime: 30,
  speakers: [{ kind: 'Node', name: 'node-1', addresses: ['10.1.10.1'], asNumber: 64512 }],
  connected: ['10.1.10.0/24'],
  processes: [],
  manage: true,
}
const TAG = 'podpeer cluster=c1'

function process(asNumber: number, change: Partial<Row<'BGP'>> = {}): Row<'BGP'> {
  const fields = { asNumber, routeDomain: '/Common/0', holdTime: 90, keepaliveTime: 30, redistribute: [] }
  return { kind: 'BGP', name: '/Common/theirs', fields, ...change }
}

const codes = (findings: readonly { code: string }[]) => findings.map(({ code }) => code)
const neighbors = (rows: readonly Row[]) => rows.filter(row => row.kind === 'BGP neighbor')

describe('neighbours', () => {
  it('are in a group of their AS and family, and bear our tag', () => {
    const [neighbor] = neighbors(bgpRows(WISH).rows)
    assert.deepEqual(neighbor, {
      kind: 'BGP neighbor',
      parent: '/Common/podpeer-c1-bgp',
      name: '10.1.10.1',
      description: TAG,
      fields: { peerGroup: 'podpeer-c1-64512', families: ['ipv4'] },
    })
  })

  it('get multihop where they are of another AS and not on a subnet of the device', () => {
    const speakers = [
      { kind: 'Node', name: 'near', addresses: ['10.1.10.1'], asNumber: 65010 },
      { kind: 'Node', name: 'far', addresses: ['10.9.0.1'], asNumber: 65010 },
      { kind: 'Node', name: 'inner', addresses: ['10.9.0.2'], asNumber: 64512 },
    ] as const
    assert.deepEqual(
      neighbors(bgpRows({ ...WISH, speakers }).rows).map(({ name, fields }) => [name, fields.ebgpMultihop]),
      [
        ['10.1.10.1', undefined],
        ['10.9.0.1', 255],
        ['10.9.0.2', undefined],
      ],
    )
  })
})

describe('a process of others', () => {
  it('is expected as it is and gets groups and neighbours of ours alone', () => {
    const { rows, expectations, findings } = bgpRows({ ...WISH, processes: [process(64512)] })
    assert.deepEqual(
      rows.map(({ kind, parent }) => [kind, parent]),
      [
        ['BGP peer group', '/Common/theirs'],
        ['BGP neighbor', '/Common/theirs'],
      ],
    )
    assert.deepEqual(expectations, [process(64512)])
    assert.deepEqual(findings, [])
  })

  it('with another AS leaves everything as it is, and a finding says what to write', () => {
    const answer = bgpRows({ ...WISH, processes: [process(65000)] })
    assert.deepEqual([answer.rows, answer.complete], [[], false])
    assert.match(answer.findings[0]!.remedy!, /spec\.bgp\.asNumber: 65000/)
  })

  it('that does not redistribute is a warning where VIPs shall be told', () => {
    const { findings } = bgpRows({ ...WISH, processes: [process(64512)], advertised: ['10.1.20.80/32'] })
    assert.deepEqual(codes(findings), ['bgp-vips-not-redistributed'])
  })

  it('of another route domain is nobody', () => {
    const { fields } = process(65000)
    const other = process(65000, { fields: { ...fields, routeDomain: '/Common/20' } })
    assert.equal(bgpRows({ ...WISH, processes: [other] }).complete, true)
  })

  it('that bears our name and not our tag is not ours', () => {
    const named = process(64512, { name: '/Common/podpeer-c1-bgp' })
    assert.deepEqual(bgpRows({ ...WISH, processes: [named] }).expectations, [named])
  })
})

describe('manage.bgp false', () => {
  it('gives neighbours their AS themselves, in the process that is there', () => {
    const { rows } = bgpRows({ ...WISH, manage: false, processes: [process(64512)] })
    assert.deepEqual(
      rows.map(({ kind, fields }) => [kind, fields]),
      [['BGP neighbor', { asNumber: 64512, families: ['ipv4'] }]],
    )
  })

  it('needs one', () => {
    const { findings, complete } = bgpRows({ ...WISH, manage: false })
    assert.deepEqual([codes(findings), complete], [['bgp-process-missing'], false])
  })
})

it('a long AS number is an error where the device is known to send short ones only', () => {
  const wish = { ...WISH, asNumber: 4200000000 }
  assert.deepEqual(codes(bgpRows({ ...wish, extendedAsNumbers: false }).findings), ['bgp-two-octet-as'])
  assert.deepEqual(bgpRows({ ...wish, extendedAsNumbers: true }).findings, [])
  assert.deepEqual(bgpRows(wish).findings, [])
})

describe('the speakers', () => {
  const node = (name: string, change: Partial<NodeNetwork> = {}): NodeNetwork => ({
    name,
    uid: name,
    ready: true,
    labels: {},
    addresses: [
      { family: 4, address: '10.1.10.1' },
      { family: 6, address: 'fd00::1' },
    ],
    podCIDRs: [],
    vteps: [],
    lacks: [],
    ...change,
  })
  const selection = { peers: 'per-node', nodeASNumber: 64512, families: ['ipv4'] } as const

  it('are all nodes with an address of a family of the device, each with its own AS or the common one', () => {
    const nodes = [node('a', { asNumber: 65010 }), node('b', { ready: false }), node('c', { addresses: [] })]
    const { speakers, exclusions } = speakersOf({ ...selection, nodes })
    assert.deepEqual(
      speakers.map(({ name, addresses, asNumber }) => [name, ...addresses, asNumber]),
      [
        ['a', '10.1.10.1', 65010],
        ['b', '10.1.10.1', 64512],
      ],
    )
    assert.deepEqual(
      exclusions.map(({ name, reason }) => [name, reason]),
      [['c', 'NoBGPAddress']],
    )
  })

  it('are the nodes with the labels in reflector mode; one is few, and none is an error', () => {
    const labels = { rr: 'yes' }
    const nodes = [node('a', { labels }), node('b'), node('c', { labels })]
    const reflect = (of: NodeNetwork[]) =>
      speakersOf({ ...selection, peers: 'reflector', matchLabels: labels, nodes: of })
    assert.deepEqual(
      reflect(nodes).speakers.map(({ name }) => name),
      ['a', 'c'],
    )
    assert.deepEqual(codes(reflect(nodes).findings), [])
    assert.deepEqual(codes(reflect(nodes.slice(0, 2)).findings), ['reflector-single'])
    assert.deepEqual(codes(reflect(nodes.slice(1, 2)).findings), ['reflector-missing'])
  })
})

describe('how a device keeps BGP', () => {
  type Facts = Pick<DeviceFacts, 'routing' | 'routeDomains' | 'licensedRouting'>
  const facts = (routing: Facts['routing'], protocols: string[] = [], licensedRouting = true): Facts => ({
    routing,
    licensedRouting,
    routeDomains: [{ id: 0, path: '/Common/0', protocols }],
  })
  const choose = (of: Facts, wanted?: RoutingApi) => {
    const { api, enable, findings } = chooseRouting(of, wanted, { routeDomain: 0, unit: 'unit bigip-a' })
    return [api, enable?.path, ...codes(findings)]
  }

  const cases: [what: string, of: Facts, wanted: RoutingApi | undefined, answer: unknown[]][] = [
    ['tmos is used', facts('tmos'), undefined, ['tmos', undefined]],
    ['legacy is used', facts('legacy', ['BFD', 'BGP']), undefined, ['imish', undefined]],
    ['what is there and wanted is used', facts('legacy', ['BGP']), 'imish', ['imish', undefined]],
    ['neither is enabled without a word', facts('none'), undefined, [undefined, undefined, 'bgp-not-enabled']],
    ['tmos is enabled where it is named', facts('none'), 'tmos', ['tmos', '/mgmt/tm/sys/db/tmrouted.tmos.routing']],
    ['legacy is enabled where it is named', facts('none'), 'imish', ['imish', '/mgmt/tm/net/route-domain/~Common~0']],
    ['legacy is not left for tmos', facts('legacy', ['BGP']), 'tmos', [undefined, undefined, 'bgp-api-mismatch']],
    ['tmos is not left for legacy', facts('tmos'), 'imish', [undefined, undefined, 'bgp-api-mismatch']],
    ['both is a conflict', facts('mixed', ['BGP']), undefined, [undefined, undefined, 'bgp-mode-conflict']],
    ['tmos is not enabled beside legacy', facts('legacy'), 'tmos', [undefined, undefined, 'bgp-mode-conflict']],
    ['no licence is no BGP', facts('tmos', [], false), undefined, [undefined, undefined, 'bgp-not-licensed']],
  ]
  for (const [what, of, wanted, answer] of cases) it(`${what}`, () => assert.deepEqual(choose(of, wanted), answer))

  it('keeps the other protocols of the route domain', () => {
    const { enable } = chooseRouting(facts('legacy', ['BFD']), 'imish', { routeDomain: 0, unit: 'unit bigip-a' })
    assert.deepEqual(enable?.body, { routingProtocol: ['BFD', 'BGP'] })
  })
})

describe('virtual addresses', () => {
  const virtualAddresses = [
    { path: '/Common/10.1.20.80', address: '10.1.20.80', length: 32 },
    { path: '/Common/shop', address: '10.1.20.81', length: 32 },
    { path: '/Common/10.1.30.0', address: '10.1.30.0', length: 24 },
    { path: '/Common/fd00:20::80', address: 'fd00:20::80', length: 128 },
  ]
  const rows = (...chosen: string[]) =>
    advertisementRows({ chosen, mode: 'selective', virtualAddresses }, 'unit bigip-a')

  it('are chosen by path or by a prefix that they lie in', () => {
    const answer = rows('/Common/10.1.20.80', '10.1.30.0/23', 'fd00:20::/64')
    assert.deepEqual(answer.advertised, ['10.1.20.80/32', '10.1.30.0/24', 'fd00:20::80/128'])
    assert.deepEqual(
      answer.rows.map(({ name, fields }) => [name, fields.mode]),
      [
        ['/Common/10.1.20.80', 'selective'],
        ['/Common/10.1.30.0', 'selective'],
        ['/Common/fd00:20::80', 'selective'],
      ],
    )
    assert.deepEqual(answer.findings, [])
  })

  it('that are not there are findings', () => {
    assert.deepEqual(codes(rows('10.9.0.0/16').findings), ['virtual-address-missing'])
    const { findings, advertised } = rows('/Common/shop')
    assert.deepEqual([findings, advertised], [[], ['10.1.20.81/32']])
  })

  it('mean a range to agents: the prefix, or the address that a path ends with', () => {
    const text = (choice: string) => rangeOf(choice)?.toString()
    assert.deepEqual(
      ['10.1.0.0/16', '10.1.20.80', '/Common/10.1.20.80%20', '/Common/in/fd00::1', '/Common/shop'].map(text),
      ['10.1.0.0/16', '10.1.20.80/32', '10.1.20.80/32', 'fd00::1/128', undefined],
    )
  })
})

describe('a neighbour read from REST', () => {
  it('has its address in normal form, without the route domain, however the device writes it', () => {
    const name = (text: string) => restCodecs['BGP neighbor'].decode({ name: text }, '/Common/b').name
    assert.deepEqual(['10.1.10.1%20', 'FD00:0::1', 'fd00::1%2'].map(name), ['10.1.10.1', 'fd00::1', 'fd00::1'])
  })
})
