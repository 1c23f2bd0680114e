import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cannotInteroperate } from '../lab/daemons.ts'
import { untilComplete } from '../lab/waiting.ts'
import { OUR_PREFIXES, OURS, Pair, THEIR_AS, THEIR_PREFIXES, THEIRS } from './pair.ts'
import { type ZebosConfig, ZebosRouter } from './router-zebos.ts'

const DEADLINE = 60_000
const LONG_AS = 4_200_000_010
const AS_TRANS = 23456

/** A node in this AS, and a BIG-IP whose timers are short. */
function begin(asNumber: number): Promise<Pair<ZebosRouter>> {
  const theirs: ZebosConfig = {
    address: THEIRS.ipv4,
    asNumber: THEIR_AS,
    router: OURS.ipv4,
    routerAs: asNumber > 0xffff ? AS_TRANS : asNumber,
    networks: [THEIR_PREFIXES.ipv4],
    advertisementInterval: 1,
    connectRetryTime: 1,
  }
  return Pair.begin(ZebosRouter, JSON.stringify(theirs), { asNumber, peer: { profile: 'plain', export: 'originated' } })
}

/** Waits until it holds just these routes of ours, and makes sure that it has found nothing odd so far. */
async function told({ other: { peer } }: Pair<ZebosRouter>, ...routes: string[]): Promise<void> {
  await untilComplete('the routes of the BIG-IP', DEADLINE, async () =>
    peer.table.join() === routes.join()
      ? undefined
      : `${peer.state}: ${peer.table} ${peer.odd} ${peer.ended.slice(-3)}`,
  )
  assert.deepEqual(peer.odd, [])
}

const PODS = `${OUR_PREFIXES.ipv4} via ${OURS.ipv4}`

describe('podpeer and a router of the ZebOS family that resets for anything odd', {
  skip: cannotInteroperate(),
}, () => {
  for (const [name, asNumber] of [
    ['eBGP', 65010],
    ['iBGP', THEIR_AS],
    ['eBGP with an AS number of four octets', LONG_AS],
  ] as const)
    test(`${name}: routes both ways, restarts of both, refreshes, a reset, drained and back, and nothing odd`, async () => {
      await using pair = await begin(asNumber)
      const { peer } = pair.other
      const both = async () => {
        await told(pair, PODS)
        await pair.learned('us', [THEIR_PREFIXES.ipv4])
      }
      await both()
      const route = peer.routes.get(OUR_PREFIXES.ipv4)
      if (asNumber === LONG_AS) assert.deepEqual([route?.asPath, route?.wholePath], [[AS_TRANS], [LONG_AS]])
      else assert.deepEqual([route?.asPath, route?.wholePath], [asNumber === THEIR_AS ? [] : [asNumber], undefined])

      peer.announce('203.0.113.20/32')
      await pair.learned('us', [THEIR_PREFIXES.ipv4, '203.0.113.20/32'])
      peer.withdraw('203.0.113.20/32')
      await both()

      await pair.us.kill9()
      await told(pair, `${PODS} stale`)
      await pair.us.start()
      await both()
      await pair.us.stop()
      await told(pair, `${PODS} stale`)
      assert.deepEqual(peer.notified, [], 'who stops for a restart says nothing')
      await pair.us.start()
      await both()

      await pair.other.kill9()
      await pair.until('the loss', ({ state }) => (state === 'Established' ? 'it is up' : undefined))
      await pair.learned('us', [THEIR_PREFIXES.ipv4])
      await pair.other.start()
      await both()

      peer.routes.clear()
      peer.askRefresh()
      await told(pair, PODS)
      await pair.us.refresh('other', 'in')
      await both()
      await pair.us.reset('other', 'once more')
      await untilComplete('the reset', DEADLINE, async () => (peer.notified.length > 0 ? undefined : 'not yet'))
      await both()

      await pair.us.drain(1, 'maintenance')
      await told(pair)
      await untilComplete('the goodbye', DEADLINE, async () => (peer.notified.length > 1 ? undefined : 'not yet'))
      assert.deepEqual(peer.notified, ['6/4', '6/2'])
      await pair.us.undrain()
      await both()
      assert.deepEqual(peer.odd, [])
    })
})
