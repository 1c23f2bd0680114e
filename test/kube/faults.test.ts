import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { until } from '../until.ts'
import { KubeApi, type Listener } from './api.ts'
import type { Asker } from './comparison/asker.ts'
import { listenAndAsk } from './stand-in-asker.ts'

const NODES = '/api/v1/nodes'
const api = new KubeApi({ times: { bookmark: 20 } })
let asker: Asker
let listener: Listener
before(async () => {
  for (const name of ['a', 'b', 'c']) api.put({ kind: 'Node', metadata: { name } })
  const made = await listenAndAsk(api)
  asker = made.asker
  listener = made.listener
})
after(async () => {
  asker.close()
  await api.close()
})
afterEach(() => {
  api.faults.judge = () => undefined
  api.faults.bookmarkLag = 0
})

const get = (path: string) => asker.ask({ method: 'GET', path })

describe('a fault', () => {
  test('is an answer with its code and reason, and how long to wait', async () => {
    const reasons = {
      410: 'Expired',
      429: 'TooManyRequests',
      500: 'InternalError',
      503: 'ServiceUnavailable',
      504: 'Timeout',
    }
    for (const [text, reason] of Object.entries(reasons)) {
      const code = Number(text) as 410
      api.faults.judge = () => ({ code, retryAfter: 2 })
      const answer = await get(NODES)
      assert.deepEqual([answer.code, answer.body.reason, answer.retryAfter], [code, reason, '2'])
      assert.equal(answer.body.details.retryAfterSeconds, 2)
    }
  })

  test('is silence before a right answer', async () => {
    api.faults.judge = () => ({ delay: 120 })
    const start = performance.now()
    assert.equal((await get(NODES)).body.items.length, 3)
    assert.ok(performance.now() - start >= 119)
  })

  test('is a page that fails in the middle of a list, or breaks in the middle of itself', async () => {
    const first = await get(`${NODES}?limit=1`)
    const next = `${NODES}?limit=1&continue=${first.body.metadata.continue}`
    api.faults.judge = ({ query }) => (query.has('continue') ? { code: 500 } : undefined)
    assert.equal((await get(`${NODES}?limit=1`)).code, 200)
    assert.equal((await get(next)).code, 500)
    api.faults.judge = () => ({ cutAfter: 30 })
    await assert.rejects(get(next), /aborted|ECONNRESET|socket hang up/)
    api.faults.judge = () => undefined
    assert.equal((await get(next)).body.items[0].metadata.name, 'b')
  })

  test('is an address that refuses connections, until it does no more', async () => {
    const resume = await listener.pause()
    // the connection that there was is cut, then there is none to be had
    await assert.rejects(get(NODES))
    await assert.rejects(get(NODES), /ECONNREFUSED/)
    api.put({ kind: 'Node', metadata: { name: 'd' } })
    await resume()
    assert.equal((await get(NODES)).body.items.length, 4)
    api.remove('Node', 'd')
  })

  test('is a bookmark of a version before what was told already: a watch from there tells it again', async () => {
    api.faults.bookmarkLag = 2
    const path = `${NODES}?watch=true&allowWatchBookmarks=true&resourceVersion=${api.store.revision}`
    const watch = await asker.watch({ path })
    api.put({ kind: 'Node', metadata: { name: 'a', labels: { number: '1' } } })
    const { resourceVersion } = api.put({ kind: 'Node', metadata: { name: 'a', labels: { number: '2' } } }).metadata
    const stale = Number(resourceVersion) - 2
    await until('the bookmark', () =>
      watch.events.some(({ type, object }) => type === 'BOOKMARK' && object.metadata.resourceVersion === String(stale)),
    )
    watch.close()
    const again = await asker.watch({ path: `${NODES}?watch=true&resourceVersion=${stale}` })
    await until('both are told again', () => again.events.length === 2)
    again.close()
  })
})
