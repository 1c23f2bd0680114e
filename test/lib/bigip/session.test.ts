/** Tokens and logins, over HTTPS to a played device, on a clock turned by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WorldFault } from '../../../lib/base/failure.ts'
import { Exchange } from '../../../lib/bigip/exchange.ts'
import { isDeviceFault } from '../../../lib/bigip/fault.ts'
import { until } from '../../until.ts'
import { type Answer, empty, mark, PlayedDevice } from './played-device.ts'

const ARP = '/mgmt/tm/net/arp'

test('calls at the same time share one login, whose token is given a longer life and is given back at the end', async () => {
  await using device = await PlayedDevice.start()
  device.answer = () => empty('arp')
  const client = device.client()
  await Promise.all([client.list(ARP), client.list(ARP), client.list(ARP)])
  assert.deepEqual(device.tokens, ['login', 'extend T1'])
  assert.deepEqual(new Set(device.calls.map(({ token }) => token)), new Set(['T1']))
  assert.equal(client.state().phase, 'up')
  assert.equal(client.state().tokenExpiresAt, device.clock.now() + 3_600_000)
  await client.close()
  assert.deepEqual(device.tokens, ['login', 'extend T1', 'delete T1'])
})

test('a token whose life cannot be made longer is used for the life that it has', async () => {
  await using device = await PlayedDevice.start()
  device.login = () => ({ body: { token: { token: 'short', timeout: 300 } } })
  device.extends = false
  const client = device.client()
  await client.get(ARP)
  assert.equal(client.state().tokenExpiresAt, device.clock.now() + 300_000)
})

test('a refused token costs one login, shared by all calls that it was refused to, also those that write', async () => {
  await using device = await PlayedDevice.start()
  const client = device.client()
  await client.get(ARP)
  device.answer = ({ token }) => (token === 'T1' ? mark.unknownToken : { body: { name: 'a' } })
  const answers = await Promise.all([client.get(ARP), client.post(ARP, { name: 'a' }), client.get(ARP)])
  assert.deepEqual(answers, [{ name: 'a' }, { name: 'a' }, { name: 'a' }])
  assert.equal(device.tokens.filter(what => what === 'login').length, 2)
})

test('a call that hears late that its token was refused takes the one that others have fetched', async () => {
  await using device = await PlayedDevice.start()
  const client = device.client()
  let refuse = (): void => assert.fail('not asked')
  device.answer = ({ token, path }) =>
    token !== 'T1'
      ? undefined
      : path.endsWith('late')
        ? new Promise<Answer>(resolve => (refuse = () => resolve(mark.unknownToken)))
        : mark.unknownToken
  const late = client.get(`${ARP}/late`)
  await until('it is asked', () => device.calls.length === 1)
  await client.get(ARP)
  refuse()
  await late
  assert.equal(device.tokens.filter(what => what === 'login').length, 2)
})

test('a token that is refused just after its login does not make a loop of logins', async () => {
  await using device = await PlayedDevice.start()
  const client = device.client()
  device.answer = () => mark.unknownToken
  for (let call = 0; call < 5; call++)
    await assert.rejects(client.get(ARP), thrown => isDeviceFault(thrown, 'BIGIP_UNAUTHORIZED'))
  assert.equal(device.tokens.filter(what => what === 'login').length, 2)
  assert.equal(client.state().phase, 'failing')
  device.answer = () => ({ body: {} })
  device.clock.advance(500)
  await client.get(ARP)
  assert.equal(device.tokens.filter(what => what === 'login').length, 3)
})

test('a token is replaced before it expires, while calls go on with the old one', async () => {
  await using device = await PlayedDevice.start()
  const client = device.client()
  await client.get(ARP)
  device.clock.advance(0.8 * 3_600_000 - 1)
  await client.get(ARP)
  assert.deepEqual(device.tokens, ['login', 'extend T1'])
  device.clock.advance(1)
  await client.get(ARP)
  assert.equal(device.calls.at(-1)?.token, 'T1')
  await until('the new one is there', () => device.tokens.includes('delete T1'))
  await client.get(ARP)
  assert.equal(device.calls.at(-1)?.token, 'T2')
})

test('when no other token can be had, the old one serves until it expires', async () => {
  await using device = await PlayedDevice.start()
  const client = device.client()
  await client.get(ARP)
  device.login = () => mark.busy
  device.clock.advance(0.9 * 3_600_000)
  await client.get(ARP)
  await until('another login is tried', () => device.tokens.length === 3)
  await client.get(ARP)
  assert.equal(device.tokens.length, 3, 'not at each call')
  device.login = () => undefined
  device.clock.advance(0.1 * 3_600_000)
  await client.get(ARP)
  assert.equal(device.calls.at(-1)?.token, 'T2')
})

test('a wrong password is tried twice and then no more, so that the account is not locked', async () => {
  await using device = await PlayedDevice.start()
  device.login = () => mark.wrongPassword
  const client = device.client()
  const refused = (code: 'BIGIP_UNAUTHORIZED' | 'BIGIP_LOCKED_OUT') =>
    assert.rejects(client.get(ARP), thrown => {
      assert.ok(isDeviceFault(thrown, code), String(thrown))
      assert.doesNotMatch(thrown.message, /sesame|operator/)
      assert.ok(thrown.retryAfter! > 0 || code === 'BIGIP_UNAUTHORIZED')
      return true
    })
  await refused('BIGIP_UNAUTHORIZED')
  await refused('BIGIP_UNAUTHORIZED')
  assert.deepEqual(device.tokens, ['login'])
  device.clock.advance(30_000)
  await refused('BIGIP_LOCKED_OUT')
  for (let minute = 0; minute < 14; minute++) {
    await refused('BIGIP_LOCKED_OUT')
    device.clock.advance(60_000)
  }
  assert.deepEqual(device.tokens, ['login', 'login'])
  assert.equal(client.state().phase, 'locked out')
  assert.match(client.state().lastError!.message, /no login is tried for 15 minutes/)
})

test('credentials that changed are tried at once', async () => {
  await using device = await PlayedDevice.start()
  let password = 'old'
  device.login = body => (body['password'] === 'new' ? undefined : mark.wrongPassword)
  const client = device.client({ credentials: async () => ({ username: 'operator', password }) })
  await assert.rejects(client.get(ARP))
  device.clock.advance(30_000)
  await assert.rejects(client.get(ARP), thrown => isDeviceFault(thrown, 'BIGIP_LOCKED_OUT'))
  password = 'new'
  await client.get(ARP)
  assert.equal(client.state().phase, 'up')
})

test('credentials that cannot be had fail the call with their own reason', async () => {
  await using device = await PlayedDevice.start()
  const client = device.client({
    credentials: () => Promise.reject(new WorldFault('KUBE_NOT_FOUND', 'no Secret bigip-login', { retry: true })),
  })
  await assert.rejects(client.get(ARP), { code: 'KUBE_NOT_FOUND' })
  assert.equal(client.state().phase, 'failing')
  assert.equal(client.state().lastError?.message, 'no Secret bigip-login')
  assert.deepEqual(device.tokens, [])
})

test('a client can be closed while it waits for credentials', async () => {
  await using device = await PlayedDevice.start()
  const client = device.client({ credentials: () => new Promise(() => {}) })
  const call = assert.rejects(client.get(ARP), thrown => isDeviceFault(thrown, 'BIGIP_ABORTED'))
  const closed = client.close()
  await device.clock.pass(5000)
  await Promise.all([closed, call])
})

test('an account that the device has locked is left alone at once', async () => {
  await using device = await PlayedDevice.start()
  device.login = () => ({ status: 401, body: { code: 401, message: 'Maximum number of login attempts exceeded.' } })
  const client = device.client()
  for (let call = 0; call < 3; call++)
    await assert.rejects(client.get(ARP), thrown => isDeviceFault(thrown, 'BIGIP_LOCKED_OUT'))
  device.clock.advance(14 * 60_000)
  await assert.rejects(client.get(ARP), thrown => isDeviceFault(thrown, 'BIGIP_LOCKED_OUT'))
  assert.deepEqual(device.tokens, ['login'])
})

test('a user with too many tokens is told what to do, and asked again after a while', async () => {
  await using device = await PlayedDevice.start()
  device.login = () => ({ status: 400, body: { message: 'user operator has reached maximum active login tokens' } })
  const client = device.client()
  for (let call = 0; call < 3; call++)
    await assert.rejects(client.get(ARP), thrown => {
      assert.ok(isDeviceFault(thrown, 'BIGIP_TOKEN_CAP'))
      assert.match(thrown.message, /authz\/tokens/)
      return true
    })
  assert.deepEqual(device.tokens, ['login'])
  device.login = () => undefined
  device.clock.advance(30_000)
  await client.get(ARP)
})

test('a user whose role forbids the call is not logged in again', async () => {
  await using device = await PlayedDevice.start()
  device.answer = () => ({ status: 401, body: { message: 'Authorization failed: user=guest resource=/mgmt/tm/net' } })
  const client = device.client()
  await assert.rejects(client.get(ARP), thrown => isDeviceFault(thrown, 'BIGIP_FORBIDDEN'))
  assert.deepEqual(device.tokens, ['login', 'extend T1'])
})

test('no report of a call and no fault holds a token', async () => {
  await using device = await PlayedDevice.start()
  device.login = () => ({ body: { token: { token: 'SECRETTOKEN', timeout: 1200 } } })
  device.answer = () => mark.unknownToken
  const client = device.client()
  await assert.rejects(client.get(ARP), thrown => !String(thrown).includes('SECRETTOKEN'))
  const exchange = new Exchange(device.url, { ca: device.ca }, device.clock, () => {})
  device.extends = false
  const extend = { method: 'PATCH', path: '/mgmt/shared/authz/tokens/SECRETTOKEN', body: {} } as const
  await assert.rejects(exchange.send(extend, new AbortController().signal), {
    message: 'PATCH /mgmt/shared/authz/tokens/*: refused: not for you',
  })
  await exchange.close()
  await client.close()
  assert.ok(device.reports.some(({ path }) => path === '/mgmt/shared/authz/tokens/*'))
  assert.doesNotMatch(JSON.stringify([device.reports, client.state()]), /SECRETTOKEN|sesame/)
})
