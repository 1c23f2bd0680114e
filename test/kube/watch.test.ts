import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import type { NodeView } from '../../lib/kube/object.ts'
import { type ObjectWatch, type WatchEvent, type WatchedResource, watchObjects } from '../../lib/kube/watch.ts'
import { until } from '../until.ts'
import { KubeApi, type Listener } from './api.ts'
import type { Fault, FaultyRequest } from './faults.ts'

const NODES: WatchedResource = { path: '/api/v1/nodes', project: 'node' }

const folder = mkdtempSync(join(tmpdir(), 'podpeer-watch-'))
const kubeconfig = join(folder, 'kubeconfig')
let cleanups: (() => Promise<void>)[] = []
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
  cleanups = []
})

async function serve(api: KubeApi, port = 0): Promise<Listener> {
  const listener = await api.listen({ host: '127.0.0.1', port })
  writeFileSync(kubeconfig, api.kubeconfig(listener.url))
  cleanups.push(() => api.close())
  return listener
}

function apiWith(nodes: number): KubeApi {
  const api = new KubeApi()
  for (let number = 1; number <= nodes; number++) putNode(api, `node-${number}`, number)
  return api
}

function putNode(api: KubeApi, name: string, number: number, labels: Record<string, string> = {}): void {
  api.put({ kind: 'Node', metadata: { name, labels }, spec: { podCIDR: `10.${number >> 8}.${number & 255}.0/24` } })
}

/** A watch, all that it told, and the objects as somebody holds them who only listens. */
class Follower {
  readonly events: WatchEvent[] = []
  readonly followed = new Map<string, NodeView>()
  readonly watch: ObjectWatch

  constructor(resource: WatchedResource = NODES, file = kubeconfig) {
    this.watch = watchObjects({ kubeconfig: file, resources: [resource] }, event => this.#hear(event))
    cleanups.push(() => this.watch.close())
  }

  #hear(event: WatchEvent): void {
    this.events.push(event)
    for (const change of event.type === 'changes' ? event.changes : []) {
      assert.equal(
        change.type === 'added',
        !this.followed.has(change.key),
        `${change.type} ${change.key} fits what was told`,
      )
      if (change.type === 'deleted') this.followed.delete(change.key)
      else this.followed.set(change.key, change.object as NodeView)
    }
  }

  get states(): string[] {
    return this.events.flatMap(event => {
      if (event.type !== 'state') return []
      return event.state.phase === 'failing' ? event.state.reason : event.state.phase
    })
  }

  get synced(): number {
    return this.events.filter(({ type }) => type === 'synced').length
  }

  /** Waits until what was followed is what the server has. */
  async equals(api: KubeApi): Promise<void> {
    const held = () => [...this.followed.values()].map(node => [node.name, node.uid, node.labels, node.podCIDRs])
    const had = () =>
      api.list('Node').map(({ metadata, spec }) => {
        const { podCIDRs } = spec as { podCIDRs: string[] }
        return [metadata.name, metadata.uid, metadata.labels ?? {}, podCIDRs]
      })
    const text = (rows: unknown[][]) => JSON.stringify(rows.sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)))
    await until('the follower to hold what the server has', () => this.synced > 0 && text(held()) === text(had()))
    assert.deepEqual(this.watch.objects(0), this.followed)
    assert.equal(this.synced, 1, 'synced is told once')
  }
}

describe('watched objects', () => {
  test('come whole and in small batches before synced, then as they change', async () => {
    const api = apiWith(1100)
    await serve(api)
    const follower = new Follower()
    await follower.equals(api)
    const sizes = follower.events.map(event => (event.type === 'changes' ? event.changes.length : 0))
    assert.equal(Math.max(...sizes), 100)
    assert.equal(follower.followed.size, 1100)
    putNode(api, 'node-7', 7, { rack: 'r1' })
    api.remove('Node', 'node-8')
    putNode(api, 'node-new', 2000)
    await follower.equals(api)
    assert.deepEqual(follower.states, ['listing', 'watching'])
  })

  test('are only those that the selectors name, and leave when they match no more', async () => {
    const api = apiWith(5)
    await serve(api)
    const own = new Follower({ ...NODES, fieldSelector: 'metadata.name=node-3' })
    const labelled = new Follower({ ...NODES, labelSelector: 'role=edge' })
    await until('both to be synced', () => own.synced === 1 && labelled.synced === 1)
    assert.deepEqual([...own.followed.keys()], ['node-3'])
    assert.equal(labelled.followed.size, 0)
    putNode(api, 'node-3', 3, { role: 'edge' })
    await until(
      'the label to be seen',
      () => labelled.followed.has('node-3') && own.followed.get('node-3')?.labels['role'] === 'edge',
    )
    putNode(api, 'node-3', 3)
    await until('the object to leave', () => labelled.followed.size === 0)
  })

  const faults: Record<string, (request: FaultyRequest, count: number) => Fault | undefined> = {
    'a page that fails with 500': ({ query }, count) =>
      query.has('continue') && count < 4 ? { code: 500 } : undefined,
    'half a page': ({ query }, count) => (query.has('continue') && count < 4 ? { cutAfter: 20_000 } : undefined),
    'a connection cut before the answer': (_, count) => (count < 2 ? { cutAfter: 0 } : undefined),
    'being too many (429)': (_, count) => (count < 2 ? { code: 429, retryAfter: 1 } : undefined),
    'a slow page': ({ query }) => (query.has('continue') ? { delay: 700 } : undefined),
  }
  for (const [fault, judge] of Object.entries(faults)) {
    test(`are complete in spite of ${fault}`, async () => {
      const api = apiWith(600)
      await serve(api)
      let count = 0
      api.faults.judge = request => judge(request, count++)
      const follower = new Follower()
      await follower.equals(api)
      await until('the fault was met', () => count >= 3)
    })
  }

  test('are never taken for gone while their list fails', async () => {
    const api = apiWith(700)
    await serve(api)
    const follower = new Follower()
    await follower.equals(api)
    api.faults.judge = ({ query }) => (query.has('continue') ? { cutAfter: 100 } : undefined)
    api.faults.dropWatches()
    api.faults.expireHistory()
    await until('the relist to fail', () => follower.states.some(state => state.startsWith('API server unreachable')))
    assert.equal(follower.followed.size, 700)
    api.remove('Node', 'node-700')
    api.faults.judge = () => undefined
    await follower.equals(api)
  })

  test('survive dropped watches and forgotten history without a loss', async () => {
    const api = apiWith(20)
    await serve(api)
    const follower = new Follower()
    await follower.equals(api)
    for (let round = 1; round <= 4; round++) {
      api.faults.dropWatches()
      api.remove('Node', `node-${round}`)
      putNode(api, `node-${round + 10}`, round + 10, { round: String(round) })
      if (round % 2 === 0) api.faults.expireHistory()
      putNode(api, `late-${round}`, 100 + round)
      await follower.equals(api)
    }
  })
})

