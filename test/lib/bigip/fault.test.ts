/** The table of a BIG-IP's errors: what each answer means to whoever asked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOfAnswer } from '../../../lib/bigip/fault.ts'

const rows: readonly (readonly [status: number, body: unknown, code: string, retry: boolean, applied: string])[] = [
  [
    409,
    { message: '01020066:3: The requested Route (/Common/r) already exists in partition Common.' },
    'BIGIP_EXISTS',
    false,
    'no',
  ],
  [404, { message: '01020036:3: The requested ARP (/Common/a) was not found.' }, 'BIGIP_NOT_FOUND', false, 'no'],
  [404, { message: 'Object not found - /Common/a' }, 'BIGIP_NOT_FOUND', false, 'no'],
  [404, { message: 'Public URI path not registered' }, 'BIGIP_RESTARTING', true, 'no'],
  [
    404,
    { message: 'URI path /mgmt/tm/net/arp not registered.  Please verify URI is supported' },
    'BIGIP_RESTARTING',
    true,
    'no',
  ],
  [400, { message: '01070734:3: Configuration error: FDB record has an empty entry' }, 'BIGIP_REFUSED', false, 'no'],
  [400, { message: '01020057:3: The string is too long' }, 'BIGIP_REFUSED', false, 'no'],
  [401, { message: 'X-F5-Auth-Token does not exist.' }, 'BIGIP_UNAUTHORIZED', true, 'no'],
  [
    401,
    { message: 'Authorization failed: no user authentication header or token detected.' },
    'BIGIP_UNAUTHORIZED',
    true,
    'no',
  ],
  [
    401,
    { message: 'Authorization failed: user=https://localhost/mgmt/shared/authz/users/guest resource=/mgmt/tm/net' },
    'BIGIP_FORBIDDEN',
    false,
    'no',
  ],
  [401, { message: 'Maximum number of login attempts exceeded.' }, 'BIGIP_LOCKED_OUT', true, 'no'],
  [400, { message: 'The user, admin, has reached the maximum active login tokens' }, 'BIGIP_TOKEN_CAP', true, 'no'],
  [500, { message: 'The connection to mcpd has been lost, try again.' }, 'BIGIP_RESTARTING', true, 'unknown'],
  [500, { message: 'AsyncContext timeout' }, 'BIGIP_TIMEOUT', true, 'unknown'],
  [500, { message: 'java.lang.NullPointerException' }, 'BIGIP_FAILED', true, 'unknown'],
  [503, { message: 'There is an active asynchronous task executing.', apiError: 32964609 }, 'BIGIP_BUSY', true, 'no'],
  [
    503,
    { message: 'Configuration operation in progress on device, please try again in 2 minutes' },
    'BIGIP_BUSY',
    true,
    'no',
  ],
  [503, undefined, 'BIGIP_RESTARTING', true, 'unknown'],
  [502, undefined, 'BIGIP_RESTARTING', true, 'unknown'],
  [422, { message: 'declaration is invalid' }, 'BIGIP_REFUSED', false, 'no'],
  [302, undefined, 'BIGIP_NONSENSE', true, 'unknown'],
]

for (const [status, body, code, retry, applied] of rows)
  test(`${status} ${(body as { message?: string } | undefined)?.message ?? 'with a page'} is ${code}`, () => {
    const fault = faultOfAnswer('GET /mgmt/tm/net/arp', status, body)
    assert.deepEqual([fault.code, fault.retry, fault.applied, fault.status], [code, retry, applied, status])
  })

test("a page that says 'was not found' is no absence", () => {
  assert.equal(faultOfAnswer('GET /mgmt/tm/net/arp', 404, undefined).code, 'BIGIP_NONSENSE')
})

test('a transaction that quotes the failure of a command fails as the command does', () => {
  const message = 'transaction failed:01020066:3: The requested Route (/Common/r) already exists in partition Common.'
  assert.equal(faultOfAnswer('PATCH /mgmt/tm/transaction/1', 400, { message }).code, 'BIGIP_EXISTS')
})

test("a fault quotes the device's words on one line, bounded, and keeps their number", () => {
  const fault = faultOfAnswer('POST /mgmt/tm/net/arp', 400, { message: `01070734:3: bad\n\tbody ${'x'.repeat(1000)}` })
  assert.match(fault.message, /^POST \/mgmt\/tm\/net\/arp: refused: 01070734:3: bad body x+…$/)
  assert.ok(fault.message.length < 500)
  assert.equal(fault.deviceCode, '01070734:3')
})

test('a device that names a time is taken at its word', () => {
  assert.equal(faultOfAnswer('GET /mgmt/tm/net/arp', 503, undefined, '7').retryAfter, 7000)
})
