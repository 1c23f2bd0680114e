import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { BigIp } from './big-ip.ts'
import { RestAsker } from './rest-asker.ts'

let now: number
let device: BigIp
let asker: RestAsker

beforeEach(async () => {
  now = Date.UTC(2026, 0, 1)
  device = await BigIp.start({ clock: () => now })
  asker = new RestAsker(device)
})
afterEach(async () => {
  asker.close()
  await device.close()
})

const login = (given: object = {}) => asker.ask('POST', '/shared/authn/login', { ...device.credentials, ...given })
const basic = (password: string) => ({ Authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}` })

describe('a token', () => {
  test('lives for 1,200 s, or 36,000 s where it is extended, and no longer', async () => {
    const { body } = await login()
    assert.equal(body.token.timeout, 1200)
    asker.token = body.token.token
    now += 1_199_000
    assert.equal(await asker.told('GET', '/tm/net/arp'), '200')
    const tooLong = await asker.ask('PATCH', `/shared/authz/tokens/${asker.token}`, { timeout: '36001' })
    assert.equal(tooLong.status, 400)
    const extended = await asker.ask('PATCH', `/shared/authz/tokens/${asker.token}`, { timeout: '36000' })
    assert.deepEqual([extended.status, extended.body.timeout], [200, 36_000])
    now += 34_800_000
    assert.equal(await asker.told('GET', '/tm/net/arp'), '200')
    now += 1_000
    assert.equal(await asker.told('GET', '/tm/net/arp'), '401 X-F5-Auth-Token has expired.')
  })

  test('is one of 100 that a user may have, until one is deleted or over', async () => {
    const names: string[] = []
    for (let count = 0; count < 100; count++) names.push((await login()).body.token.token)
    const refused = await login()
    assert.equal(refused.status, 400)
    assert.match(refused.body.message, /^user [0-9a-f-]{36} has reached maximum active login tokens$/)
    asker.token = names[0]
    assert.equal(await asker.told('DELETE', `/shared/authz/tokens/${names[1]}`), '200')
    assert.equal((await login()).status, 200)
    now += 1_200_000
    assert.equal((await login()).status, 200)
    assert.equal(device.unit.tokens.size, 1)
  })

  test('is unknown after it was deleted, and after a failover or restart', async () => {
    asker.token = (await login()).body.token.token
    assert.equal(await asker.told('DELETE', `/shared/authz/tokens/${asker.token}`), '200')
    assert.equal(await asker.told('GET', '/tm/net/arp'), '401 X-F5-Auth-Token does not exist.')
    asker.token = (await login()).body.token.token
    device.restartRestjavad(0)
    assert.equal(await asker.told('GET', '/tm/net/arp'), '401 X-F5-Auth-Token does not exist.')
  })
})

test('without credentials nothing is answered', async () => {
  assert.match(await asker.told('GET', '/tm/sys/version'), /^401 Authorization failed: no user authentication header/)
})

test('Basic credentials do for every call, and wrong ones are refused by httpd', async () => {
  assert.equal((await asker.ask('GET', '/tm/net/arp', undefined, basic(device.credentials.password))).status, 200)
  const refused = await asker.ask('GET', '/tm/net/arp', undefined, basic('guess'))
  assert.deepEqual([refused.status, refused.type], [401, 'text/html'])
})

test('wrong passwords lock the account, also for the right one, until some minutes are over', async () => {
  for (let attempt = 0; attempt < 5; attempt++) assert.equal((await login({ password: 'guess' })).status, 401)
  const locked = await login()
  assert.deepEqual([locked.status, locked.body.message], [401, 'Maximum number of login attempts exceeded.'])
  assert.equal((await asker.ask('GET', '/tm/net/arp', undefined, basic(device.credentials.password))).status, 401)
  now += 600_000
  assert.equal((await login()).status, 200)
})

test('a right password in between starts the count of wrong ones anew', async () => {
  for (let round = 0; round < 3; round++) {
    for (let attempt = 0; attempt < 4; attempt++) await login({ password: 'guess' })
    assert.equal((await login()).status, 200)
  }
})
