import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Stand } from './stand.ts'

const SECOND = 1000

function delayed(overrides = {}): Stand {
  const stand = new Stand({ delayOpenTime: 5, ...overrides })
  stand.start()
  return stand
}

test('our OPEN waits for the peer’s on the connection that we dialled, and goes when the delay is over', () => {
  const stand = delayed()
  assert.deepEqual(stand.dialled(1), [])
  assert.equal(stand.state, 'Connect')
  assert.deepEqual(stand.pass(5 * SECOND - 1), [])
  assert.deepEqual(stand.pass(1), ['send 1 OPEN', 'Connect → OpenSent: the delay of our OPEN is over'])
})

test('an OPEN of the peer is answered by ours and a KEEPALIVE at once', () => {
  const stand = delayed()
  stand.dialled(1)
  assert.deepEqual(stand.open(1), ['send 1 OPEN', 'send 1 KEEPALIVE', 'Connect → OpenConfirm: OPEN received'])
  stand.keepalive(1)
  assert.equal(stand.state, 'Established')
})

test('on a connection that the peer opened it is the same, passive or not', () => {
  for (const passive of [false, true]) {
    const stand = delayed({ passive })
    const connection = stand.accept()
    assert.equal(stand.offeredCount, 0)
    assert.ok(stand.open(connection).includes(`send ${connection} OPEN`))
    stand.keepalive(connection)
    assert.equal(stand.state, 'Established')
  }
})

test('the peer’s connection beside ours that waits does not take its place', () => {
  const stand = delayed()
  stand.dialled(1)
  const other = stand.accept()
  assert.equal(other, 2)
  assert.ok(!stand.pass(0).includes('close 1'))
  assert.deepEqual(stand.open(other).slice(0, 2), ['send 2 OPEN', 'send 2 KEEPALIVE'])
})

test('a message other than an OPEN, and a bad OPEN, end the connection without a word', () => {
  for (const say of [
    (stand: Stand) => stand.keepalive(1),
    (stand: Stand) => stand.open(1, { asNumber: 64999, capabilities: [] }),
  ]) {
    const stand = delayed()
    stand.dialled(1)
    assert.equal(say(stand)[0], 'close 1')
    assert.equal(stand.state, 'Idle')
  }
})

test('a connection that is lost while our OPEN waits is tried again after the connect retry time', () => {
  const stand = delayed({ connectRetryTime: 20 })
  stand.dialled(1)
  stand.closed(1)
  assert.equal(stand.state, 'Active')
  assert.deepEqual(stand.pass(17_499), [])
  assert.equal(stand.pass(1)[0], 'dial 2')
})

test('a stop while our OPEN waits closes the connection', () => {
  const stand = delayed()
  stand.dialled(1)
  assert.equal(stand.handle({ type: 'stop', cease: 2 })[0], 'close 1')
  assert.equal(stand.peer.deadline(), Number.POSITIVE_INFINITY)
})
