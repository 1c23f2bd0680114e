import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PeerStatus } from '../../daemon/control/document.ts'
import { cannotInteroperate } from '../lab/daemons.ts'
import { OUR_PREFIXES, OURS, THEIR_PREFIXES } from './pair.ts'
import { withBird, withFrr } from './their-config.ts'

const everything = Object.values(THEIR_PREFIXES)
const ourEverything = Object.values(OUR_PREFIXES)

/** Waits for so many ROUTE-REFRESH messages more. */
const more = (before: PeerStatus, direction: 'sent' | 'received', count: number) => (peer: PeerStatus) => {
  const seen = peer.messages[direction].routeRefresh - before.messages[direction].routeRefresh
  return seen >= count ? undefined : `${seen} of ${count} ${direction}`
}

describe('route refresh (RFC 2918, RFC 7313)', { skip: cannotInteroperate() }, () => {
  for (const [name, begin, ask] of [
    ['FRR', () => withFrr({}, {}), `clear bgp ${OURS.ipv4} soft in`],
    ['BIRD', () => withBird({}, {}), 'reload in podpeer'],
  ] as const)
    test(`${name} and we ask each other for all routes, between a beginning and an end, and keep them all`, async () => {
      await using pair = await begin()
      await pair.learned('us', everything)
      await pair.learned('other', ourEverything)
      // markers are said only once End-of-RIB was
      const before = await pair.until('both End-of-RIBs', ({ families }) =>
        families.every(({ endOfRib }) => endOfRib.received && endOfRib.sent) ? undefined : 'not all of them',
      )
      assert.ok(before.agreed?.includes('enhanced route refresh'))
      await pair.us.refresh('other', 'in')
      // a beginning and an end for each family
      const asked = await pair.until('the answers', more(before, 'received', 4))
      assert.equal(asked.messages.sent.routeRefresh - before.messages.sent.routeRefresh, 2)
      await pair.learned('us', everything)
      await pair.other.ask(ask)
      await pair.until('our answers', more(asked, 'sent', 2))
      await pair.learned('other', ourEverything)
      assert.equal((await pair.established()).messages.sent.open, before.messages.sent.open, 'the session is the same')
    })

  test('our routes go out again on demand', async () => {
    await using pair = await withBird({}, {})
    await pair.learned('other', ourEverything)
    const before = await pair.established()
    await pair.us.refresh('other', 'out')
    await pair.until('the UPDATEs', ({ messages }) =>
      messages.sent.update >= before.messages.sent.update + 2 ? undefined : `${messages.sent.update} UPDATEs`,
    )
    await pair.learned('other', ourEverything)
  })
})
