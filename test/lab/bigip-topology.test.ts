import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { BIGIP_ADDRESS, BIGIP_NETWORKS, planBigIpTopology } from './bigip-topology.ts'
import { FAMILIES } from './topology.ts'

test('all nodes are in the VLAN of BIG-IP, which has no address before its configuration says so', () => {
  const { nodes, cables } = planBigIpTopology(200, true)
  for (const [family, length] of [
    ['ipv4', 24],
    ['ipv6', 64],
  ] as const) {
    const vlan = parsePrefix(family === 'ipv4' ? '10.0.1.0/24' : 'fd00:10:0:1::/64')
    assert.ok(BIGIP_NETWORKS[0]!.selfIPs.includes(`${BIGIP_ADDRESS[family]}/${length}`))
    const addresses = [BIGIP_ADDRESS[family], ...nodes.map(({ address }) => address[family])]
    assert.equal(new Set(addresses).size, 201)
    for (const address of addresses) assert.ok(vlan.contains(parseAddress(address)), address)
  }
  for (const { ends } of cables)
    for (const end of ends) if (end.place === 'bigip') assert.deepEqual([end.addresses, end.routes], [[], []])
})

test('no node has a static route to pods of others, and none to a VIP where BGP brings it', () => {
  for (const vipByBgp of [true, false]) {
    const { nodes, cables, vip, podRange } = planBigIpTopology(3, vipByBgp)
    const routes = cables
      .flatMap(({ ends }) => ends)
      .filter(({ place, device }) => nodes.some(({ name }) => name === place) && device === 'eth0')
      .flatMap(({ routes }) => routes.map(({ prefix }) => parsePrefix(prefix)))
    for (const family of FAMILIES) {
      const toPods = routes.filter(route => parsePrefix(podRange[family]).contains(route))
      const toVip = routes.filter(route => route.contains(parseAddress(vip[family])))
      assert.deepEqual(toPods, [])
      assert.equal(toVip.length, vipByBgp ? 0 : nodes.length)
    }
  }
})
