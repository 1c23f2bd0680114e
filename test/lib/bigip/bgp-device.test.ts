/** BIG-IP's BGP made right through the engine, whichever of its two ways the device has. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { splitAccess } from '../../../lib/bigip/access.ts'
import { BigIpClient } from '../../../lib/bigip/client.ts'
import { Device } from '../../../lib/bigip/device.ts'
import type { Operation } from '../../../lib/bigip/operation.ts'
import { RestAccess } from '../../../lib/bigip/rest-access.ts'
import { bgpRows } from '../../../lib/bigip/routing/desired.ts'
import { IMISH_KINDS, ImishAccess } from '../../../lib/bigip/routing/imish-access.ts'
import type { Row } from '../../../lib/bigip/row.ts'
import { c1, startBigIp } from './stand-in.ts'

const routeDomain = { id: 0, path: '/Common/0' }

async function start(context: TestContext, routing: 'tmos' | 'legacy') {
  const bigIp = await startBigIp(context, { routing })
  const credentials = async () => bigIp.credentials
  const client = new BigIpClient({ url: bigIp.url, credentials, tls: { ca: bigIp.ca } })
  const rest = new RestAccess(client, 0)
  const imish = new ImishAccess({ client, identity: c1, routeDomain })
  const access = routing === 'tmos' ? rest : splitAccess(rest, imish, IMISH_KINDS)
  const device = new Device({ name: 'bigip-a', access, identity: c1, lead: () => true })
  context.after(async () => {
    await device.close()
    await client.close()
  })
  return { bigIp, device }
}

function bgpOf(nodes: readonly number[], asNumber = 64512): readonly Row[] {
  const { rows } = bgpRows({
    unit: 'bigip-a',
    identity: c1,
    routeDomain: routeDomain.path,
    asNumber,
    holdTime: 90,
    keepaliveTime: 30,
    speakers: nodes.map(id => ({ kind: 'Node', name: `node-${id}`, addresses: [`10.1.10.${id}`], asNumber: 64512 })),
    connected: ['10.1.10.0/24'],
    processes: [],
    advertised: ['10.1.20.100/32'],
    manage: true,
  })
  return rows
}

const wanted = (rows: readonly Row[]) => ({ rows, expectations: [], synced: true })
const said = (operations: readonly Operation[]) =>
  operations.map(operation =>
    operation.verb === 'records' ? 'records' : `${operation.verb} ${operation.row.kind} ${operation.row.name}`,
  )

for (const routing of ['tmos', 'legacy'] as const) {
  test(`${routing}: from empty, and then left alone`, async context => {
    const { device } = await start(context, routing)
    device.want(wanted(bgpOf([1, 2, 3])))
    const outcome = await device.apply()
    assert.deepEqual(outcome.failed, [])
    assert.equal(outcome.converged, true)
    assert.deepEqual((await device.apply()).plan.operations, [])
  })

  test(`${routing}: a node that comes and one that goes are one neighbor each, and no other session is touched`, async context => {
    const { device } = await start(context, routing)
    device.want(wanted(bgpOf([1, 2, 3])))
    await device.apply()
    device.want(wanted(bgpOf([1, 3, 4])))
    const { plan, converged } = await device.apply()
    assert.deepEqual(said(plan.operations), ['create BGP neighbor 10.1.10.4', 'delete BGP neighbor 10.1.10.2'])
    assert.equal(converged, true)
  })

  test(`${routing}: another AS number ends all sessions, so that it waits for a word`, async context => {
    const { device } = await start(context, routing)
    device.want(wanted(bgpOf([1, 2])))
    await device.apply()
    device.want(wanted(bgpOf([1, 2], 64999)))
    const { plan, applied } = await device.apply()
    assert.equal(applied, 0)
    assert.deepEqual(
      plan.refused?.replacements.map(({ kind }) => kind),
      ['BGP'],
    )
    const outcome = await device.apply({ allowDeletions: plan.refused!.hash })
    assert.deepEqual(said(outcome.plan.operations), [
      'replace BGP /Common/podpeer-c1-bgp',
      'create BGP peer group podpeer-c1-64512',
      'create BGP neighbor 10.1.10.1',
      'create BGP neighbor 10.1.10.2',
    ])
    assert.deepEqual(outcome.failed, [])
    assert.equal(outcome.converged, true)
  })

  test(`${routing}: nothing wanted takes away all that is ours`, async context => {
    const { device } = await start(context, routing)
    device.want(wanted(bgpOf([1, 2])))
    await device.apply()
    device.want(wanted([]))
    const outcome = await device.apply({ allowDeletions: 100 })
    assert.deepEqual(outcome.failed, [])
    assert.equal(outcome.converged, true)
    assert.deepEqual((await device.apply()).plan.counts, new Map())
  })
}
