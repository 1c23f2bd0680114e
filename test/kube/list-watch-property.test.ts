import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { ListWatch, type News } from '../../lib/kube/list-watch.ts'
import { type KubeObject, keyOf } from '../../lib/kube/object.ts'
import { ObjectStore } from '../../lib/kube/object-store.ts'
import { PAGE } from '../../lib/kube/reflector.ts'
import { until } from '../until.ts'
import { KubeApi, type Listener } from './api.ts'
import type { Fault, FaultyRequest } from './faults.ts'

const folder = mkdtempSync(join(tmpdir(), 'podpeer-list-watch-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const NODES = '/api/v1/nodes'
/** Of every world: its lists have two pages. */
const CROWD = PAGE + 20

const unfinished = ({ query }: FaultyRequest) => query.has('continue')
const anyRequest = () => true

/** What goes wrong with the next request that it is about. */
const mishaps: Readonly<Record<string, readonly [about: (request: FaultyRequest) => boolean, fault: Fault]>> = {
  'too many requests': [anyRequest, { code: 429, retryAfter: 1 }],
  'internal error': [anyRequest, { code: 500 }],
  'slow answer': [anyRequest, { delay: 300 }],
  'no answer': [anyRequest, { cutAfter: 0 }],
  'second page fails': [unfinished, { code: 500 }],
  'second page breaks off': [unfinished, { cutAfter: 400 }],
  'second page expired': [unfinished, { code: 410 }],
  'watch expired': [({ query }) => query.has('watch'), { code: 410 }],
}

type Step =
  | { readonly do: 'put'; readonly name: string; readonly value: string }
  | { readonly do: 'remove'; readonly name: string }
  | { readonly do: 'pass'; readonly milliseconds: number }
  | { readonly do: 'drop' | 'expire' | 'refuse' | 'stale bookmarks' | 'good bookmarks' }
  | { readonly do: 'mishap'; readonly what: string }

const name = fc.constantFrom('a', 'b', 'c', 'd', 'node-3', 'node-519')
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('put' as const), name, value: fc.constantFrom('1', '2', '3') }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('remove' as const), name }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('pass' as const), milliseconds: fc.constantFrom(0, 5, 50, 400) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'drop' as const,
        'expire' as const,
        'refuse' as const,
        'stale bookmarks' as const,
        'good bookmarks' as const,
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('mishap' as const), what: fc.constantFrom(...Object.keys(mishaps)) }),
  },
)

/** One stand-in, one list-watch, and what somebody holds who only follows its news. */
class World {
  readonly #api = new KubeApi({ times: { bookmark: 20 } })
  readonly #selector: string
  readonly #mirror = new ObjectStore<KubeObject>()
  /** Uids of what was deleted, or left the selection, at some time. */
  readonly #left = new Set<string>()
  readonly #ahead: string[] = []
  #listener: Listener | undefined
  #listWatch: ListWatch<KubeObject> | undefined
  #wrong: unknown
  #numbers = 0

  constructor(selector: string) {
    this.#selector = selector
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (let number = 0; number < CROWD; number++) this.#put(`node-${number}`, String(number % 3))
    this.#api.faults.judge = request => this.#judge(request)
    this.#listener = await this.#api.listen({ host: '127.0.0.1' })
    const kubeconfig = join(folder, `kubeconfig-${this.#listener.port}`)
    writeFileSync(kubeconfig, this.#api.kubeconfig(this.#listener.url))
    const options = { kubeconfig, path: NODES, labelSelector: this.#selector || undefined }
    this.#listWatch = new ListWatch({ ...options, project: (object: KubeObject) => object }, news => this.#hear(news))
    this.#listWatch.start()
    for (const one of steps) await this.#do(one)
    this.#ahead.length = 0
    this.#api.faults.bookmarkLag = 0
    await until('the follower holds what the server has', () => this.#wrong !== undefined || this.#settled())
    if (this.#wrong !== undefined) throw this.#wrong
  }

  async close(): Promise<void> {
    await this.#listWatch?.close()
    await this.#api.close()
  }

  async #do(one: Step): Promise<void> {
    const { faults } = this.#api
    switch (one.do) {
      case 'put':
        return this.#put(one.name, one.value)
      case 'remove':
        return this.#remove(one.name)
      case 'pass':
        return sleep(one.milliseconds)
      case 'drop':
        return faults.dropWatches()
      case 'expire':
        faults.expireHistory()
        return faults.dropWatches()
      case 'refuse': {
        const resume = await this.#listener!.pause()
        await sleep(200)
        return resume()
      }
      case 'mishap':
        this.#ahead.push(one.what)
        return faults.dropWatches()
      default:
        faults.bookmarkLag = one.do === 'stale bookmarks' ? 3 : 0
    }
  }

  #judge(request: FaultyRequest): Fault | undefined {
    const next = this.#ahead.findIndex(what => mishaps[what]![0](request))
    if (next < 0) return undefined
    const [what = ''] = this.#ahead.splice(next, 1)
    return mishaps[what]![1]
  }

  #put(key: string, value: string): void {
    const before = this.#api.find('Node', key)
    const number = this.#numbers++
    this.#api.put({ kind: 'Node', metadata: { name: key, labels: { value }, annotations: { number: String(number) } } })
    if (before !== undefined && !this.#selected(this.#api.find('Node', key)!)) this.#left.add(before.metadata.uid!)
  }

  #remove(key: string): void {
    const before = this.#api.find('Node', key)
    if (before !== undefined) this.#left.add(before.metadata.uid!)
    this.#api.remove('Node', key)
  }

  #selected({ metadata }: KubeObject): boolean {
    return this.#selector === '' || metadata.labels?.['value'] !== '2'
  }

  #hear(news: News<KubeObject>): void {
    if (news.type !== 'changes') return
    for (const change of news.changes) {
      const told =
        change.type === 'deleted' ? this.#mirror.remove(change.key) : this.#mirror.put(change.key, change.object)
      if (told?.type !== change.type) this.#wrong ??= new Error(`${change.type} ${change.key} is no news`)
      if (change.type === 'deleted' && !this.#left.has(change.previous.metadata.uid!))
        this.#wrong ??= new Error(`${change.key} was never gone`)
    }
  }

  #settled(): boolean {
    const rows = (objects: Iterable<KubeObject>) =>
      [...objects].map(object => `${keyOf(object)} ${JSON.stringify(object.metadata)}`).sort()
    const wanted = this.#api.list('Node').filter(object => this.#selected(object))
    return (
      wanted.length === this.#mirror.objects.size &&
      rows(wanted).join('\n') === rows(this.#mirror.objects.values()).join('\n')
    )
  }
}

test('over HTTP, after any history and any faults, a list-watch holds what the server holds, and nothing it told was made up', async () => {
  const history = fc.tuple(fc.array(step, { minLength: 10, maxLength: 40 }), fc.constantFrom('', 'value!=2'))
  // most of a world's time is waiting, so they are played side by side
  const histories = fc.array(history, { minLength: 8, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(histories, async played => {
      const worlds = played.map(([steps, selector]) => ({ steps, world: new World(selector) }))
      try {
        const ends = await Promise.allSettled(worlds.map(({ world, steps }) => world.play(steps)))
        assert.deepEqual(
          ends.flatMap(end => (end.status === 'rejected' ? [end.reason] : [])),
          [],
        )
      } finally {
        await Promise.all(worlds.map(({ world }) => world.close()))
      }
    }),
    { numRuns: 2, endOnFailure: true },
  )
})
