import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cannotInteroperate } from '../lab/daemons.ts'
import { untilComplete } from '../lab/waiting.ts'
import { OURS, THEIR_AS, THEIR_PREFIXES } from './pair.ts'
import { withFrr } from './their-config.ts'

const everything = Object.values(THEIR_PREFIXES)
const ONE_MORE = '203.0.113.64/26'

/** FRR tells us its prefix, and our own again. */
const COUNT = 2

const limited = (limit: Record<string, unknown>) =>
  withFrr({}, { peer: { maxPrefixes: { ipv4: { count: COUNT, ...limit } } } })

type Pair = Awaited<ReturnType<typeof limited>>

const announce = (pair: Pair, word: 'network' | 'no network') =>
  pair.other.ask(
    ['configure terminal', `router bgp ${THEIR_AS}`, 'address-family ipv4 unicast', `${word} ${ONE_MORE}`].join('\n'),
  )

describe('a limit on what FRR may announce', { skip: cannotInteroperate() }, () => {
  test('drop: the prefix beyond it is not taken, which is counted and shown, and the session stays', async () => {
    await using pair = await limited({ action: 'drop' })
    await pair.learned('us', everything)
    await announce(pair, 'network')
    const peer = await pair.until('the drop', ({ families }) =>
      (families[0]?.dropped ?? 0) > 0 ? undefined : 'nothing is dropped',
    )
    assert.equal(peer.state, 'Established')
    await pair.learned('us', everything)
  })

  test('restart: the session ends with 6/1, FRR says so, and a person sets it up again', async () => {
    await using pair = await limited({ action: 'restart' })
    await pair.learned('us', everything)
    await announce(pair, 'network')
    const peer = await pair.until('the end', ({ heldBack }) => (heldBack === undefined ? 'it goes on' : undefined))
    assert.equal(peer.state, 'Idle')
    assert.match(peer.lastError!, /Maximum Number of Prefixes Reached \(6\/1\): more than 2 prefixes of ipv4/)
    await pair.learned('us', [])
    await untilComplete('the word of FRR', 60_000, async () => {
      const shown = await pair.other.ask(`show bgp neighbors ${OURS.ipv4}`)
      return shown.includes('Maximum Number of Prefixes') ? undefined : shown
    })
    await announce(pair, 'no network')
    await pair.us.reset('other', 'mended')
    await pair.learned('us', everything)
  })

  test('restart with a time: it comes back by itself', async () => {
    await using pair = await limited({ action: 'restart', restartTime: 3 })
    await pair.learned('us', everything)
    await announce(pair, 'network')
    await pair.until('the end', ({ heldBack }) => (heldBack === undefined ? 'it goes on' : undefined))
    await announce(pair, 'no network')
    await pair.learned('us', everything)
  })
})
