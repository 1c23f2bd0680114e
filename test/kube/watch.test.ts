import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import type { NodeView } from '../../lib/kube/object.ts'
import { type ObjectWatch, type WatchEvent, type WatchedResource, watchObjects } from '../../lib/kube/watch.ts'
import { until } from '../until.ts'
import { KubeApi, type Listener } from './api.ts'
import type { Fault, FaultyRequest } from './faults.ts'

const NODES: WatchedResource = { path: '/api/v1/nodes', project: 'node' }

const folder = mkdtempSync(join(tmpdir(), 'podpeer-watch-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
let stages = 0

/** What one test uses: a kubeconfig of its own, and what ends with the test. */
class Stage {
  readonly kubeconfig = join(folder, `kubeconfig-${stages++}`)
  readonly #cleanups: (() => Promise<void>)[] = []

  constructor(context: TestContext) {
    context.after(async () => {
      for (const cleanup of this.#cleanups.reverse()) await cleanup()
    })
  }

  async serve(api: KubeApi, port = 0): Promise<Listener> {
    const listener = await api.listen({ host: '127.0.0.1', port })
    writeFileSync(this.kubeconfig, api.kubeconfig(listener.url))
    this.#cleanups.push(() => api.close())
    return listener
  }

  follow(resource = NODES, kubeconfig = this.kubeconfig): Follower {
    const follower = new Follower(resource, kubeconfig)
    this.#cleanups.push(() => follower.watch.close())
    return follower
  }
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

  constructor(resource: WatchedResource, kubeconfig: string) {
    this.watch = watchObjects({ kubeconfig, resources: [resource] }, event => this.#hear(event))
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
    const wanted = text(had())
    let looked = 0
    await until('the follower to hold what the server has', () => {
      // looking is dear, and only what is told changes anything
      if (looked === this.events.length) return false
      looked = this.events.length
      return this.synced > 0 && text(held()) === wanted
    })
    assert.deepEqual(this.watch.objects(0), this.followed)
    assert.equal(this.synced, 1, 'synced is told once')
  }
}

// most of their time is waiting for the next try
describe('watched objects', { concurrency: 4 }, () => {
  test('come whole and in small batches before synced, then as they change', async context => {
    const stage = new Stage(context)
    const api = apiWith(1100)
    await stage.serve(api)
    const follower = stage.follow()
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

  test('are only those that the selectors name, and leave when they match no more', async context => {
    const stage = new Stage(context)
    const api = apiWith(5)
    await stage.serve(api)
    const own = stage.follow({ ...NODES, fieldSelector: 'metadata.name=node-3' })
    const labelled = stage.follow({ ...NODES, labelSelector: 'role=edge' })
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

  test('are never taken for gone while their list fails', async context => {
    const stage = new Stage(context)
    const api = apiWith(700)
    await stage.serve(api)
    const follower = stage.follow()
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

  test('survive dropped watches and forgotten history without a loss', async context => {
    const stage = new Stage(context)
    const api = apiWith(20)
    await stage.serve(api)
    const follower = stage.follow()
    await follower.equals(api)
    for (let round = 1; round <= 3; round++) {
      api.faults.dropWatches()
      api.remove('Node', `node-${round}`)
      putNode(api, `node-${round + 10}`, round + 10, { round: String(round) })
      if (round % 2 === 0) api.faults.expireHistory()
      putNode(api, `late-${round}`, 100 + round)
      await follower.equals(api)
    }
  })

  const anyRequest = () => true
  const laterPage = ({ query }: FaultyRequest) => query.has('continue')
  const faults: Record<string, [about: (request: FaultyRequest) => boolean, fault: Fault]> = {
    'a page that fails with 500': [laterPage, { code: 500 }],
    'half a page': [laterPage, { cutAfter: 20_000 }],
    'a connection cut before the answer': [anyRequest, { cutAfter: 0 }],
    'being too many (429)': [anyRequest, { code: 429, retryAfter: 1 }],
    'a slow page': [laterPage, { delay: 300 }],
  }
  for (const [name, [about, fault]] of Object.entries(faults)) {
    test(`are complete in spite of ${name}`, async context => {
      const stage = new Stage(context)
      const api = apiWith(600)
      await stage.serve(api)
      let met = false
      api.faults.judge = request => {
        if (met || !about(request)) return undefined
        met = true
        return fault
      }
      const follower = stage.follow()
      await follower.equals(api)
      assert.ok(met, 'the fault was met')
    })
  }
})

test('an optional resource that the server does not know is synced without objects, and said to be absent', async t => {
  const stage = new Stage(t)
  await stage.serve(apiWith(1))
  const { events } = stage.follow({ path: '/apis/podpeer.io/v1alpha1/bigips', optional: true })
  await until('it is absent', () => events.some(event => event.type === 'state' && event.state.phase === 'absent'))
  assert.ok(events.some(({ type }) => type === 'synced'))
  const phases = events.flatMap(event => (event.type === 'state' ? event.state.phase : []))
  assert.deepEqual(phases, ['listing', 'absent'])
  assert.ok(!events.some(({ type }) => type === 'changes'))
})

describe('a broken cluster', () => {
  test('is a state at start, and is taken up when it comes', async context => {
    const stage = new Stage(context)
    const api = apiWith(3)
    const { port, close } = await stage.serve(api)
    await close()
    const follower = stage.follow()
    const reason = `API server unreachable: connect ECONNREFUSED 127.0.0.1:${port}`
    await until('the state', () => follower.states.includes(reason))
    assert.equal(follower.synced, 0)
    await stage.serve(api, port)
    await follower.equals(api)
    await until('the watch runs', () => follower.states.at(-1) === 'watching')
  })

  test('costs no objects while it is away, and is caught up with when it is back', async context => {
    const stage = new Stage(context)
    const api = apiWith(3)
    const { port, close } = await stage.serve(api)
    const follower = stage.follow()
    await follower.equals(api)
    await close()
    await until('the state', () => follower.states.some(state => state.includes('ECONNREFUSED')))
    assert.equal(follower.followed.size, 3)
    api.remove('Node', 'node-2')
    putNode(api, 'node-4', 4)
    await stage.serve(api, port)
    await follower.equals(api)
  })

  test('that comes back as another one is listed anew, with the kubeconfig read again', async context => {
    const stage = new Stage(context)
    const old = apiWith(3)
    const { port } = await stage.serve(old)
    const follower = stage.follow()
    await follower.equals(old)
    await old.close()
    const fresh = apiWith(2)
    for (let change = 0; change < 50; change++) putNode(fresh, 'other', change)
    await stage.serve(fresh, port)
    await follower.equals(fresh)
  })

  test('that refuses our token is unauthorized until the token is right', async context => {
    const stage = new Stage(context)
    const api = apiWith(1)
    const { url } = await stage.serve(api)
    writeFileSync(stage.kubeconfig, api.kubeconfig(url, 'a-wrong-secret'))
    const follower = stage.follow()
    await until('the state', () => follower.states.includes('unauthorized: Unauthorized'))
    assert.ok(!JSON.stringify(follower.events).includes('a-wrong-secret'))
    writeFileSync(stage.kubeconfig, api.kubeconfig(url))
    await follower.equals(api)
  })

  test('without a readable kubeconfig is a state that names the file, and never tells its content', async context => {
    const stage = new Stage(context)
    const api = apiWith(1)
    const { url } = await stage.serve(api)
    const late = join(folder, 'late')
    const follower = stage.follow(NODES, late)
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
  test('is started again when it falls, and only what changed meanwhile is told', async context => {
    const stage = new Stage(context)
    const api = apiWith(3)
    await stage.serve(api)
    const threads: Worker[] = []
    const started = (thread: Worker) => void threads.push(thread)
    process.on('worker', started)
    const follower = stage.follow()
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

  test('tells nothing after it was closed', async context => {
    const stage = new Stage(context)
    const api = apiWith(3)
    await stage.serve(api)
    const follower = stage.follow()
    await follower.equals(api)
    const closed = follower.watch.close()
    const { length } = follower.events
    api.remove('Node', 'node-1')
    await closed
    assert.equal(follower.events.length, length)
  })
})
