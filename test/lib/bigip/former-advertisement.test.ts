/** Virtual addresses that others made: what they had before they were chosen, and have again after. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Row } from '../../../lib/bigip/row.ts'
import type { BigIp } from '../../bigip/big-ip.ts'
import { c1, reconcile, startBigIp, wanted } from './stand-in.ts'

const NAMES = ['10.1.20.80', '10.1.20.81', '10.1.20.82']
const path = (name: string) => `/tm/ltm/virtual-address/~Common~${name}`

/** The second one was told before us. */
async function withVirtualAddresses(bigIp: BigIp): Promise<void> {
  for (const [at, address] of NAMES.entries())
    await bigIp.hand('POST', '/tm/ltm/virtual-address', {
      name: address,
      address,
      routeAdvertisement: at === 1 ? 'enabled' : 'disabled',
    })
}

const chosen = (names: readonly string[], mode: Row<'route advertisement'>['fields']['mode'] = 'enabled') =>
  wanted(names.map((name): Row => ({ kind: 'route advertisement', name: `/Common/${name}`, fields: { mode } })))

const modes = async (bigIp: BigIp) =>
  (await bigIp.list('/tm/ltm/virtual-address')).map(({ routeAdvertisement }) => routeAdvertisement)

const journal = async (bigIp: BigIp) =>
  (await bigIp.list('/tm/ltm/data-group/internal')).find(({ name }) => name === 'podpeer-c1-journal')?.['records']

test('what is chosen no longer has again what it had before, also for a controller that starts after', async context => {
  const bigIp = await startBigIp(context)
  await withVirtualAddresses(bigIp)
  const { device } = reconcile(context, bigIp)
  device.want(chosen(NAMES.slice(0, 2)))
  assert.equal((await device.apply()).converged, true)
  assert.deepEqual(await modes(bigIp), ['enabled', 'enabled', 'disabled'])
  assert.deepEqual(await journal(bigIp), [{ name: 'routeAdvertisement disabled enabled /Common/10.1.20.80' }])
  assert.equal((await device.apply()).applied, 0)

  const later = reconcile(context, bigIp)
  later.device.want(wanted([]))
  const { failed, converged } = await later.device.apply()
  assert.deepEqual([failed, converged], [[], true])
  assert.deepEqual(await modes(bigIp), ['disabled', 'enabled', 'disabled'], 'the second was so before us')
  assert.equal(await journal(bigIp), undefined)
  assert.equal(later.device.status().objects.actual, 0, 'nothing is ours any more')
})

test('what a person has changed since stays as the person made it', async context => {
  const bigIp = await startBigIp(context)
  await withVirtualAddresses(bigIp)
  const { device } = reconcile(context, bigIp)
  device.want(chosen(NAMES.slice(0, 2)))
  await device.apply()
  await bigIp.hand('PATCH', path(NAMES[0]!), { routeAdvertisement: 'always' })
  device.want(chosen([NAMES[1]!]))
  assert.equal((await device.apply()).converged, true)
  assert.deepEqual(await modes(bigIp), ['always', 'enabled', 'disabled'])
  assert.equal(await journal(bigIp), undefined)
})

test('another mode does not make the first one of ours what it had before', async context => {
  const bigIp = await startBigIp(context)
  await withVirtualAddresses(bigIp)
  const { device } = reconcile(context, bigIp)
  device.want(chosen([NAMES[0]!], 'enabled'))
  await device.apply()
  device.want(chosen([NAMES[0]!], 'always'))
  await device.apply()
  assert.deepEqual(await modes(bigIp), ['always', 'enabled', 'disabled'])
  device.want(chosen([]))
  await device.apply()
  assert.deepEqual(await modes(bigIp), ['disabled', 'enabled', 'disabled'])
})

test('nothing is taken back before all sources are read, nor what has gone from the device', async context => {
  const bigIp = await startBigIp(context)
  await withVirtualAddresses(bigIp)
  const { device } = reconcile(context, bigIp)
  device.want(chosen([NAMES[0]!, NAMES[2]!]))
  await device.apply()
  const later = reconcile(context, bigIp)
  later.device.want({ ...chosen([]), synced: false })
  await later.device.apply()
  assert.deepEqual(await modes(bigIp), ['enabled', 'enabled', 'enabled'])
  assert.equal(((await journal(bigIp)) as unknown[]).length, 2)
  await bigIp.hand('DELETE', path(NAMES[2]!))
  later.device.want(chosen([]))
  assert.equal((await later.device.apply()).converged, true)
  assert.deepEqual(await modes(bigIp), ['disabled', 'enabled'])
  assert.equal(await journal(bigIp), undefined)
})

test('no virtual address is changed while what it had cannot be noted', async context => {
  const bigIp = await startBigIp(context)
  await withVirtualAddresses(bigIp)
  await bigIp.hand('POST', '/tm/ltm/data-group/internal', {
    name: 'podpeer-c1-journal',
    partition: 'LOCAL_ONLY',
    type: 'string',
  })
  const { device } = reconcile(context, bigIp)
  device.want(chosen([NAMES[0]!]))
  const { plan, converged } = await device.apply()
  assert.ok(plan.findings.some(({ code }) => code === 'held-by-other'))
  assert.equal(converged, true, 'until a person has decided')
  assert.deepEqual(await modes(bigIp), ['disabled', 'enabled', 'disabled'])
})

test('only what is chosen counts as changed by others', async context => {
  const bigIp = await startBigIp(context)
  await withVirtualAddresses(bigIp)
  const { device, events } = reconcile(context, bigIp, { identity: c1 })
  device.want(chosen([NAMES[0]!]))
  await device.apply()
  for (const name of NAMES) await bigIp.hand('PATCH', path(name), { routeAdvertisement: 'selective' })
  await device.apply()
  const drifted = events.flatMap(event => (event.type === 'drift' ? [event.row.name] : []))
  assert.deepEqual(drifted, [`/Common/${NAMES[0]}`])
  assert.deepEqual(await modes(bigIp), ['enabled', 'selective', 'selective'])
})
