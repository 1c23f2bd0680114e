import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cannotInteroperate } from '../lab/daemons.ts'
import { type TheirSettings, withBird, withFrr } from './their-config.ts'

const frr = (role: string): TheirSettings => ({ lines: [`local-role ${role} strict-mode`] })
const bird = (role: string): TheirSettings => ({ lines: [`local role ${role};`, 'require roles on;'] })
const ours = { peer: { role: { name: 'customer', strict: true } } }

describe('roles (RFC 9234)', { skip: cannotInteroperate() }, () => {
  for (const [name, begin] of [
    ['FRR', (role: string) => withFrr(frr(role), ours)],
    ['BIRD', (role: string) => withBird(bird(role), ours)],
  ] as const) {
    test(`a customer and a strict provider that is ${name} have a session`, async () => {
      await using pair = await begin('provider')
      const peer = await pair.established()
      assert.deepEqual(peer.role, { ours: 'customer', peer: 'provider' })
    })

    test(`two customers have none, one of them ${name}, and the sentence says why`, async context => {
      await using pair = await begin('customer')
      const peer = await pair.until('the mismatch', ({ lastError = '' }) =>
        lastError.includes('Role Mismatch (2/11)') ? undefined : 'another error',
      )
      context.diagnostic(peer.lastError!)
      assert.notEqual(peer.state, 'Established')
    })
  }

  test('a strict customer and an FRR that says no role have none', async () => {
    await using pair = await withFrr({}, ours)
    await pair.until('the refusal', ({ lastError = '' }) =>
      lastError.includes('2/11') && lastError.includes('the peer says no role') ? undefined : 'another error',
    )
  })
})
