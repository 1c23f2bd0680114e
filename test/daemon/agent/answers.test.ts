import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { afterEach, describe, it } from 'node:test'
import { vxlanLink } from './played-overlay.ts'
import { nodeObject, podView } from './played-world.ts'
import { clean, flannelBigIp, MINUTE, SECOND, world } from './setting.ts'

afterEach(clean)

const ANSWERS = 'overlay: { answers: true }'
const SETTINGS = [
  ['net/ipv4/conf/flannel.1/proxy_arp', '0'],
  ['net/ipv4/neigh/flannel.1/proxy_delay', '0'],
] as const
const FORBIDDEN = 'the server refused with 403'

/** @param arp of the BIGIP */
function settled(config = ANSWERS, arp = 'none') {
  const { node, clock } = world()
  for (const [name] of SETTINGS) node.overlay.settings.set(name, '80')
  node.start(config)
  node.synced(nodeObject())
  node.bigips({ ...flannelBigIp(), spec: { arp } })
  const proxies = () => node.overlay.text.filter(row => row.startsWith('proxy')).map(row => row.split(' ')[1])
  const settings = () => SETTINGS.map(([name]) => node.overlay.settings.get(name))
  return { node, clock, proxies, settings }
}

const SHOP = podView()
const OTHER = podView({ name: 'other', addresses: ['10.244.1.3', 'fd00:10:244:1::3'] })

