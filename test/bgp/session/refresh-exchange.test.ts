import assert from 'node:assert/strict'
import { test } from 'node:test'
import { capability, decode, openOf, Stand } from './stand.ts'

const SECOND = 1000
const REQUEST = 0
const BEGIN = 1
const END = 2

/** A session with RFC 7313 on both sides and both End-of-RIBs said, unless told otherwise. */
function session({ enhanced = true, endOfRib = true } = {}) {
  const stand = new Stand()
  const capabilities = [...openOf().capabilities, ...(enhanced ? [capability.enhancedRefresh] : [])]
  const connection = stand.establish({ capabilities, holdTime: 0 })
  if (endOfRib)
    for (const family of [4, 6] as const) {
      stand.handle({ type: 'endOfRib', family })
      stand.handle({ type: 'endOfRibSent', family })
    }
  const refresh = (subtype: number, afi = 1, safi = 1) =>
    stand.message(connection, { type: 'routeRefresh', afi, subtype, safi })
  return { stand, connection, refresh }
}

/** Subtypes of the ROUTE-REFRESH messages of IPv4 that we sent. */
function sent(stand: Stand): number[] {
  return stand.effects.flatMap(effect => {
    const message = effect.type === 'send' ? decode(effect.bytes) : undefined
    return message?.type === 'routeRefresh' && message.afi === 1 ? [message.subtype] : []
  })
}

test('an answer to the peer lies between a beginning and an end', () => {
  const { stand, connection, refresh } = session()
  assert.deepEqual(refresh(REQUEST), [`send ${connection} ROUTEREFRESH`, 'refresh ipv4'])
  assert.deepEqual(sent(stand), [BEGIN])
  stand.handle({ type: 'refreshed', family: 4 })
  assert.deepEqual(sent(stand), [BEGIN, END])
  assert.deepEqual(stand.handle({ type: 'refreshed', family: 4 }), [], 'one end for one beginning')
})

test('a request while we answer begins anew, and there is one end', () => {
  const { stand, refresh } = session()
  refresh(REQUEST)
  refresh(REQUEST)
  stand.handle({ type: 'refreshed', family: 4 })
  assert.deepEqual(sent(stand), [BEGIN, BEGIN, END])
})

test('without RFC 7313, and before our own End-of-RIB, an answer has no markers', () => {
  for (const { stand, refresh } of [session({ enhanced: false }), session({ endOfRib: false })]) {
    assert.deepEqual(refresh(REQUEST), ['refresh ipv4'])
    stand.handle({ type: 'refreshed', family: 4 })
    assert.deepEqual(sent(stand), [])
  }
})

test('the peer’s beginning and end say what of its routes is still true', () => {
  const { refresh } = session()
  assert.deepEqual(refresh(BEGIN), ['beginRefresh ipv4'])
  assert.deepEqual(refresh(BEGIN), ['beginRefresh ipv4'], 'a second one begins anew')
  assert.deepEqual(refresh(END), ['endRefresh ipv4'])
  assert.match(refresh(END)[0]!, /^notice refreshIgnored: .*: no beginning came before$/)
})

test('families are refreshed on their own', () => {
  const { refresh } = session()
  refresh(BEGIN, 1)
  assert.match(refresh(END, 2)[0]!, /no beginning/)
  assert.deepEqual(refresh(END, 1), ['endRefresh ipv4'])
})

const ignored: [string, readonly [number, number?, number?], RegExp][] = [
  ['a subtype that nobody knows', [3], /unknown/],
  ['a family that is not of the session', [REQUEST, 1, 128], /not of this session/],
  ['an AFI that nobody knows', [BEGIN, 77], /not of this session/],
]
for (const [what, message, why] of ignored)
  test(`${what} is noted and costs nothing`, () => {
    const { stand, refresh } = session()
    const lines = refresh(...message)
    assert.equal(lines.length, 1)
    assert.match(lines[0]!, why)
    assert.equal(stand.state, 'Established')
  })

test('markers without RFC 7313, or before the peer’s End-of-RIB, are ignored', () => {
  assert.match(session({ enhanced: false }).refresh(BEGIN)[0]!, /was not negotiated/)
  assert.match(session({ endOfRib: false }).refresh(BEGIN)[0]!, /before End-of-RIB/)
})

test('a refresh that the peer does not end in six minutes is over, and the session stays', () => {
  const { stand, refresh } = session()
  refresh(BEGIN)
  assert.deepEqual(
    stand.pass(360 * SECOND - 1).filter(line => line.startsWith('endRefresh')),
    [],
  )
  const lines = stand.pass(1)
  assert.ok(lines.includes('endRefresh ipv4'), lines.join('\n'))
  assert.equal(stand.state, 'Established')
})

test('a session that ends forgets its refreshes', () => {
  const { stand, connection, refresh } = session()
  refresh(BEGIN)
  refresh(REQUEST)
  stand.closed(connection)
  assert.deepEqual(stand.handle({ type: 'refreshed', family: 4 }), [])
  assert.ok(!stand.pass(400 * SECOND).includes('endRefresh ipv4'))
})

test('we ask for the peer’s routes again, and say where that cannot be', () => {
  const { stand, connection } = session()
  assert.deepEqual(stand.handle({ type: 'askRefresh', family: 4 }), [`send ${connection} ROUTEREFRESH`])
  assert.deepEqual(sent(stand), [REQUEST])
  assert.equal(stand.peer.status().sent.routeRefresh, 1)
  const old = new Stand()
  old.establish({ capabilities: [] })
  assert.deepEqual(old.handle({ type: 'askRefresh', family: 4 }), [
    'notice refreshImpossible: the peer takes no ROUTE-REFRESH',
  ])
  assert.deepEqual(old.handle({ type: 'askRefresh', family: 6 }), [
    'notice refreshImpossible: ipv6 is not of this session',
  ])
  assert.deepEqual(
    new Stand().handle({ type: 'askRefresh', family: 4 }),
    [],
    'without a session there is nobody to ask',
  )
})
