import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../lib/base/ip.ts'
import type { Link, Vxlan } from '../../lib/linux/netlink/link.ts'
import { judgeDevices } from '../../vxlan/device.ts'

const overlay = { family: 4, vni: 1, port: 8472 } as const
const node = parseAddress('10.0.1.1')
const endpoints = [parseAddress('10.0.9.9')]

const uplink: Link = {
  index: 2,
  name: 'eth0',
  up: true,
  carrier: true,
  mtu: 1500,
  mac: new Uint8Array(6),
  kind: '',
  master: 0,
  below: 0,
}

function tunnel(vxlan: Partial<Vxlan> = {}, link: Partial<Link> = {}): Link {
  return {
    ...uplink,
    index: 3,
    name: 'flannel.1',
    mtu: 1450,
    kind: 'vxlan',
    vxlan: {
      vni: 1,
      port: 8472,
      local: node,
      learning: false,
      below: 2,
      zeroChecksum6: false,
      external: false,
      ...vxlan,
    },
    ...link,
  }
}

function judge(links: readonly Link[], wish: Parameters<typeof judgeDevices>[1] = overlay, to = endpoints) {
  const { device, faults } = judgeDevices(links, wish, to, [node])
  return [
    device?.link.name,
    ...faults.map(({ code, sentence, harmless }) => `${code}${harmless ? '' : '!'}: ${sentence}`),
  ]
}

test("the device with BIG-IP's VNI and port carries the tunnel", () => {
  assert.deepEqual(judge([uplink, tunnel({ vni: 7 }, { name: 'other' }), tunnel()]), ['flannel.1'])
})

test("of flannel's two devices, that of the endpoint's family is the one", () => {
  const six = tunnel(
    { local: parseAddress('fd00::1'), zeroChecksum6: true },
    { index: 4, name: 'flannel-v6.1', mtu: 1430 },
  )
  const links = [uplink, tunnel(), six]
  assert.deepEqual(judge(links), ['flannel.1'])
  const { device } = judgeDevices(
    links,
    { ...overlay, family: 6 },
    [parseAddress('fd00::9')],
    [node, parseAddress('fd00::1')],
  )
  assert.equal(device?.link.name, 'flannel-v6.1')
})

test('what keeps packets from coming through is named with both values and with what to do', () => {
  const rows: [Link[], string][] = [
    [
      [uplink],
      "missing!: no device has VNI 1 and UDP port 8472, for there is no VXLAN device: is the CNI's agent running?",
    ],
    [
      [uplink, tunnel({ port: 4789 })],
      "port!: no device has VNI 1 and UDP port 8472: flannel.1 has VNI 1 and port 4789; BIG-IP's tunnel key and profile port must be the same",
    ],
    [
      [uplink, tunnel({ vni: 4096 })],
      "vni!: no device has VNI 1 and UDP port 8472: flannel.1 has VNI 4096 and port 8472; BIG-IP's tunnel key and profile port must be the same",
    ],
    [
      [uplink, tunnel(), tunnel({}, { name: 'vxlan9', index: 9 })],
      'ambiguous!: flannel.1 and vxlan9 both have VNI 1 and port 8472: name the device to be used',
    ],
    [
      [uplink, tunnel({ local: parseAddress('fd00::1'), zeroChecksum6: true }, { mtu: 1430 })],
      "family!: flannel.1 sends over IPv6, but 10.0.9.9 is BIG-IP's VTEP: give BIG-IP's tunnel a local address of IPv6",
    ],
  ]
  for (const [links, said] of rows) {
    const [device, first] = judge(links)
    assert.equal(device, undefined)
    assert.equal(first, said)
  }
})

test('a device that is named is the one, or the reason why it cannot be', () => {
  const named = (device: string) => ({ ...overlay, device })
  assert.deepEqual(judge([uplink, tunnel({}, { name: 'vx' })], named('vx')), ['vx'])
  assert.deepEqual(judge([uplink], named('vx')), [
    undefined,
    'missing!: there is no device vx: the CNI makes it when it starts; else name another device',
  ])
  assert.deepEqual(judge([uplink], named('eth0')), [
    undefined,
    'missing!: eth0 is no VXLAN device: the CNI makes it when it starts; else name another device',
  ])
  assert.match(
    judge([uplink, tunnel({ port: 4789 })], named('flannel.1'))[1]!,
    /^port!: flannel\.1 uses UDP port 4789, BIG-IP's profile has 8472/,
  )
  assert.match(
    judge([uplink, tunnel({ external: true })], named('flannel.1'))[1]!,
    /^vni!: flannel\.1 is told with each packet/,
  )
})

test('what is only harmful is told, and the device used', () => {
  assert.deepEqual(
    judge([uplink, tunnel({ learning: true, local: parseAddress('10.0.1.7') }, { mtu: 1500, up: false })]),
    [
      'flannel.1',
      'down: flannel.1 is down: ip link set flannel.1 up',
      "local-address: flannel.1 sends from 10.0.1.7, the Node says 10.0.1.1: BIG-IP's record must lead to 10.0.1.7",
      'learning: flannel.1 has learning, so that packets can move our rows: ip link set flannel.1 type vxlan nolearning',
      'mtu: flannel.1 has MTU 1500, but eth0 below it only 1500, and VXLAN over IPv4 adds 50: set it to 1450',
    ],
  )
  const six = tunnel({ local: parseAddress('fd00::1') }, { mtu: 1430 })
  const { device, faults } = judgeDevices([uplink, six], overlay, [parseAddress('fd00::9')], [])
  assert.equal(device?.link.name, 'flannel.1')
  assert.deepEqual(
    faults.map(({ code, sentence }) => `${code}: ${sentence}`),
    [
      'checksum: flannel.1 has noudp6zerocsumrx, so that it drops packets over IPv6 with UDP checksum 0, which is what BIG-IP may send (RFC 7348): make it with udp6zerocsumrx',
    ],
  )
})