describe('an agent that answers ARP and NDP', () => {
  it('does so for each pod of its node on the device of its family, and no longer than there is such a pod', () => {
    const { node, proxies, settings } = settled()
    node.pods(SHOP, OTHER)
    assert.deepEqual(proxies(), ['10.244.1.2', '10.244.1.3'])
    assert.deepEqual(settings(), ['0', '0'])
    assert.deepEqual(node.agent.problems, [])
    node.pods(OTHER)
    assert.deepEqual(proxies(), ['10.244.1.3'])
    node.pods(podView({ ...OTHER, phase: 'Failed' }))
    assert.deepEqual(proxies(), [])
  })

  it('tells of these rows', () => {
    const { node } = settled()
    node.pods(SHOP)
    const [overlay] = node.view.vxlan().overlays
    assert.deepEqual(
      overlay!.answers!.map(({ kind, key, status }) => [kind, key, status]),
      [['proxy', '10.244.1.2', 'installed']],
    )
    assert.equal(overlay!.vteps[0]!.rows.length, 3)
  })

  it('does not unless it is told to, watches no pods then, and says so where a BIG-IP asks', () => {
    const { node, proxies, settings } = settled('')
    assert.equal(node.followsPods, false)
    assert.deepEqual(proxies(), [])
    assert.deepEqual(settings(), ['80', '80'])
    assert.equal(node.view.vxlan().overlays[0]!.answers, undefined)
    assert.match(node.agent.problems.join(), /^BIGIP bigip asks by ARP and NDP .*: set overlay\.answers$/)
    assert.deepEqual(settled('', 'pod').node.agent.problems, [])
  })

  it('begins when the setting comes, and takes rows and settings back when it goes', () => {
    const { node, proxies, settings } = settled('')
    node.reload(ANSWERS)
    node.pods(SHOP)
    assert.deepEqual([proxies(), settings()], [['10.244.1.2'], ['0', '0']])
    node.reload('')
    assert.deepEqual([proxies(), settings()], [[], ['80', '80']])
    node.reload(ANSWERS)
    assert.deepEqual([proxies(), settings()], [['10.244.1.2'], ['0', '0']])
  })

  it('takes them back with the last VTEP, too', () => {
    const { node, proxies, settings } = settled()
    node.pods(SHOP)
    node.bigips()
    assert.deepEqual([proxies(), settings()], [[], ['80', '80']])
  })

  it('leaves them in place when it stops or is killed, and its successor goes on with them, the API away or not', async () => {
    for (const end of ['stop', 'kill'] as const) {
      const { node, proxies, settings } = settled()
      node.pods(SHOP, OTHER)
      if (end === 'stop') await node.agent.stop()
      else node.kill()
      const before = [
        ['10.244.1.2', '10.244.1.3'],
        ['0', '0'],
      ]
      assert.deepEqual([proxies(), settings()], before, end)
      node.start(ANSWERS)
      node.apiFails('API server unreachable')
      assert.deepEqual([proxies(), settings()], before, end)
      node.synced(nodeObject())
      node.bigips({ ...flannelBigIp(), spec: { arp: 'none' } })
      assert.deepEqual([proxies(), settings()], before, 'pods are not told yet')
      node.pods(OTHER)
      assert.deepEqual([proxies(), settings()], [['10.244.1.3'], ['0', '0']])
      assert.equal(node.agent.overlay.counts?.repairs, 0)
    }
  })

  it('has what a former agent left taken back by one that is not to answer, once all is known', () => {
    const { node, proxies, settings } = settled()
    node.pods(SHOP)
    node.kill()
    node.start('')
    assert.deepEqual([proxies(), settings()], [['10.244.1.2'], ['0', '0']])
    node.synced(nodeObject())
    node.bigips({ ...flannelBigIp(), spec: { arp: 'none' } })
    assert.deepEqual([proxies(), settings()], [[], ['80', '80']])
  })

  it('takes nothing back before the Node is known, whose labels may choose the section that tells to answer', () => {
    const section = 'nodes: [{ selector: { matchLabels: { answers: "yes" } }, overlay: { answers: true } }]'
    const { node, proxies, settings } = settled()
    node.pods(SHOP)
    node.kill()
    rmSync(node.statePath)
    node.start(section)
    node.bigips({ ...flannelBigIp(), spec: { arp: 'none' } })
    assert.deepEqual([proxies(), settings()], [['10.244.1.2'], ['0', '0']])
    node.synced(nodeObject({ labels: { answers: 'yes' } }))
    node.pods(SHOP)
    assert.deepEqual([proxies(), settings()], [['10.244.1.2'], ['0', '0']])
    node.synced(nodeObject())
    assert.deepEqual([proxies(), settings()], [[], ['80', '80']])
  })

  it('keeps what it has while pods cannot be read, and says why', () => {
    const { node, proxies } = settled()
    node.pods(SHOP)
    node.podsFail(FORBIDDEN)
    assert.deepEqual(proxies(), ['10.244.1.2'])
    assert.deepEqual(node.agent.problems, [`overlay.answers: pods cannot be read: ${FORBIDDEN}`])
    node.pods(SHOP, OTHER)
    assert.deepEqual(node.agent.problems, [])
    assert.deepEqual(proxies(), ['10.244.1.2', '10.244.1.3'])
  })

  it('sets again what somebody changed, at the next change of a link or within ten seconds', () => {
    const { node, clock, settings } = settled()
    node.pods(SHOP)
    for (const wait of [() => clock.advance(11 * SECOND), () => node.overlay.change(vxlanLink())]) {
      node.overlay.settings.set(SETTINGS[1][0], '80')
      wait()
      assert.deepEqual(settings(), ['0', '0'])
    }
  })

  it('names a setting for all devices with which a node answers for whatever it has a route to', () => {
    const { node, clock } = settled()
    node.pods(SHOP)
    node.overlay.settings.set('net/ipv4/conf/all/proxy_arp', '1')
    clock.advance(MINUTE)
    assert.match(node.agent.problems.join(), /^overlay\.answers: net\.ipv4\.conf\.all\.proxy_arp is 1/)
    node.overlay.settings.set('net/ipv4/conf/all/proxy_arp', '0')
    clock.advance(MINUTE)
    assert.deepEqual(node.agent.problems, [])
  })

  it('says that it cannot where there is no Kubernetes that would tell of pods', () => {
    const { node } = world()
    node.start(`${ANSWERS}\nkubernetes: { enabled: false }\nasNumber: 65001`)
    assert.match(node.agent.problems.join(), /^overlay\.answers: .* without Kubernetes: nobody answers for them$/)
  })
})
