import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { nodeMac } from '../../../vxlan/own.ts'
import { vxlanLink } from './played-overlay.ts'
import { nodeObject } from './played-world.ts'
import { clean, flannelBigIp, flannelUnit, world } from './setting.ts'

afterEach(clean)

const ROWS = [
  'fdb 02:00:00:00:00:fe dev podpeer.4 dst 10.0.0.254',
  'neighbor 10.245.255.1 dev podpeer.4 lladdr 02:00:00:00:00:fe',
  'route 10.245.255.0/24 table 17900 via 10.245.255.1 dev podpeer.4',
  'rule to 10.245.255.0/24 table 17900 priority 500 ',
]

function ownBigIp(port = 8479) {
  const bigip = flannelBigIp(
    flannelUnit({ vxlan: { vni: 179, port }, selfIPs: ['10.245.255.1/15'], tunnelSubnets: ['10.245.255.0/24'] }),
  )
  return { ...bigip, status: { ...(bigip.status as object), mode: 'podpeer-vxlan' } }
}

function settled(...bigips: ReturnType<typeof ownBigIp>[]) {
  const { node, clock } = world()
  node.overlay.links = []
  node.start('')
  node.synced(nodeObject())
  node.bigips(...bigips)
  const names = () => node.overlay.links.map(({ name }) => name)
  return { node, clock, names }
}

describe('an agent under a BIGIP in mode podpeer-vxlan', () => {
  it('makes the device of the node, and has its rows and the rule to their table', () => {
    const { node } = settled(ownBigIp())
    const [{ name, mac, vxlan } = vxlanLink(), ...others] = node.overlay.links
    assert.deepEqual(
      [name, Buffer.from(mac).toString('hex').match(/../g)!.join(':')],
      ['podpeer.4', nodeMac('node-1', 4)],
    )
    assert.deepEqual([vxlan?.vni, vxlan?.port, String(vxlan?.local), others.length], [179, 8479, '10.0.0.1', 0])
    assert.deepEqual(node.overlay.text, ROWS)
    assert.deepEqual(node.agent.problems, [])
  })

  it('makes it again when somebody deletes it, and raises it when somebody lets it down', () => {
    const { node, names } = settled(ownBigIp())
    node.overlay.change()
    assert.deepEqual(names(), ['podpeer.4'])
    node.overlay.change(...node.overlay.links.map(link => ({ ...link, up: false })))
    assert.equal(node.overlay.links[0]!.up, true)
    assert.deepEqual(node.overlay.text, ROWS)
  })

  it('makes its MTU smaller when the underlay takes less', () => {
    const { node } = settled(ownBigIp())
    node.overlay.underlayMtu = 1400
    node.overlay.change(...node.overlay.links)
    assert.equal(node.overlay.links[0]!.mtu, 1350)
    assert.deepEqual(node.overlay.text, ROWS)
  })

  it('makes it anew with another port', () => {
    const { node, names } = settled(ownBigIp())
    node.bigips(ownBigIp(9000))
    assert.deepEqual([names(), node.overlay.links[0]!.vxlan?.port], [['podpeer.4'], 9000])
  })

  it('removes it with the last BIG-IP, and after a restart as well', () => {
    const { node, names } = settled(ownBigIp())
    node.bigips()
    assert.deepEqual([names(), node.overlay.text], [[], []])
    node.bigips(ownBigIp())
    node.kill()
    node.start('')
    assert.deepEqual(names(), ['podpeer.4'], 'nothing is known yet')
    node.synced(nodeObject())
    node.bigips()
    assert.deepEqual([names(), node.overlay.text], [[], []])
  })

  it('names the device that holds its UDP port, and goes on when that has gone', () => {
    const { node, names } = settled()
    node.overlay.change(vxlanLink({ name: 'antrea-tun0', vni: 7 }))
    node.bigips(ownBigIp(8472))
    assert.deepEqual(node.agent.problems, [
      'overlay: UDP port 8472 is held by antrea-tun0: write another under spec.tunnel.port of the BIGIP',
    ])
    assert.deepEqual([names(), node.overlay.text], [['antrea-tun0'], []])
    node.overlay.change()
    assert.deepEqual([names(), node.agent.problems], [['podpeer.4'], []])
  })

  it('says when a process holds the port', () => {
    const { node, names } = settled()
    node.overlay.taken = 'changing the link 9: Address already in use'
    node.bigips(ownBigIp())
    assert.deepEqual(names(), [])
    assert.match(node.agent.problems[0] ?? '', /Address already in use.*: a process holds the UDP port/)
  })

  it('has no address there to ping BIG-IP from, so that it is asked outside the tunnel', async () => {
    const { node, clock } = settled(ownBigIp())
    const [probe] = await node.view.probeVteps(undefined)
    assert.deepEqual([probe?.healthy, probe?.code, probe?.inner], [true, 'healthy', undefined])
    assert.match(probe!.finding, / answers outside the tunnel; /)
    const vtep = () => node.view.vxlan().overlays[0]!.vteps[0]!
    node.answering.set(vtep().endpoint, 0.5)
    clock.advance(10_000)
    await new Promise(setImmediate)
    assert.deepEqual(vtep().health, { sent: 1, lost: 0, lastRoundTrip: 0.5, roundTrip: 0.5, outside: true })
  })
})
