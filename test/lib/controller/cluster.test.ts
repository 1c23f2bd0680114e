/** The controller between the API stand-in and the BIG-IP stand-in; each test has a stage of its own. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isDeviceFault } from '../../../lib/bigip/fault.ts'
import type { BigIpStatus } from '../../../lib/index.ts'
import { BigIp } from '../../bigip/big-ip.ts'
import { until } from '../../until.ts'
import { eventually, Stage, writesOf } from './stage.ts'

describe('a controller in a cluster', { concurrency: 6 }, () => {
  it('makes an empty device reach the pods of flannel, and tells agents and people what they need', async context => {
    const stage = await Stage.open(context)
    stage.putPod('web', 1, '10.244.1.7')
    stage.putBigIp()
    stage.controller().start()
    await stage.ready()
    assert.deepEqual(await stage.records(), { '02:00:00:00:00:01': '10.1.10.1', '02:00:00:00:00:02': '10.1.10.2' })
    const [arp] = await stage.podEntries()
    assert.deepEqual([arp?.['ipAddress'], arp?.['macAddress']], ['10.244.1.7', '02:00:00:00:00:01'])
    await until('the MAC address is told', () => stage.status.units?.[0]?.vtep?.mac !== undefined)
    const { mode, nodes, cluster, units, observedGeneration } = stage.status
    const uid = stage.api.find('Namespace', 'kube-system')?.metadata.uid
    assert.equal(cluster, uid?.replaceAll('-', '').slice(0, 8))
    assert.equal(observedGeneration, stage.api.find('BIGIP', 'bigip')?.metadata.generation)
    assert.deepEqual([mode, nodes], ['flannel-vxlan', { served: 2, leftOut: 0, reasons: [] }])
    const [unit] = units!
    assert.equal(unit?.address, stage.device.url)
    assert.equal(unit?.vtep?.address, '10.1.10.60')
    assert.match(unit?.vtep?.mac ?? '', /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
    assert.deepEqual([unit?.tunnelSubnets, unit?.selfIPs], [['10.244.255.0/24'], ['10.244.255.1/16']])
    assert.equal(unit?.lastError, undefined)
  })

  it('at rest writes nothing, neither to the device nor to the cluster', async context => {
    const stage = await Stage.open(context)
    stage.putBigIp({ resyncInterval: 5 })
    const controller = stage.controller()
    controller.start()
    await stage.ready()
    await until('all is told', () => stage.status.units?.[0]?.vtep?.mac !== undefined)
    let resyncs = 0
    controller.on('synced', () => resyncs++)
    // the first may be one whose writes, a save among them, are still to come
    await until('it has settled', () => resyncs > 1)
    stage.device.calls.reset()
    let writes = 0
    stage.api.faults.judge = ({ method }) => {
      if (method !== 'GET') writes++
      return undefined
    }
    await until('the device was read again', () => resyncs > 2)
    // what would be told of that is told within seconds
    await until('and once more', () => resyncs > 3)
    assert.deepEqual([stage.device.calls.writes, writes], [0, 0])
  })

  it('follows nodes and pods as they come and go, with a write or two each', async context => {
    const stage = await Stage.open(context)
    stage.putBigIp()
    stage.controller().start()
    await stage.ready()
    stage.device.calls.reset()
    stage.putNode(3)
    await eventually(async () => Object.keys(await stage.records()).length, 3)
    stage.putPod('web', 3, '10.244.3.9')
    await eventually(async () => (await stage.podEntries()).length, 1)
    stage.api.remove('Pod', 'web', 'default')
    await eventually(async () => (await stage.podEntries()).length, 0)
    stage.api.remove('Node', 'node-1')
    await eventually(async () => Object.keys(await stage.records()), ['02:00:00:00:00:02', '02:00:00:00:00:03'])
    await eventually(async () => writesOf(stage.device), 6)
  })

  it('leaves a node out that its CNI says nothing of, and tells why on it; the others go on', async context => {
    const stage = await Stage.open(context)
    stage.putNode(3, {})
    stage.putBigIp()
    stage.controller().start()
    await until('it is told in the status', () => stage.status.nodes?.leftOut === 1)
    await eventually(async () => Object.keys(await stage.records()), ['02:00:00:00:00:01', '02:00:00:00:00:02'])
    const about = () =>
      stage.api.list('Event').filter(event => (event['involvedObject'] as { name: string }).name === 'node-3')
    await until('an Event tells it', () => about().length > 0)
    const { type, involvedObject, message, reason } = about()[0] as unknown as Record<string, unknown>
    assert.deepEqual([type, (involvedObject as { kind: string }).kind], ['Warning', 'Node'])
    assert.equal(reason, stage.status.nodes?.reasons[0]?.reason)
    assert.match(String(message), /^BIGIP bigip: /)
  })

  it('deletes nothing as long as part of the cluster is not known', async context => {
    const stage = await Stage.open(context)
    stage.putPod('web', 1, '10.244.1.7')
    stage.putBigIp()
    const first = stage.controller()
    first.start()
    await stage.ready()
    await first.close()
    stage.api.remove('Pod', 'web', 'default')
    stage.api.remove('Node', 'node-1')
    stage.api.faults.judge = ({ path }) => (path === '/api/v1/pods' ? { code: 503 } : undefined)
    const second = stage.controller()
    let read = 0
    second.on('synced', () => read++)
    second.start()
    await until('the device was read', () => read > 0)
    stage.putNode(3)
    await eventually(async () => Object.keys(await stage.records()).length, 3)
    assert.equal((await stage.podEntries()).length, 1)
    stage.api.faults.judge = () => undefined
    await eventually(async () => (await stage.podEntries()).length, 0)
    await eventually(async () => Object.keys(await stage.records()), ['02:00:00:00:00:02', '02:00:00:00:00:03'])
  })

  it("waits for an operator's word before it deletes much", async context => {
    const stage = await Stage.open(context, { nodes: 9 })
    stage.putBigIp()
    stage.controller().start()
    await stage.ready()
    for (let number = 1; number <= 7; number++) stage.api.remove('Node', `node-${number}`)
    await until('all of it is refused', () => stage.status.units?.[0]?.refused?.count === 14)
    const { token, objects } = stage.status.units![0]!.refused!
    assert.equal(objects.length, 14)
    const asks = new RegExp(`DeletionsRefused: .*podpeer.io/allow-deletions=${token}$`)
    await until('what to write is told', () => asks.test(stage.condition('Ready')))
    assert.equal(Object.keys(await stage.records()).length, 9)
    stage.putBigIp({}, { annotations: { 'podpeer.io/allow-deletions': token } })
    await eventually(async () => Object.keys(await stage.records()).length, 2)
    await stage.ready()
    assert.equal(stage.status.units?.[0]?.refused, undefined)
  })

  it('says what is wrong with an object that the server took, and takes it once it is right', async context => {
    const stage = await Stage.open(context)
    stage.putBigIp({ units: [{ bgp: { address6: '1::2::3' } }] })
    stage.controller().start()
    await until('it is told', () => stage.condition('Ready').startsWith('False InvalidSpec'))
    assert.match(stage.condition('Ready'), /spec\.units\[0\]\.bgp\.address6: "1::2::3" is not an IP address/)
    stage.putBigIp()
    await stage.ready()
  })

  it('says which Secret is missing, and goes on when it is there', async context => {
    const stage = await Stage.open(context)
    stage.api.remove('Secret', 'bigip-login', 'podpeer')
    stage.putBigIp()
    stage.controller().start()
    await until('it is told', () => stage.condition('Reachable').startsWith('False'))
    assert.match(
      stage.condition('Reachable'),
      /there is no Secret podpeer\/bigip-login; kubectl -n podpeer create secret/,
    )
    stage.putSecret(stage.device.credentials.password)
    await stage.ready()
  })

  it('refuses two objects for one device', async context => {
    const stage = await Stage.open(context)
    const units = [{ name: 'bigip-a', address: stage.device.url, tunnel: { selfIPs: ['10.244.255.1/16'] } }]
    stage.putBigIp({ units })
    stage.api.put({
      apiVersion: 'podpeer.io/v1alpha1',
      kind: 'BIGIP',
      metadata: { name: 'other' },
      spec: { units, tls: { caSecret: 'bigip-ca' } },
    })
    const controller = stage.controller()
    controller.start()
    await stage.ready()
    assert.deepEqual(controller.troubles, ['BIGIP other: BIGIP bigip has the same device: delete one of them'])
  })

  it('finds that two objects have one device where only their Secret says which; the younger leaves it alone', async context => {
    const stage = await Stage.open(context)
    stage.putBigIp({ mode: 'static' })
    const controller = stage.controller()
    controller.start()
    await stage.ready()
    stage.api.put({
      apiVersion: 'podpeer.io/v1alpha1',
      kind: 'BIGIP',
      metadata: { name: 'a-later-one', creationTimestamp: new Date(Date.now() + 60_000).toISOString() },
      spec: { mode: 'flannel-vxlan', deletionPolicy: 'Delete', tls: { caSecret: 'bigip-ca' } },
    })
    const status = () => stage.api.find('BIGIP', 'a-later-one')?.['status'] as BigIpStatus | undefined
    await until('it is told', () => status()?.conditions?.[0]?.reason === 'DeviceTaken')
    assert.equal(status()?.conditions?.[0]?.message, 'BIGIP bigip has the same device: delete one of them')
    assert.deepEqual(
      controller.units().map(({ bigIp }) => bigIp),
      ['bigip'],
    )
    await stage.deleteBigIp('a-later-one')
    await until('it is gone', () => stage.api.find('BIGIP', 'a-later-one') === undefined)
    assert.equal((await stage.device.list('/tm/net/route')).length, 2)
    assert.deepEqual(await stage.records(), {})
  })
  describe('its credentials', { concurrency: true }, () => {
    it('are read again when the device refuses them: a new password needs no restart', async context => {
      const stage = await Stage.open(context)
      stage.putBigIp()
      stage.controller().start()
      await stage.ready()
      stage.device.unit.tokens.password = 'another'
      stage.putSecret('another')
      stage.device.unit.forgetSessions()
      stage.putNode(3)
      await eventually(async () => Object.keys(await stage.records()).length, 3)
    })

    it('lead to another device once the Secret has another url, without a restart; the one before stays as it is', async context => {
      const first = await BigIp.start()
      const { password } = first.credentials
      const second = await BigIp.start({ password, networks: [{ vlan: 'external', selfIPs: ['10.1.10.61/24'] }] })
      const stage = await Stage.open(context, { devices: [first, second] })
      stage.putBigIp()
      const controller = stage.controller()
      controller.start()
      await stage.ready()
      stage.putSecret(password, second.url)
      // a reading that is on time, and is given up once it has seen that the device is another one
      await controller
        .units()[0]
        ?.unit.link.read()
        .catch(thrown => assert.ok(isDeviceFault(thrown, 'BIGIP_ABORTED'), thrown))
      await until('it is asked there', () => stage.status.units?.[0]?.address === second.url)
      await eventually(async () => Object.keys(await stage.records(second)).length, 2)
      await until('its VTEP is told', () => stage.status.units?.[0]?.vtep?.address === '10.1.10.61')
      await stage.ready()
      const writes = writesOf(first)
      stage.putNode(3)
      await eventually(async () => Object.keys(await stage.records(second)).length, 3)
      assert.equal(Object.keys(await stage.records(first)).length, 2)
      assert.equal(writesOf(first), writes)
    })

    it('are given back at the end: no token is left on the device', async context => {
      const stage = await Stage.open(context)
      stage.putBigIp()
      const controller = stage.controller()
      controller.start()
      await stage.ready()
      await controller.close()
      assert.equal(stage.device.calls.count('POST /shared/authn/login'), 1)
      assert.equal(
        stage.device.calls.last
          .filter(({ method }) => method === 'DELETE')
          .at(-1)
          ?.path.includes('/shared/authz/tokens'),
        true,
      )
    })
  })

  describe('an ip-masq-agent', { concurrency: true }, () => {
    const configOf = (stage: Stage) =>
      (stage.api.find('ConfigMap', 'ip-masq-agent', 'kube-system')?.['data'] as { config: string } | undefined)?.config
    const withList = (stage: Stage) =>
      stage.api.put({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'ip-masq-agent', namespace: 'kube-system' },
        data: { config: 'nonMasqueradeCIDRs:\n  - 10.244.0.0/16\n' },
      })

    it('lets the device see the addresses of pods, where the object asks for it', async context => {
      const stage = await Stage.open(context)
      withList(stage)
      stage.putBigIp({ masquerade: {} })
      stage.controller().start()
      await until('the device is in the list', () => configOf(stage)?.includes('10.1.10.60/32') === true)
      assert.match(configOf(stage)!, /10\.244\.0\.0\/16/)
    })

    it('is left alone where it does not, and none is made', async context => {
      const stage = await Stage.open(context)
      stage.putBigIp({ masquerade: {} })
      stage.controller().start()
      await until(
        'it is told',
        () => stage.status.findings?.some(({ code }) => code === 'masquerade-no-configmap') === true,
      )
      assert.equal(stage.api.find('ConfigMap', 'ip-masq-agent', 'kube-system'), undefined)
    })
  })
})
