import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../../lib/base/ip.ts'
import { addAddress, deleteAddress, listAddresses } from '../../../lib/linux/netlink/address.ts'
import { createLink, deleteLink, findLink, listLinks, setLink } from '../../../lib/linux/netlink/link.ts'
import { encodePath, routePages, routeTo, writeRoute } from '../../../lib/linux/netlink/route.ts'
import { NetlinkSocket } from '../../../lib/linux/netlink/socket.ts'
import { makeNamespace, noNamespaces } from '../netns.ts'

const options = { skip: noNamespaces ?? false }

/** Adds the route 20.0.THIRD.LAST/32 to the batch. */
function put(socket: NetlinkSocket, link: number, [third, last]: [number, number], gateway: string): void {
  const hops = [{ gateway: parseAddress(gateway), link, onlink: false, weight: 1 }]
  const key = { family: 4, table: 254, protocol: 179, metric: 179 } as const
  const write = (target: Uint8Array, at: number) => target.set([20, 0, third, last], at)
  writeRoute(socket.batch, 'add', key, 32, write, encodePath(4, { type: 'unicast', hops }))
}

test(
  'of a batch the refused messages are told, with their place and the words of the kernel; the others are done',
  options,
  () => {
    using namespace = makeNamespace()
    const socket = namespace.run(() => new NetlinkSocket())
    const a = findLink(socket, 'a').index
    for (let n = 0; n < 128; n++) put(socket, a, [0, n === 100 ? 7 : n], n === 5 || n === 127 ? '11.0.0.1' : '10.0.0.2')
    assert.deepEqual(
      socket.transact().map(({ index, code, reason }) => [index, code, reason]),
      [
        [5, 'ENETUNREACH', 'Nexthop has invalid gateway (ENETUNREACH)'],
        [100, 'EEXIST', 'file already exists (EEXIST)'],
        [127, 'ENETUNREACH', 'Nexthop has invalid gateway (ENETUNREACH)'],
      ],
    )
    assert.equal([...routePages(socket, { family: 4, table: 254, protocol: 179 })].flat().length, 125)
    assert.deepEqual(socket.transact(), [])
    socket.close()
  },
)

test('a dump that is given up half-way does not spoil the next one', options, () => {
  using namespace = makeNamespace()
  const socket = namespace.run(() => new NetlinkSocket())
  const a = findLink(socket, 'a').index
  for (let n = 0; n < 2000; n++) {
    put(socket, a, [n >> 8, n & 255], '10.0.0.2')
    if (n % 100 === 99) assert.deepEqual(socket.transact(), [])
  }
  const filter = { family: 4, table: 254, protocol: 179 } as const
  const first = routePages(socket, filter).next()
  assert.ok(first.done !== true && first.value.length < 1000)
  assert.equal([...routePages(socket, filter)].flat().length, 2000)
  assert.equal(listLinks(socket).length, 3)
  socket.close()
})

test(
  'a table that does not exist has no routes, and a link that does not exist is a fault of the world',
  options,
  () => {
    using namespace = makeNamespace()
    const socket = namespace.run(() => new NetlinkSocket())
    for (const family of [4, 6] as const)
      assert.deepEqual([...routePages(socket, { family, table: 4711, protocol: 179 })].flat(), [])
    assert.throws(() => findLink(socket, 'nope'), {
      name: 'WorldFault',
      code: 'ENODEV',
      message: 'looking for the link nope: no such device (ENODEV)',
    })
    socket.close()
  },
)

test('links and addresses come, change and go, as `ip` reads them', options, () => {
  using namespace = makeNamespace()
  const socket = namespace.run(() => new NetlinkSocket())
  createLink(socket, { kind: 'bridge', name: 'br0' })
  const bridge = findLink(socket, 'br0')
  setLink(socket, findLink(socket, 'b').index, { master: bridge.index, name: 'port' })
  setLink(socket, bridge.index, { up: true, mtu: 1400, mac: Uint8Array.of(2, 0, 0, 0, 0, 9) })
  const local = parseAddress('fd00::1')
  createLink(socket, { kind: 'vxlan', name: 'vx0', vni: 7, port: 8472, learning: false, local, below: bridge.index })
  for (const [text, length] of [
    ['192.0.2.1', 24],
    ['2001:db8::1', 64],
  ] as const)
    addAddress(socket, bridge.index, parseAddress(text), length)

  const [shown] = JSON.parse(namespace.ip('-j -d link show dev br0'))
  assert.deepEqual([shown.mtu, shown.address, shown.linkinfo.info_kind], [1400, '02:00:00:00:00:09', 'bridge'])
  assert.ok(shown.flags.includes('UP'))
  assert.equal(JSON.parse(namespace.ip('-j link show dev port'))[0].master, 'br0')
  const [{ linkinfo }] = JSON.parse(namespace.ip('-j -d link show dev vx0'))
  const { id, port, local6, link, learning, udp_zero_csum6_rx } = linkinfo.info_data
  assert.deepEqual([id, port, local6, link, learning], [7, 8472, 'fd00::1', 'br0', false])
  assert.equal(udp_zero_csum6_rx, true)
  assert.deepEqual(
    listAddresses(socket)
      .filter(({ link, address }) => link === bridge.index && !address.isLinkLocal)
      .map(({ address, length, tentative }) => [`${address}/${length}`, tentative]),
    [
      ['192.0.2.1/24', false],
      ['2001:db8::1/64', false],
    ],
  )
  deleteAddress(socket, bridge.index, parseAddress('192.0.2.1'), 24)
  assert.deepEqual(JSON.parse(namespace.ip('-j -4 addr show dev br0')).filter(Boolean).flatMap(addressesOf), [])
  deleteLink(socket, findLink(socket, 'a').index)
  assert.deepEqual(
    listLinks(socket).map(({ name, kind }) => `${name} ${kind}`),
    ['lo ', 'br0 bridge', 'vx0 vxlan'],
  )
  socket.close()
})

function addressesOf(link: { addr_info?: { local: string }[] }): string[] {
  return (link.addr_info ?? []).map(({ local }) => local)
}

test('the kernel says which way it would go, with all next hops', options, () => {
  using namespace = makeNamespace()
  namespace.ip('route add 172.16.0.0/12 nexthop via 10.0.0.2 nexthop via 10.0.0.3 weight 3')
  namespace.ip('route add unreachable 172.17.0.0/16')
  const socket = namespace.run(() => new NetlinkSocket())
  const way = (text: string) => {
    const { type, hops } = routeTo(socket, parseAddress(text))
    return [type, ...hops.map(({ gateway, weight }) => `${gateway ?? 'direct'}*${weight}`)]
  }
  assert.deepEqual(way('172.16.0.1'), ['unicast', '10.0.0.2*1', '10.0.0.3*3'])
  assert.deepEqual(way('10.0.0.77'), ['unicast', 'direct*1'])
  assert.deepEqual(way('fd00::77'), ['unicast', 'direct*1'])
  assert.deepEqual(way('fd00::1'), ['local', 'direct*1'])
  assert.throws(() => way('172.17.0.1'), { code: 'EHOSTUNREACH' })
  assert.throws(() => way('2001:db8::1'), { code: 'ENETUNREACH' })
  socket.close()
})
