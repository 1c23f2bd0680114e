import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Controller, desire, fixedCluster, type ModeInput } from '../../../lib/index.ts'
import { BigIp } from '../../bigip/big-ip.ts'
import { until } from '../../until.ts'
import { bigIpsFor, node } from './setting.ts'
import { eventually } from './stage.ts'

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

  it('follows a program that says its nodes anew, and keeps to those of before where it says nonsense', async () => {
    const cluster = fixedCluster({ nodes })
    const controller = controllerOf({ cluster })
    try {
      controller.start()
      await eventually(async () => (await routes()).length, 2)
      const nonsense = { ...node(14), addresses: ['10.1.10.300'] }
      assert.throws(() => cluster.replace({ nodes: [nonsense], pods: [] }), {
        name: 'InputFault',
        message: /node node-14: .*10\.1\.10\.300/,
      })
      cluster.replace({ nodes: [node(12), node(13)] })
      await eventually(async () => (await routes()).sort(), ['10.244.12.0/24 10.1.10.12', '10.244.13.0/24 10.1.10.13'])
    } finally {
      await controller.close()
    }
  })

  it('follows pods of a program where a mode has rows of them', async () => {
    const wanted: string[][] = []
    const cluster = fixedCluster({ nodes, cni: 'flannel' })
    const controller = controllerOf({
      cluster,
      bigIps: bigIpsFor(device, { mode: 'flannel-vxlan' }),
      mode: (input: ModeInput) => {
        wanted.push(input.pods.map(({ name }) => name))
        return desire(input)
      },
    })
    try {
      await controller.known()
      cluster.replace({ pods: [{ namespace: 'default', name: 'web', node: 'node-11', addresses: ['10.244.11.7'] }] })
      await until('the pod is wanted', () => wanted.at(-1)?.join() === 'web')
      cluster.replace({ nodes: [] })
      await until('the nodes are gone', () => controller.network('bigip')?.nodes.length === 0)
      assert.deepEqual(wanted.at(-1), ['web'], 'pods stay where only nodes are said anew')
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
