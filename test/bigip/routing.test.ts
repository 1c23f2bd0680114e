import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { BigIp } from './big-ip.ts'
import { RestAsker } from './rest-asker.ts'

let device: BigIp
let asker: RestAsker
const BGP = '/tm/net/routing/bgp/~Common~podpeer'
const VARIABLE = '/tm/sys/db/tmrouted.tmos.routing'

beforeEach(async () => {
  device = await BigIp.start({ routing: 'tmos' })
  asker = await RestAsker.login(device)
})
afterEach(async () => {
  asker.close()
  await device.close()
})

const make = (more: object = {}) =>
  asker.told('POST', '/tm/net/routing/bgp', { name: 'podpeer', localAs: 64512, ...more })
const names = async (path: string) => (await device.list(path)).map(({ name }) => name)

describe('the two ways of dynamic routing', () => {
  const MIXED = '01071c3f:3: Cannot mix routing-protocol Legacy and TMOS mode for route-domain (/Common/0).'

  test('exclude each other', async () => {
    assert.equal(
      await asker.told('PATCH', '/tm/net/route-domain/~Common~0', { routingProtocol: ['BGP'] }),
      `400 ${MIXED}`,
    )
    assert.equal(await asker.told('PATCH', VARIABLE, { value: 'disable' }), '200')
    assert.equal(
      await asker.told('PATCH', '/tm/net/route-domain/~Common~0', { routingProtocol: ['BFD', 'BGP'] }),
      '200',
    )
    assert.equal(await asker.told('PATCH', VARIABLE, { value: 'enable' }), `400 ${MIXED}`)
    assert.equal(await make(), `400 ${MIXED}`)
    assert.deepEqual(await device.list('/tm/net/routing/bgp'), [])
  })

  test('lose what they configured when they are switched off', async () => {
    await make({ neighbor: [{ name: '10.1.10.71', remoteAs: 64512 }] })
    await asker.ask('PATCH', VARIABLE, { value: 'disable' })
    assert.match(await make(), /^400 01071c40:3/)
    await asker.ask('PATCH', VARIABLE, { value: 'enable' })
    assert.deepEqual(await device.list('/tm/net/routing/bgp'), [])
    assert.equal(await make(), '200')
    assert.deepEqual(await names(`${BGP}/neighbor`), [])
  })
})

describe('a BGP process', () => {
  test('has defaults, its AS number and route domain for good, and is one per route domain', async () => {
    await make({ description: 'podpeer cluster=c1' })
    const { body } = await asker.ask('GET', BGP)
    const { keepAlive, holdTime, routerId, routeDomain, description, addressFamily } = body
    assert.deepEqual([keepAlive, holdTime, routerId, routeDomain], [30, 90, 'any6', '/Common/0'])
    assert.deepEqual([description, addressFamily], ['podpeer cluster=c1', [{ name: 'ipv4' }, { name: 'ipv6' }]])
    assert.match(await asker.told('PATCH', BGP, { localAs: 64513 }), /^400 "local-as" may not be specified/)
    assert.match(
      await asker.told('PATCH', BGP, { routeDomain: '/Common/1' }),
      /^400 "route-domain" may not be specified/,
    )
    assert.equal(await asker.told('PATCH', BGP, { localAs: 64512, holdTime: 180 }), '200')
    assert.match(await asker.told('PATCH', BGP, { holdTime: 60 }), /^400 01070734:3/)
    assert.match(await asker.told('POST', '/tm/net/routing/bgp', { name: 'twin', localAs: 64513 }), /^400 01070734:3/)
  })

  test('is made with its groups and neighbours inline, and shows them by reference or in place', async () => {
    const peerGroup = [{ name: 'nodes', remoteAs: 64512 }]
    const neighbor = [
      { name: '10.1.10.71', peerGroup: 'nodes' },
      { name: 'fd00::0:71', peerGroup: 'nodes' },
    ]
    assert.equal(await make({ neighbor, peerGroup }), '200')
    const { body: plain } = await asker.ask('GET', BGP)
    assert.deepEqual([plain.neighborReference.isSubcollection, plain.neighborReference.items], [true, undefined])
    const { body: expanded } = await asker.ask('GET', `${BGP}?expandSubcollections=true`)
    assert.deepEqual(
      expanded.neighborReference.items.map(({ name, peerGroup }: { name: string; peerGroup: string }) => [
        name,
        peerGroup,
      ]),
      [
        ['10.1.10.71', 'nodes'],
        ['fd00::71', 'nodes'],
      ],
    )
    assert.equal(expanded.peerGroupReference.items[0].remoteAs, 64512)
  })

  test('gets and loses neighbours singly, the others untouched', async () => {
    await make({ neighbor: [{ name: '10.1.10.71', remoteAs: 64512 }] })
    const { body: first } = await asker.ask('GET', `${BGP}/neighbor/10.1.10.71`)
    assert.equal(
      await asker.told('POST', `${BGP}/neighbor`, { name: '10.1.10.72', remoteAs: 64513, ebgpMultihop: 2 }),
      '200',
    )
    assert.match(
      await asker.told('POST', `${BGP}/neighbor`, { name: '10.1.10.72', remoteAs: 64513 }),
      /^409 01020066:3/,
    )
    assert.match(await asker.told('POST', `${BGP}/neighbor`, { name: '10.1.10.73' }), /^400 .*"remote-as"/)
    assert.match(await asker.told('POST', `${BGP}/neighbor`, { name: '10.1.10.73', peerGroup: 'nobody' }), /^404/)
    assert.deepEqual((await asker.ask('GET', `${BGP}/neighbor/10.1.10.71`)).body, first)
    assert.equal(await asker.told('DELETE', `${BGP}/neighbor/10.1.10.72`), '200')
    assert.deepEqual(await names(`${BGP}/neighbor`), ['10.1.10.71'])
    assert.equal(await asker.told('DELETE', BGP), '200')
    assert.match(await asker.told('GET', `${BGP}/neighbor`), /^404/)
  })

  test('takes a whole list of neighbours in place of the one it has', async () => {
    await make({ neighbor: [{ name: '10.1.10.71', remoteAs: 64512 }] })
    assert.equal(await asker.told('PATCH', BGP, { neighbor: [{ name: '10.1.10.72', remoteAs: 64512 }] }), '200')
    assert.deepEqual(await names(`${BGP}/neighbor`), ['10.1.10.72'])
  })

  test('cannot have a peer group overwritten or deleted that has members', async () => {
    await make({
      peerGroup: [{ name: 'nodes', remoteAs: 64512 }],
      neighbor: [{ name: '10.1.10.71', peerGroup: 'nodes' }],
    })
    const overwritten = /^400 01071c41:3: Peer-group \(nodes\) .*cannot be overwritten: \(10\.1\.10\.71\) is a member/
    assert.match(await asker.told('PATCH', BGP, { peerGroup: [{ name: 'nodes', remoteAs: 64513 }] }), overwritten)
    assert.match(await asker.told('PUT', `${BGP}/peer-group/nodes`, { remoteAs: 64513 }), overwritten)
    assert.match(await asker.told('DELETE', `${BGP}/peer-group/nodes`), /^400 01071c41:3: .*cannot be deleted/)
    assert.equal(await asker.told('PATCH', `${BGP}/peer-group/nodes`, { description: 'a word' }), '200')
    await asker.ask('DELETE', `${BGP}/neighbor/10.1.10.71`)
    assert.equal(await asker.told('DELETE', `${BGP}/peer-group/nodes`), '200')
  })

  test('has both families where it was told `all`', async () => {
    const redistribute = [{ name: 'kernel' }]
    await make({ addressFamily: [{ name: 'all', redistribute }] })
    assert.deepEqual((await asker.ask('GET', BGP)).body.addressFamily, [
      { name: 'ipv4', redistribute },
      { name: 'ipv6', redistribute },
    ])
    await asker.ask('POST', `${BGP}/neighbor`, { name: '10.1.10.71', remoteAs: 1, addressFamily: [{ name: 'all' }] })
    assert.deepEqual((await asker.ask('GET', `${BGP}/neighbor/10.1.10.71`)).body.addressFamily, [
      { name: 'ipv4', activate: 'enabled' },
      { name: 'ipv6', activate: 'enabled' },
    ])
  })

  test('tells the states of its neighbours', async () => {
    await make({ neighbor: [{ name: '10.1.10.71', remoteAs: 64512 }] })
    const { body } = await asker.ask('GET', `${BGP}/stats`)
    const [[url, { nestedStats }]] = Object.entries(body.entries) as [[string, { nestedStats: { entries: object } }]]
    assert.match(url, /\/neighbor\/10\.1\.10\.71\/stats$/)
    assert.match(JSON.stringify(nestedStats.entries), /"state":\{"description":"Established"\}/)
  })
})

