import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { agentMetrics } from '../../../daemon/metrics.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { vxlanLink } from './played-overlay.ts'
import { nodeObject } from './played-world.ts'
import { clean, flannelBigIp, flannelUnit, MINUTE, SECOND, world } from './setting.ts'

afterEach(clean)

const ROWS = [
  'fdb 02:00:00:00:00:fe dev flannel.1 dst 10.0.0.254',
  'neighbor 10.244.254.1 dev flannel.1 lladdr 02:00:00:00:00:fe',
  'route 10.244.254.0/24 table 254 via 10.244.254.1 dev flannel.1',
]
const AWAY = 'API server unreachable'

function settled(...units: Record<string, unknown>[]) {
  const { node, clock } = world()
  node.start('')
  node.synced(nodeObject())
  node.bigips(flannelBigIp(...units))
  return { node, clock }
}

describe('an agent under a BIGIP in mode flannel-vxlan', () => {
  it('holds the rows towards its VTEP, needs no AS for that, and has no problem', () => {
    const { node } = settled()
    assert.deepEqual(node.overlay.text, ROWS)
    assert.deepEqual(node.agent.problems, [])
  })

  it('takes them away when the VTEP goes, and then listens no more', async () => {
    for (const goes of ['object', 'mode'] as const) {
      const { node } = settled()
      if (goes === 'object') node.bigips()
      else node.bigips({ ...flannelBigIp(), status: { mode: 'bgp', units: [flannelUnit()] } })
      assert.deepEqual(node.overlay.text, [])
      await Promise.resolve()
      assert.equal(node.overlay.tables, 0)
      node.bigips(flannelBigIp())
      assert.deepEqual(node.overlay.text, ROWS)
    }
  })

  it('keeps them while the API is away, and over a restart then', () => {
    const { node, clock } = settled()
    node.apiFails(AWAY)
    node.bigipsFail(AWAY)
    clock.advance(10 * MINUTE)
    node.kill()
    node.start('')
    assert.deepEqual(node.overlay.text, ROWS)
    assert.equal(node.agent.overlay.counts?.repairs, 0)
    node.apiFails(AWAY)
    node.bigipsFail(AWAY)
    assert.deepEqual(node.overlay.text, ROWS)
  })

  it('sweeps what the agent before it left once the API has told that it is wanted no more, and not before', () => {
    const { node } = settled()
    node.kill()
    node.start('', 'renamed')
    assert.deepEqual(node.overlay.text, ROWS, 'nothing is known yet')
    node.synced(nodeObject({ name: 'renamed' }))
    node.bigips({ ...flannelBigIp(), spec: { units: [] } })
    assert.deepEqual(node.overlay.text, ROWS, 'the object cannot be read')
    node.bigips(flannelBigIp({ name: 'bigip-a' }))
    assert.deepEqual(node.overlay.text, ROWS, 'its unit has not told of its VTEP')
    node.bigips(flannelBigIp(flannelUnit({ selfIPs: ['10.244.253.1/16'], tunnelSubnets: ['10.244.253.0/24'] })))
    assert.deepEqual(
      node.overlay.text,
      ROWS.map(row => row.replaceAll('10.244.254', '10.244.253')),
    )
  })

  it('switches at once to another MAC address and to the unit that serves now', () => {
    const pair = (serving: string, mac = '02:00:00:00:00:fe') => [
      flannelUnit({ haState: serving === 'a' ? 'active' : 'standby', vtep: { address: '10.0.0.254', mac } }),
      flannelUnit({
        name: 'bigip-b',
        haState: serving === 'b' ? 'active' : 'standby',
        vtep: { address: '10.0.0.253', mac: '02:00:00:00:00:fd' },
        selfIPs: ['10.244.253.1/16'],
      }),
    ]
    const { node } = settled(...pair('a'))
    const shared = () => node.overlay.text.find(row => row.startsWith('route 10.244.254.0/24'))
    assert.match(shared()!, /via 10\.244\.254\.1 /)
    node.bigips(flannelBigIp(...pair('b')))
    assert.match(shared()!, /via 10\.244\.253\.1 /)
    node.bigips(flannelBigIp(...pair('b', '02:00:00:00:00:aa')))
    assert.deepEqual(
      node.overlay.text.filter(row => row.startsWith('fdb')),
      ['fdb 02:00:00:00:00:aa dev flannel.1 dst 10.0.0.254', 'fdb 02:00:00:00:00:fd dev flannel.1 dst 10.0.0.253'],
    )
  })

  it('takes a row of flannel only when it is told to, and then again over restarts of either', async () => {
    const { node, clock } = settled()
    const key = 'fdb 02:00:00:00:00:fe dev flannel.1'
    const flanneldStarts = () =>
      node.overlay.replace({
        kind: 'fdb',
        device: 'flannel.1',
        mac: '02:00:00:00:00:fe',
        endpoint: parseAddress('10.0.0.254'),
      })
    flanneldStarts()
    assert.deepEqual(node.overlay.foreign, [key])
    await node.agent.overlay.takeOver()
    assert.deepEqual(node.overlay.foreign, [])
    flanneldStarts()
    assert.deepEqual(node.overlay.foreign, [])
    clock.advance(SECOND)
    node.kill()
    flanneldStarts()
    assert.deepEqual(node.overlay.foreign, [key], 'nobody is there to take it')
    node.start('')
    assert.deepEqual(node.overlay.foreign, [])
    assert.deepEqual(node.overlay.text, ROWS)
  })

  it('keeps rows wanted while flanneld makes its device anew', () => {
    const { node } = settled()
    node.overlay.change()
    assert.match(node.agent.problems.join(), /^overlay: no device has VNI 1 and UDP port 8472/)
    node.overlay.flush()
    node.overlay.change(vxlanLink())
    assert.deepEqual(node.overlay.text, ROWS)
    assert.deepEqual(node.agent.problems, [])
  })

  it('names what is wrong with a device, and puts no row on one that cannot serve', () => {
    const { node } = settled()
    node.overlay.change(vxlanLink({ local: parseAddress('10.0.0.77') }))
    assert.match(node.agent.problems.join(), /^overlay: flannel\.1 sends from 10\.0\.0\.77, the Node says 10\.0\.0\.1/)
    assert.deepEqual(node.overlay.text, ROWS)
    node.overlay.change(vxlanLink({ vni: 9 }))
    assert.match(node.agent.problems.join(), /flannel\.1 has VNI 9/)
    node.reload('overlay: { device: flannel.1 }')
    assert.match(node.agent.problems.join(), /flannel\.1 has VNI 9, BIG-IP's tunnel has key 1/)
    assert.deepEqual(node.overlay.text, [])
  })

  it('routes only the self IP of a BIG-IP whose subnet overlaps the pods of this node', () => {
    const { node } = settled(flannelUnit({ tunnelSubnets: ['10.244.0.0/16'] }))
    assert.deepEqual(node.overlay.text, [
      ...ROWS.slice(0, 2),
      'route 10.244.254.1/32 table 254 via 10.244.254.1 dev flannel.1',
    ])
    assert.match(node.agent.problems.join(), /subnet 10\.244\.0\.0\/16 overlaps the pods of this node/)
  })
})

describe('what the agent tells of its VTEPs', () => {
  it('is their rows with their owner and repairs, under the device that carries them', () => {
    const { node } = settled()
    node.overlay.flush()
    const { overlays, rows } = node.view.vxlan()
    assert.deepEqual(rows, { wanted: 3, actual: 3, drift: 0, conflicts: 0, repairs: 3 })
    const [overlay] = overlays
    assert.deepEqual(overlay?.device, {
      name: 'flannel.1',
      mtu: 1450,
      mac: '02:00:00:00:00:01',
      localAddress: '10.0.0.1',
    })
    const [vtep] = overlay!.vteps
    assert.deepEqual(
      vtep!.rows.map(({ kind, key, content, status, repairs }) => [kind, key, content, status, repairs]),
      [
        ['neighbor', '10.244.254.1', 'lladdr 02:00:00:00:00:fe', 'installed', 1],
        ['fdb', '02:00:00:00:00:fe', 'dst 10.0.0.254', 'installed', 1],
        ['route', '10.244.254.0/24', 'via 10.244.254.1 dev flannel.1', 'installed', 1],
      ],
    )
    assert.ok(vtep!.rows.every(({ since, lastRepair }) => since !== undefined && lastRepair !== undefined))
  })

  it('says whether they answer pings inside the tunnel: one in ten seconds, the last thirty count', async () => {
    const { node, clock } = settled()
    const health = () => node.view.vxlan().overlays[0]!.vteps[0]!.health
    const pings = async (count: number) => {
      for (let sent = 0; sent < count; sent++) {
        clock.advance(10_000)
        await new Promise(setImmediate)
      }
    }
    assert.equal(health(), undefined)
    node.answering.set('10.244.254.1', 0.5)
    await pings(2)
    assert.deepEqual(health(), { sent: 2, lost: 0, lastRoundTrip: 0.5, roundTrip: 0.5 })
    node.answering.clear()
    await pings(1)
    assert.deepEqual(health(), { sent: 3, lost: 1, lastRoundTrip: 0.5, roundTrip: 0.5, reason: 'no answer' })
    await pings(30)
    assert.deepEqual(health(), { sent: 30, lost: 30, reason: 'no answer' })
    const metrics = agentMetrics(node.agent, node.view, { dropped: 0 })
    const lines = (await metrics.render()).split('\n')
    for (const line of [
      'podpeer_vtep_loss_ratio{vtep="bigip/bigip-a",family="ipv4"} 1',
      'podpeer_overlay_rows{status="actual"} 3',
      'podpeer_overlay_repairs_total 0',
    ])
      assert.ok(lines.includes(line), line)
  })

  it('is measured when asked for, and told in words where no device carries the tunnel', async () => {
    const { node } = settled()
    const [probe] = await node.view.probeVteps('bigip/bigip-a')
    assert.deepEqual(
      [probe?.healthy, probe?.code, probe?.pathMtu, probe?.device],
      [true, 'healthy', 1500, { name: 'flannel.1', mtu: 1450 }],
    )
    node.overlay.change()
    const [other] = await node.view.probeVteps(undefined)
    assert.deepEqual([other?.healthy, other?.code], [false, 'device'])
    assert.match(other!.finding, /no device has VNI 1/)
  })
})

describe('VTEPs of the configuration', () => {
  const vtep = (more = '') =>
    `overlay: { vteps: [{ name: lb, endpoint: 10.0.0.254, mac: 02-00-00-00-00-FE, selfIP: 10.244.254.1, subnets: [10.244.254.0/24] }]${more} }`

  it('are reached without Kubernetes, and go with a change of the file', () => {
    const { node } = world()
    node.start(`kubernetes: { enabled: false }\n${vtep()}`)
    assert.deepEqual(node.overlay.text, ROWS)
    node.reload(`kubernetes: { enabled: false }\n${vtep(', enabled: false')}`)
    assert.deepEqual(node.overlay.text, [])
  })

  it('win over the unit of that name', () => {
    const { node } = settled()
    node.reload(vtep().replace('name: lb', 'name: bigip/bigip-a').replace('10.0.0.254', '10.0.0.200'))
    assert.deepEqual(
      node.overlay.text.filter(row => row.startsWith('fdb')),
      ['fdb 02:00:00:00:00:fe dev flannel.1 dst 10.0.0.200'],
    )
  })
})
