/** Transactions, over HTTPS to a played device. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Command } from '../../../lib/bigip/client.ts'
import { isDeviceFault } from '../../../lib/bigip/fault.ts'
import { mark, type PlayedCall, PlayedDevice } from './played-device.ts'

const commands: readonly Command[] = [
  { method: 'POST', path: '/mgmt/tm/net/route', body: { name: 'r' } },
  { method: 'DELETE', path: '/mgmt/tm/net/route/~Common~q' },
]
const opened = { body: { transId: 1700000000, state: 'STARTED', timeoutSeconds: 120 } }
const completed = { body: { transId: 1700000000, state: 'COMPLETED' } }

const tell = ({ method, path, transaction }: PlayedCall): string =>
  `${method} ${path.replace('/mgmt/tm', '')}${transaction === undefined ? '' : ` in ${transaction}`}`

const WHOLE = [
  'POST /transaction',
  'POST /net/route in 1700000000',
  'DELETE /net/route/~Common~q in 1700000000',
  'PATCH /transaction/1700000000',
]

test('commands are collected in order under the id of the transaction, then applied at once', async () => {
  await using device = await PlayedDevice.start()
  device.answer = ({ method, path }) =>
    path === '/mgmt/tm/transaction' ? opened : method === 'PATCH' ? completed : undefined
  await device.client().transaction(commands)
  assert.deepEqual(device.calls.map(tell), WHOLE)
  assert.deepEqual(device.calls.at(-1)?.body, { state: 'VALIDATING' })
})

test('a command that is refused ends the transaction, and nothing is applied', async () => {
  await using device = await PlayedDevice.start()
  device.answer = ({ path, transaction }) =>
    path === '/mgmt/tm/transaction' ? opened : transaction === undefined ? undefined : mark.exists
  await assert.rejects(device.client().transaction(commands), thrown => {
    assert.ok(isDeviceFault(thrown, 'BIGIP_EXISTS'))
    return thrown.applied === 'no'
  })
  assert.deepEqual(device.calls.map(tell), [...WHOLE.slice(0, 2), 'DELETE /transaction/1700000000'])
})

for (const [what, answer] of [
  [
    'an error',
    { status: 400, body: { code: 400, message: 'transaction failed:01070320:3: Snatpool is still referenced' } },
  ],
  ['a state', { body: { state: 'FAILED', failureReason: '01070320:3: Snatpool is still referenced' } }],
] as const)
  test(`a validation that fails by ${what} is told in the device's words, and nothing is applied`, async () => {
    await using device = await PlayedDevice.start()
    device.answer = ({ method, path }) =>
      path === '/mgmt/tm/transaction' ? opened : method === 'PATCH' ? answer : undefined
    await assert.rejects(device.client().transaction(commands), thrown => {
      assert.ok(isDeviceFault(thrown, 'BIGIP_REFUSED'))
      assert.match(thrown.message, /Snatpool is still referenced/)
      return thrown.applied === 'no' && thrown.deviceCode === '01070320:3'
    })
  })

test('a transaction that a busy device interrupts is begun again, for nothing was applied', async () => {
  await using device = await PlayedDevice.start()
  device.answer = ({ method, path }, nth) =>
    path === '/mgmt/tm/transaction' ? opened : nth === 3 ? mark.busy : method === 'PATCH' ? completed : undefined
  const done = device.client().transaction(commands)
  await device.clock.pass(125)
  await done
  assert.deepEqual(device.calls.map(tell), [...WHOLE.slice(0, 3), 'DELETE /transaction/1700000000', ...WHOLE])
})

test('a transaction is begun again also where the answer to a command was lost, for it was only queued', async () => {
  await using device = await PlayedDevice.start()
  device.answer = ({ method, path }, nth) =>
    path === '/mgmt/tm/transaction' ? opened : nth === 2 ? 'drop' : method === 'PATCH' ? completed : undefined
  const done = device.client().transaction(commands)
  await device.clock.pass(125)
  await done
  assert.deepEqual(device.calls.map(tell), [...WHOLE.slice(0, 2), 'DELETE /transaction/1700000000', ...WHOLE])
})

for (const [what, answer] of [
  ['the answer to the last word is lost', 'drop'],
  ['the last word is answered by no outcome', { body: { state: 'STARTED' } }],
] as const)
  test(`where ${what} nobody knows what was applied, and it is not repeated`, async () => {
    await using device = await PlayedDevice.start()
    device.answer = ({ method, path }) =>
      path === '/mgmt/tm/transaction' ? opened : method === 'PATCH' ? answer : undefined
    await assert.rejects(
      device.client().transaction(commands),
      thrown => isDeviceFault(thrown, 'BIGIP_UNREACHABLE', 'BIGIP_NONSENSE') && thrown.applied === 'unknown',
    )
    assert.deepEqual(device.calls.map(tell), WHOLE)
  })

test('no commands are no transaction, and too many are a bug of ours', async () => {
  await using device = await PlayedDevice.start()
  const client = device.client()
  await client.transaction([])
  await assert.rejects(client.transaction(Array(201).fill(commands[0])), RangeError)
  assert.equal(device.calls.length, 0)
})
