import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseAddress } from '../../lib/base/ip.ts'
import { macBytes } from '../../lib/base/mac.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import type { Link } from '../../lib/linux/netlink/link.ts'
import { rowKey } from '../../lib/linux/overlay/row.ts'
import { nodeMac, OWN_DEFAULTS, ownLeftovers, planOwnDevice } from '../../vxlan/own.ts'
import type { Vtep } from '../../vxlan/vtep.ts'
import { vtepRows } from '../../vxlan/wanted.ts'

const LOCAL = parseAddress('10.0.0.1')
const { vni, port } = OWN_DEFAULTS

function link(name: string, more: Partial<Link> = {}, vxlan: Partial<NonNullable<Link['vxlan']>> = {}): Link {
  return {
    ...{
      index: 3,
      name,
      up: true,
      carrier: true,
      mtu: 1450,
      mac: macBytes(nodeMac('node-1', 4)),
      kind: 'vxlan',
      master: 0,
    },
    below: 0,
    vxlan: { vni, port, local: LOCAL, learning: false, below: 0, zeroChecksum6: false, external: false, ...vxlan },
    ...more,
  }
}

const ETH0: Link = {
  ...{
    index: 2,
    name: 'eth0',
    up: true,
    carrier: true,
    mtu: 1500,
    mac: new Uint8Array(6),
    kind: '',
    master: 0,
    below: 0,
  },
}
const plan = (links: readonly Link[], addresses = [LOCAL], family: 4 | 6 = 4) =>
  planOwnDevice(links, { node: 'node-1', overlay: { family, vni, port, own: true }, addresses, underlay: ETH0 })

/** Why it is refused. */
function refusal(links: readonly Link[], addresses = [LOCAL]): string {
  const planned = plan(links, addresses)
  return planned.is === 'refused' ? `${planned.fault.code}: ${planned.fault.sentence}` : planned.is
}

describe('the device of podpeer’s own overlay', () => {
  test('has a MAC address that follows from the node’s name and family, and from nothing else', () => {
    const macs = ['node-1', 'node-2'].flatMap(node => [nodeMac(node, 4), nodeMac(node, 6)])
    assert.equal(new Set(macs).size, 4)
    assert.deepEqual(
      macs,
      ['node-1', 'node-2'].flatMap(node => [nodeMac(node, 4), nodeMac(node, 6)]),
    )
    for (const mac of macs) assert.equal(macBytes(mac)[0]! & 0x03, 0x02, 'locally administered, of one station')
  })

  test('is made with what the underlay leaves of its MTU', () => {
    const four = plan([])
    assert.deepEqual(four, {
      is: 'make',
      spec: {
        ...{ kind: 'vxlan', name: 'podpeer.4', mtu: 1450, mac: macBytes(nodeMac('node-1', 4)) },
        ...{ vni, port, local: LOCAL, learning: false },
      },
      remove: undefined,
    })
    const six = plan([], [parseAddress('fd00::1')], 6)
    assert.deepEqual(six.is === 'make' && [six.spec.name, six.spec.mtu], ['podpeer.6', 1430])
  })

  test('stays as it is, is mended, and is made anew only where it is ours and not as wanted', () => {
    assert.equal(plan([link('podpeer.4')]).is, 'right')
    assert.equal(plan([link('podpeer.4')], []).is, 'right', 'the Node is not known yet')
    const twin = link('podpeer.6', { mac: macBytes(nodeMac('node-1', 6)) })
    assert.equal(plan([twin, link('podpeer.4')]).is, 'right', 'that of the other family has the port, too')
    const down = link('podpeer.4', { up: false })
    assert.deepEqual(plan([down]), { is: 'mend', link: down, mtu: 1450 })
    const large = link('podpeer.4', { mtu: 1500 })
    assert.deepEqual(plan([large]), { is: 'mend', link: large, mtu: 1450 }, 'the underlay takes less')
    assert.equal(plan([link('podpeer.4', { mtu: 1400 })]).is, 'right', 'a person has made it smaller')
    const old = link('podpeer.4', {}, { vni: 7 })
    const anew = plan([old])
    assert.deepEqual(anew.is === 'make' && anew.remove, old)
  })

  test('is refused where another device holds its name or its UDP port, which is named', () => {
    assert.equal(
      refusal([link('podpeer.4', { mac: macBytes(nodeMac('node-2', 4)) })]),
      "missing: a device podpeer.4 that is not podpeer's is in the way: delete or rename it",
    )
    for (const external of [false, true])
      assert.equal(
        refusal([link('cilium_vxlan', {}, { vni: external ? 0 : 2, external })]),
        'port: UDP port 8479 is held by cilium_vxlan: write another under spec.tunnel.port of the BIGIP',
      )
    assert.equal(refusal([], [parseAddress('fd00::1')]), 'local-address: the Node has no IPv4 address to send from')
  })

  test('goes when no overlay needs it, if it is ours', () => {
    const ours = link('podpeer.4')
    const foreign = link('podpeer.6', { mac: macBytes(nodeMac('node-2', 6)) })
    assert.deepEqual(ownLeftovers([ours, foreign, ETH0], 'node-1', new Set()), [ours])
    assert.deepEqual(ownLeftovers([ours, foreign], 'node-1', new Set([4])), [])
  })
})

test('the way to a BIG-IP of podpeer’s own overlay is a table of its own, which rules in front of the CNI’s lead to', () => {
  const vtep: Vtep = {
    ...{ name: 'bigip/a', family: 4, endpoint: parseAddress('10.0.0.9'), mac: '02:00:00:00:00:09', standby: false },
    ...{ selfIP: parseAddress('10.245.255.1'), floating: [], subnets: [parsePrefix('10.245.255.0/24')] },
  }
  assert.deepEqual(vtepRows([vtep], 'podpeer.4', true).map(rowKey), [
    'neighbor 10.245.255.1 dev podpeer.4',
    'fdb 02:00:00:00:00:09 dev podpeer.4',
    'route 10.245.255.0/24 table 17900',
    'rule to 10.245.255.0/24 table 17900 priority 500',
  ])
})