describe('route maps and prefix lists', () => {
  const entries = [{ name: '10', action: 'permit', prefix: '10.1.10.0/24', prefixLenRange: '32:32' }]
  const match = { ipv4: { address: { prefixList: '/Common/vips' } } }

  test('have entries by number, and stay while something uses them', async () => {
    assert.equal(await asker.told('POST', '/tm/net/routing/prefix-list', { name: 'vips', entries }), '200')
    const map = { name: 'vips', entries: [{ name: '10', action: 'permit', match }] }
    assert.equal(await asker.told('POST', '/tm/net/routing/route-map', map), '200')
    const { body } = await asker.ask('GET', '/tm/net/routing/prefix-list/vips?expandSubcollections=true')
    const [{ action, prefix, prefixLenRange }] = body.entriesReference.items
    assert.deepEqual([action, prefix, prefixLenRange], ['permit', '10.1.10.0/24', '32:32'])
    await make({ addressFamily: [{ name: 'ipv4', redistribute: [{ name: 'kernel', routeMap: '/Common/vips' }] }] })
    assert.match(await asker.told('DELETE', '/tm/net/routing/prefix-list/vips'), /^400 01070265:3/)
    assert.match(await asker.told('DELETE', '/tm/net/routing/route-map/vips'), /^400 01070265:3: .*BGP process/)
    assert.equal(await asker.told('DELETE', BGP), '200')
    assert.equal(await asker.told('DELETE', '/tm/net/routing/route-map/vips'), '200')
    assert.equal(await asker.told('DELETE', '/tm/net/routing/prefix-list/vips'), '200')
  })

  test('have to be there, and in the route domain of the process', async () => {
    await device.hand('POST', '/tm/net/route-domain', { name: '20', id: 20 })
    const redistribute = [{ name: 'kernel', routeMap: '/Common/vips' }]
    const addressFamily = [{ name: 'ipv4', redistribute }]
    assert.match(await make({ addressFamily }), /^404 01020036:3: .*\/Common\/vips/)
    await asker.ask('POST', '/tm/net/routing/route-map', { name: 'vips', routeDomain: '/Common/20' })
    assert.match(await make({ addressFamily }), /^400 01070734:3: .*route domain \(\/Common\/20\)/)
    assert.equal(await make({ addressFamily, routeDomain: '/Common/20' }), '200')
  })
})
