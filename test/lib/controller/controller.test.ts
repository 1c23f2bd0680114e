import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Controller, fixedCluster } from '../../../lib/index.ts'
import { BigIp } from '../../bigip/big-ip.ts'
import { bigIpsFor, node } from './setting.ts'

const nodes = [node(11), node(12)]

describe('a controller of parts', () => {
  let device: BigIp
  before(async () => {
    device = await BigIp.start()
  })
  after(() => device.close())

  const controllerOf = (parts: object = {}) =>
    new Controller({
      bigIps: bigIpsFor(device),
      cluster: fixedCluster({ nodes }),
      login: async () => ({ ...device.credentials, ca: device.ca }),
      ...parts,
    })
  const routes = async () => (await device.list('/tm/net/route')).map(({ network, gw }) => `${network} ${gw}`)

  it('says what would change without writing, then does it, then has nothing to do', async () => {
    const controller = controllerOf()
    try {
      const [planned] = await controller.plan()
      assert.deepEqual(
        planned?.result?.operations.map(operation => operation.verb),
        ['create', 'create'],
      )
      assert.equal(device.calls.writes, 0)
      const [applied] = await controller.apply()
      assert.equal(applied?.result?.applied, 2)
      assert.ok(applied.result.converged)
      assert.deepEqual((await routes()).sort(), ['10.244.11.0/24 10.1.10.11', '10.244.12.0/24 10.1.10.12'])
      const [again] = await controller.plan()
      assert.deepEqual(again?.result?.operations, [])
    } finally {
      await controller.close()
    }
  })

  it('takes no URL with a password in it from a Secret, and quotes nothing of it', async () => {
    const login = async () => ({ ...device.credentials, url: 'https://admin:hunter2@192.0.2.10' })
    const controller = controllerOf({ login, bigIps: bigIpsFor(device, { units: [{ name: 'a' }] }) })
    try {
      const [planned] = await controller.plan()
      assert.match(String(planned?.error?.message), /^url of the Secret: not where a BIG-IP is asked; write an address/)
      const told = controller.units().map(({ unit }) => [unit.link.url, unit.link.fault?.message, unit.status])
      assert.doesNotMatch(JSON.stringify(told), /hunter2/)
    } finally {
      await controller.close()
    }
  })
})
