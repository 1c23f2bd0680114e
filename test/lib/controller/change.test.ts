/** A BIGIP object that is changed or deleted while a controller follows it; each test has a stage of its own. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BigIp } from '../../bigip/big-ip.ts'
import { until } from '../../until.ts'
import { eventually, Stage } from './stage.ts'

describe('a BIGIP', { concurrency: true }, () => {
  describe('that is changed', { concurrency: true }, () => {
    it('takes force at once: another unit address, another way to know the pods', async context => {
      const stage = await Stage.open(context)
      stage.putPod('web', 1, '10.244.1.7')
      stage.putBigIp()
      const controller = stage.controller()
      controller.start()
      await stage.ready()
      const [before] = controller.units()
      stage.putBigIp({ arp: 'node' })
      await eventually(async () => (await stage.device.list('/tm/net/route')).length, 2)
      assert.equal(controller.units()[0]?.unit, before?.unit)
      const address = stage.device.url.replace('127.0.0.1', 'localhost')
      stage.putBigIp({ units: [{ name: 'bigip-a', address, tunnel: { selfIPs: ['10.244.255.1/16'] } }] })
      await until('the device is asked there', () => stage.status.units?.[0]?.address === address)
      await eventually(async () => (await stage.device.list('/tm/net/route')).length, 0)
      await eventually(async () => (await stage.podEntries()).length, 1)
    })

    it('whose unit goes leaves the device of that unit as it is', async context => {
      const stage = await Stage.open(context)
      const networks = [{ vlan: 'external', selfIPs: ['10.1.10.61/24'] }]
      const other = await BigIp.start({ ...stage.device.credentials, hostName: 'bigip-b.example.net', networks })
      context.after(() => other.close())
      const tls = { insecure: true }
      const units = [stage.device, other].map(({ url: address }, at) => ({
        name: `bigip-${at}`,
        address,
        tunnel: { selfIPs: [`10.244.25${at}.1/16`] },
      }))
      stage.putBigIp({ units, tls })
      const controller = stage.controller()
      controller.start()
      await stage.ready()
      const selfIPs = async () => (await other.list('/tm/net/self')).length
      assert.equal(await selfIPs(), 2)
      stage.putBigIp({ units: units.slice(0, 1), tls })
      await until('it is forgotten', () => stage.status.units?.length === 1)
      assert.equal(controller.units().length, 1)
      assert.equal(await selfIPs(), 2)
    })
  })

  describe('that is deleted', { concurrency: true }, () => {
    it('leaves the device as it is', async context => {
      const stage = await Stage.open(context)
      stage.putBigIp()
      const controller = stage.controller()
      controller.start()
      await stage.ready()
      await stage.deleteBigIp()
      await until('it is gone', () => stage.api.find('BIGIP', 'bigip') === undefined)
      await until('it is forgotten', () => controller.units().length === 0)
      assert.equal(Object.keys(await stage.records()).length, 2)
    })

    it('with deletionPolicy Delete first takes exactly what is ours from the device', async context => {
      const stage = await Stage.open(context)
      stage.putPod('web', 1, '10.244.1.7')
      const foreign = { name: 'k8s-1', partition: 'Common', ipAddress: '10.1.10.99', macAddress: '02:00:00:00:00:99' }
      await stage.device.hand('POST', '/tm/net/arp', foreign)
      const tunnels = async () => (await stage.device.list('/tm/net/tunnels/tunnel')).map(({ name }) => name)
      const before = await tunnels()
      stage.putBigIp({ deletionPolicy: 'Delete' })
      stage.controller().start()
      await stage.ready()
      const finalizers = () => stage.api.find('BIGIP', 'bigip')?.metadata.finalizers
      await until('the finalizer is there', () => finalizers()?.includes('podpeer.io/device') === true)
      await stage.deleteBigIp()
      await until('it is gone', () => stage.api.find('BIGIP', 'bigip') === undefined)
      assert.deepEqual(
        (await stage.device.list('/tm/net/arp')).map(({ name }) => name),
        ['k8s-1'],
      )
      assert.deepEqual(await tunnels(), before)
      assert.deepEqual(
        (await stage.device.list('/tm/net/self')).map(({ name }) => name),
        ['external-self'],
      )
    })

    it('is kept while its device does not answer, and says so', async context => {
      const stage = await Stage.open(context)
      stage.putBigIp({ deletionPolicy: 'Delete' })
      stage.controller().start()
      await stage.ready()
      await until('the finalizer is there', () => stage.api.find('BIGIP', 'bigip')?.metadata.finalizers?.length === 1)
      const end = stage.device.faults.add('drop before')
      await stage.deleteBigIp()
      await until('it is told', () => stage.condition('Reconciled').startsWith('False Failing'))
      assert.match(stage.condition('Ready'), /^False Deleting/)
      assert.ok(stage.api.find('BIGIP', 'bigip'))
      end()
      await until('it is gone', () => stage.api.find('BIGIP', 'bigip') === undefined)
      assert.deepEqual(await stage.records(), {})
    })
  })
})
