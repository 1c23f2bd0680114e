/** ZebOS's texts ↔ values: what is read, and what no value can smuggle into a line. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { renderScript } from '../../../../lib/bigip/routing/imish-script.ts'
import { parseSummary } from '../../../../lib/bigip/routing/neighbor-state.ts'
import { parseZebos } from '../../../../lib/bigip/routing/zebos-config.ts'
import { zebosRows } from '../../../../lib/bigip/routing/zebos-rows.ts'
import type { Row } from '../../../../lib/bigip/row.ts'

const identity = { clusterId: 'c1', partition: 'Common' }

const CONFIG = `!
no service password-encryption
!
bgp extended-asn-cap
!
interface lo
!
router bgp 64512
 bgp router-id 10.1.10.60
 bgp graceful-restart restart-time 120
 timers bgp 10 35
 max-paths ebgp 4
 redistribute connected
 redistribute kernel route-map podpeer-c1-vips
 neighbor podpeer-c1 peer-group
 neighbor podpeer-c1 description podpeer cluster=c1
 neighbor tors peer-group
 neighbor tors remote-as 65000
 no neighbor tors activate
 neighbor 10.1.10.1 remote-as 65010
 neighbor 10.1.10.1 description podpeer cluster=c1
 neighbor 10.1.10.1 ebgp-multihop
 neighbor 10.1.10.1 fall-over bfd
 neighbor FD00::1 peer-group tors
 !
 address-family ipv6
 neighbor tors activate
 exit-address-family
 !
 address-family ipv4 vrf other
 neighbor 10.9.9.9 remote-as 1
 exit-address-family
!
ip prefix-list podpeer-c1-vips description podpeer cluster=c1
ip prefix-list podpeer-c1-vips seq 10 permit 10.1.20.80/32
ip prefix-list other seq 5 deny 10.0.0.0/8 ge 24
ip prefix-list other seq 10 permit any
!
route-map podpeer-c1-vips permit 10
 match ip address prefix-list podpeer-c1-vips
!
route-map podpeer-c10-vips permit 10
 set metric 5
!
line con 0
 login
!
end
`

describe('a running configuration', () => {
  const config = parseZebos(CONFIG)!
  const rows = zebosRows(config, { identity, routeDomain: '/Common/0' })
  const named = (kind: Row['kind'], name: string) => rows.find(row => row.kind === kind && row.name === name)

  it('says what the process has, and that it is ours by our marker', () => {
    assert.deepEqual(named('BGP', '/Common/podpeer-c1-bgp'), {
      kind: 'BGP',
      name: '/Common/podpeer-c1-bgp',
      description: 'podpeer cluster=c1',
      fields: {
        asNumber: 64512,
        routerId: '10.1.10.60',
        routeDomain: '/Common/0',
        holdTime: 35,
        keepaliveTime: 10,
        gracefulRestartTime: 120,
        redistribute: [{ family: 'ipv4', routeMap: '/Common/podpeer-c1-vips' }],
      },
    })
    assert.equal(config.extendedAsNumbers, true)
  })

  it('says what neighbours have, of themselves or of their group; the marker is none', () => {
    assert.deepEqual(named('BGP neighbor', '10.1.10.1')?.fields, {
      asNumber: 65010,
      ebgpMultihop: 255,
      families: ['ipv4'],
    })
    assert.deepEqual(named('BGP neighbor', 'fd00::1')?.fields, { peerGroup: 'tors', families: ['ipv6'] })
    assert.deepEqual(named('BGP peer group', 'tors')?.fields, { asNumber: 65000, families: ['ipv6'] })
    assert.equal(named('BGP peer group', 'podpeer-c1'), undefined)
    assert.equal(named('BGP neighbor', '10.9.9.9'), undefined, 'that of another VRF')
  })

  it('says what lists and maps have, and whose they are', () => {
    assert.equal(named('prefix list', '/Common/podpeer-c1-vips')?.description, 'podpeer cluster=c1')
    assert.deepEqual(named('prefix list', '/Common/other')?.fields, {
      routeDomain: '/Common/0',
      entries: [
        { sequence: 5, action: 'deny', prefix: '10.0.0.0/8', lengths: '24:32' },
        { sequence: 10, action: 'permit', prefix: '0.0.0.0/0' },
      ],
    })
    assert.equal(named('route map', '/Common/podpeer-c1-vips')?.description, 'podpeer cluster=c1')
    assert.equal(named('route map', '/Common/podpeer-c10-vips')?.description, undefined)
  })

  it('is none without its end, wherever it was cut', () => {
    const lines = CONFIG.trimEnd().split('\n')
    for (let length = 0; length < lines.length; length++)
      assert.equal(parseZebos(lines.slice(0, length).join('\n')), undefined)
  })
})

describe('lines for imish', () => {
  const process = { asNumber: 64512, redistribute: [], peers: new Map() }
  const neighbor = (change: Partial<Row<'BGP neighbor'>> = {}): Row<'BGP neighbor'> => ({
    kind: 'BGP neighbor',
    parent: '/Common/podpeer-c1-bgp',
    name: '10.1.10.1',
    description: 'podpeer cluster=c1',
    fields: { peerGroup: 'podpeer-c1-64512', families: ['ipv4'] },
    ...change,
  })
  const create = (row: Row) => renderScript({ verb: 'create', row, reason: '' }, { identity, process })

  it('name one neighbour and nobody else', () => {
    assert.deepEqual(create(neighbor()), [
      'router bgp 64512',
      'neighbor 10.1.10.1 peer-group podpeer-c1-64512',
      'neighbor 10.1.10.1 description podpeer cluster=c1',
      'neighbor 10.1.10.1 activate',
      'address-family ipv6',
      'no neighbor 10.1.10.1 activate',
      'exit-address-family',
    ])
    assert.deepEqual(renderScript({ verb: 'delete', row: neighbor(), reason: '' }, { identity, process }), [
      'router bgp 64512',
      'no neighbor 10.1.10.1',
    ])
  })

  it('say only what has changed', () => {
    const { fields } = neighbor()
    const row = neighbor({ fields: { ...fields, ebgpMultihop: 255 } })
    assert.deepEqual(renderScript({ verb: 'update', row, before: neighbor(), reason: '' }, { identity, process }), [
      'router bgp 64512',
      'neighbor 10.1.10.1 description podpeer cluster=c1',
      'neighbor 10.1.10.1 ebgp-multihop 255',
    ])
  })

  const smuggled: [what: string, row: Row][] = [
    ['an address', neighbor({ name: '10.1.10.1\nno router bgp 64512' })],
    ['the name of a group', neighbor({ fields: { peerGroup: 'x; reboot', families: [] } })],
    ['a description', neighbor({ description: 'podpeer "cluster"' })],
    ['a description of two lines', neighbor({ description: 'a\nno router bgp 64512' })],
    ['an AS number', neighbor({ fields: { asNumber: Number.NaN, families: [] } })],
    [
      'a prefix',
      {
        kind: 'prefix list',
        name: '/Common/podpeer-c1-vips',
        fields: { routeDomain: '/Common/0', entries: [{ sequence: 1, action: 'permit', prefix: '10.0.0.0/8 le 32' }] },
      },
    ],
    ['the name of a list', { kind: 'route map', name: '/Common/$(reboot)', fields: { routeDomain: '', entries: [] } }],
  ]
  for (const [what, row] of smuggled)
    it(`are refused for ${what} that is more than that`, () => {
      assert.throws(() => create({ ...row, fields: row.fields } as Row), { name: 'InputFault' })
      if (row.kind === 'route map')
        assert.throws(() => renderScript({ verb: 'delete', row, reason: '' }, { identity, process }), {
          name: 'InputFault',
        })
    })
})

describe('a summary of neighbours', () => {
  it('says who is up with how many prefixes, and why others are not', () => {
    const text = `BGP router identifier 10.1.10.60, local AS number 64512
BGP table version is 5

Neighbor        V    AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd
10.1.10.21      4 64512     152     153        5    0    0 01:15:00        1
10.1.10.22      4 64512       0       0        0    0    0 never    Active
10.1.10.23      4 64512       0       0        0    0    0 00:01:00 Idle (Admin)
2001:db8:ffff:ffff::21
                4 4200000000  10      10       5    0    0 1d02h03m        0

Total number of neighbors 4
`
    assert.deepEqual(parseSummary(text), [
      { address: '10.1.10.21', asNumber: 64512, state: 'Established', since: '01:15:00', prefixes: 1 },
      { address: '10.1.10.22', asNumber: 64512, state: 'Active', since: 'never' },
      { address: '10.1.10.23', asNumber: 64512, state: 'Idle (Admin)', since: '00:01:00' },
      {
        address: '2001:db8:ffff:ffff::21',
        asNumber: 4200000000,
        state: 'Established',
        since: '1d02h03m',
        prefixes: 0,
      },
    ])
  })

  it('of nobody is empty', () => assert.deepEqual(parseSummary('% BGP process is not running\n'), []))
})
