import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { EventFeed } from '../../../daemon/control/event-feed.ts'
import { streamFeed } from '../../../daemon/control/feed-stream.ts'
import type { MonitorEvent } from '../../../daemon/control/message-document.ts'
import { until } from '../../until.ts'

const AT = '2026-11-21T09:00:00.000Z'
const notice = (text: string): MonitorEvent => ({ event: 'notice', at: AT, code: 'test', text })
const texts = (events: readonly MonitorEvent[]) =>
  events.map(event => (event.event === 'notice' ? event.text : event.event === 'lost' ? event.count : event.event))

function feedOf(onClose = () => {}): EventFeed {
  return new EventFeed(() => AT, onClose)
}

test('events come in order, some at a time', () => {
  const feed = feedOf()
  for (const text of ['a', 'b', 'c']) feed.offer(1, () => () => notice(text))
  assert.deepEqual(texts(feed.take(2)), ['a', 'b'])
  assert.deepEqual(texts(feed.take(2)), ['c'])
  assert.ok(feed.isEmpty)
})

test('what does not fit is not even made, and its number is told where it is missing', () => {
  const feed = feedOf()
  let prepared = 0
  const offer = (text: string) =>
    feed.offer(1 << 20, () => {
      prepared++
      return () => notice(text)
    })
  for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) offer(text)
  assert.equal(prepared, 4)
  assert.deepEqual(texts(feed.take(1)), ['a'])
  offer('g')
  assert.deepEqual(texts(feed.take(10)), ['b', 'c', 'd', 2, 'g'])
})

test('a loss that nothing follows is told as well', () => {
  const feed = feedOf()
  for (let count = 0; count < 10_007; count++) feed.offer(0, () => () => notice(''))
  const told = feed.take(20_000)
  assert.equal(told.length, 10_001)
  assert.deepEqual(told.at(-1), { event: 'lost', at: AT, count: 7 })
  assert.ok(feed.isEmpty)
})

test('a reader that stops costs the bound and no more, and reads on with the loss told', async () => {
  const feed = feedOf()
  const target = new PassThrough({ highWaterMark: 1024 })
  streamFeed(feed, target, thrown => assert.fail(String(thrown)))
  const sent = 50_000
  for (let at = 0; at < sent; at++) {
    feed.offer(100, () => () => notice(String(at)))
    if (at % 1000 === 0) await new Promise(setImmediate)
  }
  let rest = ''
  const lines: MonitorEvent[] = []
  target.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop()!
    lines.push(...parts.map(line => JSON.parse(line)))
  })
  const count = () => lines.reduce((sum, line) => sum + (line.event === 'lost' ? line.count : 1), 0)
  await until('all are accounted for', () => count() === sent)
  assert.ok(lines.some(line => line.event === 'lost'))
  assert.ok(lines.length < 20_000)
})

test('a reader that has gone closes the feed', async () => {
  let closed = 0
  const feed = feedOf(() => closed++)
  const target = new PassThrough()
  streamFeed(feed, target, thrown => assert.fail(String(thrown)))
  target.destroy()
  await until('it is closed', () => closed === 1)
  feed.offer(1, () => () => notice('late'))
})
