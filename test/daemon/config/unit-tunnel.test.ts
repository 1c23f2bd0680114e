import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NO_TUNNELS, type TunnelsView } from '../../../daemon/config/index.ts'
import { tunnelsView } from '../../../daemon/config/unit-tunnel.ts'
import { InputFault } from '../../../lib/base/failure.ts'
import { parseBigIp } from '../../../lib/bigip/resource.ts'
import { flannelBigIp, flannelUnit } from '../agent/setting.ts'

function view(status: object, former?: TunnelsView) {
  return tunnelsView(parseBigIp({ ...flannelBigIp(), status }), former)
}

const END = {
  family: 4 as const,
  endpoint: '10.0.0.254',
  mac: '02:00:00:00:00:fe',
  selfIPs: ['10.244.254.1'],
  subnets: ['10.244.254.0/24'],
}
const UNIT = { name: 'bigip-a', standby: false, vni: 1, port: 8472, ends: [END], complete: true }
const KNOWN = { units: [UNIT], complete: true }

describe('what the status of a BIGIP says of tunnels', () => {
  it('is the VTEP of each unit, with the self IPs and the subnets of its family', () => {
    assert.deepEqual(view({ mode: 'flannel-vxlan', units: [flannelUnit()] }), KNOWN)
    const dual = flannelUnit({
      haState: 'standby',
      vtep: { address: '10.0.0.254', mac: '2:0:0:0:0:FE', address6: 'FD00::FE', mac6: '02:00:00:00:06:fe' },
      vxlan: { vni: 7, port: 4789 },
      selfIPs: ['10.244.254.1/16', '10.244.254.9/16', 'fd00:244:fe::1/48'],
      tunnelSubnets: ['10.244.254.0/24', 'fd00:244:fe::/64'],
    })
    const six = {
      family: 6,
      endpoint: 'fd00::fe',
      mac: '02:00:00:00:06:fe',
      selfIPs: ['fd00:244:fe::1'],
      subnets: ['fd00:244:fe::/64'],
    }
    const ends = [{ ...END, selfIPs: ['10.244.254.1', '10.244.254.9'] }, six]
    assert.deepEqual(view({ mode: 'flannel-vxlan', units: [dual] }), {
      units: [{ ...UNIT, standby: true, vni: 7, port: 4789, ends }],
      complete: true,
    })
  })

  it('says where BIG-IP floods to find pods', () => {
    const status = { mode: 'flannel-vxlan', units: [flannelUnit()] }
    const under = (arp: string) => tunnelsView(parseBigIp({ ...flannelBigIp(), spec: { arp }, status }), undefined)
    assert.deepEqual(under('none'), { ...KNOWN, flooding: true })
    for (const arp of ['pod', 'node']) assert.deepEqual(under(arp), KNOWN)
  })

  it('is nothing in modes without a tunnel on the nodes', () => {
    for (const mode of ['bgp', 'cilium-vxlan', 'flannel-host-gw'])
      assert.deepEqual(view({ mode, units: [flannelUnit()] }, KNOWN), NO_TUNNELS)
  })

  it('is what was said last while the controller does not know it, and is not all where nothing was said', () => {
    const mode = 'flannel-vxlan'
    const { vtep: _, ...silent } = flannelUnit()
    const withoutMac = flannelUnit({ vtep: { address: '10.0.0.254' } })
    for (const unit of [silent, withoutMac, flannelUnit({ selfIPs: [] })]) {
      assert.deepEqual(view({ mode, units: [unit] }, KNOWN), KNOWN)
      const told = view({ mode, units: [unit] })
      assert.deepEqual([told.complete, told.units.flatMap(({ ends }) => ends)], [false, []])
    }
    const moded = view({ units: [flannelUnit()] }, KNOWN)
    assert.deepEqual([moded.units, moded.complete], [[UNIT], false], 'no mode said yet: nothing may go')
    assert.deepEqual(view({ mode, units: [] }, KNOWN), { units: [], complete: false })
  })

  it('forgets a unit that the status has no more', () => {
    const two = view({ mode: 'flannel-vxlan', units: [flannelUnit(), flannelUnit({ name: 'bigip-b' })] })
    assert.deepEqual(
      two.units.map(({ name }) => name),
      ['bigip-a', 'bigip-b'],
    )
    assert.deepEqual(view({ mode: 'flannel-vxlan', units: [flannelUnit()] }, two), KNOWN)
  })

  it('is refused with the name of the unit where it makes no sense', () => {
    const wrong = flannelUnit({ vtep: { address: '10.0.0.254', mac: 'no' } })
    assert.throws(
      () => view({ mode: 'flannel-vxlan', units: [wrong] }),
      (thrown: unknown) => thrown instanceof InputFault && /bigip-a.*not a MAC address/.test(thrown.message),
    )
  })
})
