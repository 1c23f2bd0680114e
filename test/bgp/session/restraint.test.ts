import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerConfig, PrefixLimit } from '../../../bgp/session/config.ts'
import type { Open } from '../../../bgp/wire/open.ts'
import { capability, decode, openOf, Stand } from './stand.ts'

const SECOND = 1000
const HOUR = 3600 * SECOND

function limited(restartTime?: number): Stand {
  const limit: PrefixLimit = { count: 1000, warnAt: 80, action: 'restart', ...(restartTime && { restartTime }) }
  return new Stand({ maxPrefixes: { 4: limit } })
}

function openWith(restart: Parameters<typeof capability.restart> | undefined): Partial<Open> {
  const others = openOf().capabilities.filter(one => one.type !== 'gracefulRestart')
  return { capabilities: restart === undefined ? others : [...others, capability.restart(...restart)] }
}

function dials(lines: readonly string[]): number {
  return lines.filter(line => line.startsWith('dial')).length
}

test('too many prefixes end the session with 6/1 that says the family and the count, and the routes go', () => {
  const stand = limited()
  const connection = stand.establish()
  const lines = stand.handle({ type: 'prefixLimit', family: 4 })
  assert.deepEqual(lines.slice(0, 2), [`send ${connection} 6/1`, `close ${connection}`])
  assert.ok(lines.includes('flush ipv4'))
  const sent = stand.effects.findLast(effect => effect.type === 'send')!
  const message = decode(sent.bytes)
  assert.deepEqual(message.type === 'notification' && [...message.data], [0, 1, 1, 0, 0, 3, 232])
  assert.match(stand.lastError!, /6\/1\): more than 1000 prefixes of ipv4$/)
})

test('with the N bit on both sides it is a Hard Reset: no side keeps anything', () => {
  const stand = limited()
  const connection = stand.establish(openWith([{ 4: true, 6: true }, 120, false, true]))
  const lines = stand.handle({ type: 'prefixLimit', family: 4 })
  assert.equal(lines[0], `send ${connection} 6/9`)
  assert.ok(lines.includes('flush ipv4'))
})

test('then nobody is dialled and nobody taken until a person resets the peer', () => {
  const stand = limited()
  stand.establish()
  stand.handle({ type: 'prefixLimit', family: 4 })
  assert.equal(dials(stand.pass(HOUR)), 0)
  assert.equal(stand.peer.deadline(), Number.POSITIVE_INFINITY)
  const refused = stand.handle({ type: 'accepted', connection: stand.peer.newConnection() })
  assert.match(refused[0]!, /^notice connectionRefused: more than 1000 prefixes of ipv4, until it is reset$/)
  assert.equal(stand.peer.status().heldBack, 'more than 1000 prefixes of ipv4, until it is reset')
  assert.equal(dials(stand.handle({ type: 'reset' })), 1)
  assert.equal(stand.peer.status().heldBack, undefined)
})

test('or until its restart time has passed', () => {
  const stand = limited(300)
  stand.establish()
  stand.handle({ type: 'prefixLimit', family: 4 })
  assert.equal(stand.peer.status().nextAttempt, 300 * SECOND)
  assert.equal(dials(stand.pass(300 * SECOND - 1)), 0)
  assert.equal(dials(stand.pass(1)), 1)
})

test('or until the limit is changed, or the peering stopped and started', () => {
  const changed = limited()
  changed.establish()
  changed.handle({ type: 'prefixLimit', family: 4 })
  const { config } = changed.peer
  const more: PeerConfig = { ...config, maxPrefixes: { 4: { count: 5000, warnAt: 80, action: 'warn' } } }
  const identity = { routerId: 0x0a000001, restarting: false, forwarding: [] }
  assert.equal(dials(changed.record(changed.peer.reconfigure(more, identity, 0, 0.5))), 1)
  const stopped = limited()
  stopped.establish()
  stopped.handle({ type: 'prefixLimit', family: 4 })
  stopped.handle({ type: 'stop', cease: 2 })
  assert.equal(dials(stopped.start()), 1)
})

