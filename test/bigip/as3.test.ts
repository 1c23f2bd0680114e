import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { BigIp } from './big-ip.ts'
import { RestAsker } from './rest-asker.ts'

let now: number
let device: BigIp
let asker: RestAsker
const DECLARE = '/shared/appsvcs/declare'
const tenant = { class: 'Tenant' }
const adc = (tenants: object) => ({ class: 'AS3', declaration: { class: 'ADC', schemaVersion: '3.50.0', ...tenants } })

beforeEach(async () => {
  now = Date.UTC(2026, 0, 1)
  device = await BigIp.start({ clock: () => now })
  asker = await RestAsker.login(device)
})
afterEach(async () => {
  asker.close()
  await device.close()
})

test('a declaration is answered per tenant: 200, 207 for some of them, 422 for none', async () => {
  const ask = (tenants: object) => asker.ask('POST', DECLARE, adc(tenants))
  const good = await ask({ one: tenant })
  assert.deepEqual([good.status, good.body.results[0].message], [200, 'success'])
  const some = await ask({ one: tenant, two: { class: 'Nonsense' } })
  assert.deepEqual([some.status, some.body.results.map(({ code }: { code: number }) => code)], [207, [200, 422]])
  assert.equal((await ask({ two: { class: 'Nonsense' } })).status, 422)
  const invalid = await asker.ask('POST', DECLARE, { class: 'Nonsense' })
  assert.deepEqual([invalid.status, invalid.body.message], [422, 'declaration is invalid'])
})

test('one that is asynchronous is 202 with a task, and the device is busy until it is done', async () => {
  device.unit.as3.duration = 5_000
  const { status, body } = await asker.ask('POST', `${DECLARE}?async=true`, adc({ one: tenant }))
  assert.equal(status, 202)
  const task = async () => (await asker.ask('GET', `/shared/appsvcs/task/${body.id}`)).body.results[0].message
  assert.equal(await task(), 'in progress')
  assert.match(await asker.told('GET', '/tm/net/arp'), /^503 There is an active asynchronous task executing/)
  assert.match(await asker.told('POST', DECLARE, adc({ two: tenant })), /^503 Configuration operation in progress/)
  now += 5_000
  assert.equal(await task(), 'success')
  assert.equal(await asker.told('GET', '/tm/net/arp'), '200')
})

test('it sets the default route domain of its tenants anew, to 0 where it does not say', async () => {
  await device.hand('POST', '/tm/net/route-domain', { name: '20', id: 20 })
  await device.hand('POST', '/tm/auth/partition', { name: 'one', defaultRouteDomain: 20 })
  const domain = async () => (await asker.ask('GET', '/tm/auth/partition/one')).body.defaultRouteDomain
  await asker.ask('POST', `${DECLARE}/one`, adc({ one: { ...tenant, defaultRouteDomain: 20 } }))
  assert.equal(await domain(), 20)
  await asker.ask('POST', `${DECLARE}/one`, adc({ one: tenant }))
  assert.equal(await domain(), 0)
})
