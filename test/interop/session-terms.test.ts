import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cannotInteroperate } from '../lab/daemons.ts'
import { OUR_PREFIXES, THEIR_PREFIXES } from './pair.ts'
import { withBird, withFrr } from './their-config.ts'

const everything = Object.values(THEIR_PREFIXES)
const ourEverything = Object.values(OUR_PREFIXES)

describe('what else sessions agree on', { skip: cannotInteroperate() }, () => {
  for (const [name, begin] of [
    ['FRR', (peer: object) => withFrr({}, { peer: { ...peer } })],
    ['BIRD', (peer: object) => withBird({ lines: ['enable extended messages on;'] }, { peer: { ...peer } })],
  ] as const) {
    test(`${name} and we agree on long messages, and routes go both ways`, async context => {
      await using pair = await begin({ extendedMessages: true })
      const { agreed = [], hostName, capabilities = [] } = await pair.established()
      context.diagnostic(capabilities.join(', '))
      assert.ok(agreed.includes('extended messages'), agreed.join(', '))
      if (name === 'FRR') assert.equal(hostName?.split('.')[0], 'other')
      await pair.learned('us', everything)
      await pair.learned('other', ourEverything)
    })

    test(`a plain session with ${name} is offered and agrees on nothing more, and carries all routes`, async () => {
      await using pair = await begin({ profile: 'plain', extendedMessages: true })
      const { agreed, profile, gracefulRestart } = await pair.established()
      assert.deepEqual({ agreed, profile }, { agreed: undefined, profile: 'plain' })
      assert.notEqual(gracefulRestart?.notification, true)
      await pair.learned('us', everything)
      await pair.learned('other', ourEverything)
    })

    test(`our OPEN waits for that of ${name}, which dials`, async () => {
      await using pair = await begin({ delayOpenTime: 30, passive: true })
      await pair.established()
      await pair.learned('us', everything)
    })
  }
})