describe('a broken cluster', () => {
  test('is a state at start, and is taken up when it comes', async () => {
    const api = apiWith(3)
    const { port, close } = await serve(api)
    await close()
    const follower = new Follower()
    const reason = `API server unreachable: connect ECONNREFUSED 127.0.0.1:${port}`
    await until('the state', () => follower.states.includes(reason))
    assert.equal(follower.synced, 0)
    await serve(api, port)
    await follower.equals(api)
    await until('the watch runs', () => follower.states.at(-1) === 'watching')
  })

  test('costs no objects while it is away, and is caught up with when it is back', async () => {
    const api = apiWith(3)
    const { port, close } = await serve(api)
    const follower = new Follower()
    await follower.equals(api)
    await close()
    await until('the state', () => follower.states.some(state => state.includes('ECONNREFUSED')))
    assert.equal(follower.followed.size, 3)
    api.remove('Node', 'node-2')
    putNode(api, 'node-4', 4)
    await serve(api, port)
    await follower.equals(api)
  })

  test('that comes back as another one is listed anew, with the kubeconfig read again', async () => {
    const old = apiWith(3)
    const { port } = await serve(old)
    const follower = new Follower()
    await follower.equals(old)
    await old.close()
    const fresh = apiWith(2)
    for (let change = 0; change < 50; change++) putNode(fresh, 'other', change)
    await serve(fresh, port)
    await follower.equals(fresh)
  })

  test('that refuses our token is unauthorized until the token is right', async () => {
    const api = apiWith(1)
    const { url } = await serve(api)
    writeFileSync(kubeconfig, api.kubeconfig(url, 'a-wrong-secret'))
    const follower = new Follower()
    await until('the state', () => follower.states.includes('unauthorized: Unauthorized'))
    assert.ok(!JSON.stringify(follower.events).includes('a-wrong-secret'))
    writeFileSync(kubeconfig, api.kubeconfig(url))
    await follower.equals(api)
  })

  test('without a readable kubeconfig is a state that names the file, and never tells its content', async () => {
    const api = apiWith(1)
    const { url } = await serve(api)
    const late = join(folder, 'late')
    const follower = new Follower(NODES, late)
    await until('the state', () =>
      follower.states.includes(`kubeconfig unreadable: ENOENT: no such file or directory, open '${late}'`),
    )
    writeFileSync(late, 'users:\n- token: hush\n bad indent: hush\n')
    await until('the other state', () =>
      follower.states.some(state => /^kubeconfig unreadable: .* in line \d/.test(state)),
    )
    assert.ok(!JSON.stringify(follower.events).includes('hush'))
    writeFileSync(late, api.kubeconfig(url))
    await follower.equals(api)
  })
})

describe('the Kubernetes thread', () => {
  test('is started again when it falls, and only what changed meanwhile is told', async () => {
    const api = apiWith(3)
    await serve(api)
    const threads: Worker[] = []
    const started = (thread: Worker) => void threads.push(thread)
    process.on('worker', started)
    const follower = new Follower()
    await follower.equals(api)
    const before = follower.events.length
    await threads[0]!.terminate()
    api.remove('Node', 'node-1')
    putNode(api, 'node-2', 2, { changed: 'yes' })
    await follower.equals(api)
    process.off('worker', started)
    const told = follower.events.slice(before).flatMap(event => (event.type === 'changes' ? event.changes : []))
    assert.deepEqual(told.map(({ type, key }) => `${type} ${key}`).sort(), ['changed node-2', 'deleted node-1'])
    assert.ok(follower.states.includes('Kubernetes thread fell: it ended'))
    assert.equal(threads.length, 2)
  })

  test('tells nothing after it was closed', async () => {
    const api = apiWith(3)
    await serve(api)
    const follower = new Follower()
    await follower.equals(api)
    const closed = follower.watch.close()
    const { length } = follower.events
    api.remove('Node', 'node-1')
    await closed
    assert.equal(follower.events.length, length)
  })
})
