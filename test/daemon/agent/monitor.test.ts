import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { type MonitorType, monitorTypes } from '../../../daemon/control/message-document.ts'
import { nodeObject } from './played-world.ts'
import { CONFIG, clean, MINUTE, SECOND, world } from './setting.ts'

afterEach(clean)

const ALL = new Set<MonitorType>(monitorTypes)

function begun() {
  const played = world()
  played.node.start(CONFIG)
  played.node.synced(nodeObject())
  return played
}

test('the last messages of a peer outlive its session, and tell why it ended', () => {
  const { node, router, clock } = begun()
  clock.advance(MINUTE)
  const passed = node.view.messages('tor').messages.map(({ direction, message }) => `${direction} ${message.type}`)
  for (const one of ['sent open', 'received open', 'received update', 'sent keepalive'])
    assert.ok(passed.includes(one), one)
  router.speaker.reset(router.speaker.peers()[0]!.config.name, 'for a test')
  clock.advance(SECOND)
  const told = node.view.messages('tor').messages.map(({ message }) => message)
  const notification = told.find(message => message.type === 'notification' && message.subcode === 4)
  assert.ok(notification?.type === 'notification')
  assert.equal(notification.text, 'Cease / Administrative Reset (6/4): "for a test"')
  assert.ok(told.indexOf(notification) < told.findLastIndex(({ type }) => type === 'open'), 'the next session follows')
})

test('a listener hears sessions, messages and End-of-RIB in the order in which they happened', () => {
  const { node, clock } = begun()
  const feed = node.view.monitor({ peer: 'tor', types: ALL, octets: 'first' })
  clock.advance(MINUTE)
  const events = feed.take(1000)
  const words = events.map(event => (event.event === 'message' ? event.message.type : event.event))
  const first = (word: (typeof words)[number]) => words.indexOf(word)
  assert.ok(first('open') < first('keepalive') && first('keepalive') < first('update'), words.join())
  assert.ok(first('update') < first('endOfRib'), words.join())
  const up = events.find(event => event.event === 'session' && event.to === 'Established')
  assert.ok(up?.event === 'session')
  assert.equal(up.session.asNumber, 65100)
  assert.equal(up.session.address, '10.0.0.254')
  assert.ok(events.every(event => !('session' in event) || event.event === 'session'))
})

test('octets and the session come with messages where they are asked for', () => {
  const { node, clock } = begun()
  const feed = node.view.monitor({ types: new Set(['update']), octets: 'all' })
  clock.advance(MINUTE)
  const events = feed.take(1000)
  assert.ok(events.length > 0)
  for (const event of events) {
    assert.ok(event.event === 'message' && event.message.type === 'update')
    assert.equal(event.octets.length, 2 * event.length)
    assert.deepEqual(event.session, {
      address: '10.0.0.254',
      asNumber: 65100,
      localAddress: '10.0.0.1',
      localAs: 65001,
      fourOctetAs: true,
      addPath: [],
    })
  }
})

test('who listens to another peer, or no more, hears nothing, and the speaker tells none then', () => {
  const { node, clock } = begun()
  const other = node.view.monitor({ peer: 'spine', types: ALL, octets: 'first' })
  const closed = node.view.monitor({ types: ALL, octets: 'first' })
  closed.close()
  clock.advance(MINUTE)
  assert.deepEqual(other.take(10), [])
  assert.deepEqual(closed.take(10), [])
})