test('a limit on a family that has none, or without a session, is nothing', () => {
  const stand = limited()
  assert.deepEqual(stand.handle({ type: 'prefixLimit', family: 4 }), [])
  stand.establish()
  assert.deepEqual(stand.handle({ type: 'prefixLimit', family: 6 }), [])
})

test('a reset ends the session with 6/4 and its text, and dials at once, idle hold or not', () => {
  const stand = new Stand()
  const connection = stand.establish()
  const lines = stand.handle({ type: 'reset', text: 'again' })
  assert.deepEqual(lines.slice(0, 2), [`send ${connection} 6/4`, `close ${connection}`])
  assert.equal(dials(lines), 1)
  const held = new Stand()
  held.notification(held.establish(), 6, 2)
  assert.ok(held.peer.deadline() > held.now)
  assert.equal(dials(held.handle({ type: 'reset' })), 1)
  assert.deepEqual(new Stand().handle({ type: 'reset' }), [], 'one that is not started stays so')
})

const strict = (isStrict: boolean): Partial<PeerConfig> => ({
  bfd: { strict: isStrict },
})
const RESTART = openWith([{ 4: true, 6: true }])
const RESTART_N = openWith([{ 4: true, 6: true }, 120, false, true])
const NO_RESTART = openWith(undefined)

/** What a lost BFD session does to a session: what is said, and what becomes of IPv4. */
const losses: [string, Partial<PeerConfig>, Partial<Open>, boolean, string | undefined, string][] = [
  ['without graceful restart', strict(false), NO_RESTART, false, '6/10', 'flush'],
  ['with graceful restart', strict(false), RESTART, false, undefined, 'stale'],
  ['with graceful restart and the N bit', strict(false), RESTART_N, false, '6/10', 'stale'],
  ['with graceful restart, BFD independent', strict(false), RESTART, true, undefined, 'stale'],
  ['with graceful restart, BFD independent and strict', strict(true), RESTART, true, '6/10', 'flush'],
  ['with the N bit, BFD independent and strict', strict(true), RESTART_N, true, '6/9', 'flush'],
  ['with graceful restart, BFD strict but not independent', strict(true), RESTART, false, undefined, 'stale'],
]
for (const [how, config, open, independent, said, fate] of losses)
  test(`BFD is lost ${how}: ${said ?? 'not a word'} is said, ${fate} the routes`, () => {
    const stand = new Stand(config)
    stand.handle({ type: 'bfdUp' })
    const connection = stand.establish(open)
    const lines = stand.handle({ type: 'bfdDown', independent })
    const expected = [...(said === undefined ? [] : [`send ${connection} ${said}`]), `close ${connection}`]
    assert.deepEqual(lines.slice(0, expected.length), expected)
    assert.ok(lines.includes(`${fate} ipv4`), lines.join('\n'))
    assert.match(stand.lastError!, /BFD is down$/)
  })

test('where BFD is strict there is no session before it is up, and none after it was lost', () => {
  const stand = new Stand(strict(true))
  assert.equal(dials(stand.start()), 0)
  assert.equal(stand.peer.status().heldBack, 'BFD is down')
  assert.equal(dials(stand.pass(HOUR)), 0)
  assert.equal(dials(stand.handle({ type: 'bfdUp' })), 1)
  stand.establish()
  stand.handle({ type: 'bfdDown', independent: false })
  assert.equal(dials(stand.pass(HOUR)), 0)
  assert.equal(dials(stand.handle({ type: 'bfdUp' })), 1)
})

test('where it is strict, an attempt under way ends with BFD', () => {
  const stand = new Stand(strict(true))
  stand.handle({ type: 'bfdUp' })
  stand.start()
  stand.dialled(1)
  assert.deepEqual(stand.handle({ type: 'bfdDown', independent: false }).slice(0, 2), ['send 1 6/10', 'close 1'])
})

test('where it is not strict, a session is tried while BFD is down', () => {
  const stand = new Stand(strict(false))
  assert.equal(dials(stand.start()), 1)
  stand.dialled(1)
  assert.deepEqual(stand.handle({ type: 'bfdDown', independent: false }), [])
  assert.equal(stand.state, 'OpenSent')
})
