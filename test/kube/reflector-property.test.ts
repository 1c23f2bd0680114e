import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type KubeObject, keyOf } from '../../lib/kube/object.ts'
import { ObjectStore } from '../../lib/kube/object-store.ts'
import { type Ask, Reflector, type ReflectorEffect, type ReflectorInput } from '../../lib/kube/reflector.ts'
import { builtInKinds } from './built-in-kinds.ts'
import { listPage, selection } from './list.ts'
import type { ResourceRequest } from './request.ts'
import { ApiError } from './status.ts'
import { Store } from './store.ts'
import { openWatch } from './watch-stream.ts'

/**
 * The reflector and the stand-in's store, without sockets and clocks: every answer, event and fault comes when the history
 * says so. Pages are of two objects, so that much can happen between them.
 */
class World {
  readonly store = new Store(8)
  readonly reflector = new Reflector<KubeObject>(object => object)
  /** Rebuilt from what the reflector tells, as its followers do. */
  readonly mirror = new ObjectStore<KubeObject>()
  /** Uids of what was deleted, or left the selection, at some time. */
  readonly #left = new Set<string>()
  readonly #selector: string
  #uids = 0
  #pending: Ask | { type: 'wait' } | undefined
  #lines: string[] | undefined
  #stop: () => void = () => {}
  #now = 0

  constructor(selector: string) {
    this.#selector = selector
    this.#hear({ type: 'start' })
  }

  put(name: string, value: string): void {
    const uid = this.store.get('nodes', name)?.metadata.uid ?? `uid-${this.#uids++}`
    const metadata = { name, uid, labels: { value } }
    const written = this.store.put('nodes', name, { apiVersion: 'v1', kind: 'Node', metadata })
    if (!selection(this.#request({}))(written)) this.#left.add(uid)
  }

  remove(name: string): void {
    const before = this.store.get('nodes', name)
    if (before !== undefined) this.#left.add(before.metadata.uid!)
    this.store.remove('nodes', name)
  }

  /** Does what the reflector waits for: a page, the watch, the end of the wait. */
  answer(): void {
    const asked = this.#pending
    if (asked?.type === 'wait') this.#hear({ type: 'waited', replaced: false })
    else if (asked?.type === 'list') this.#list(asked)
    else if (asked?.type === 'watch' && this.#lines === undefined) this.#open(asked)
    else this.deliver()
  }

  /** The next line of the watch, if there is one; an empty one is its end. */
  deliver(): void {
    const line = this.#lines?.shift()
    if (line === undefined) return
    this.#hear(line === '' ? { type: 'ended' } : { type: 'event', event: JSON.parse(line) })
  }

  fail(status?: number): void {
    if (this.#pending?.type !== 'wait') this.#hear({ type: 'failed', failure: { reason: 'injected', status } })
  }

  /** The server ends the watch in good order, lines under way and all. */
  end(): void {
    this.#lines?.push('')
  }

  bookmark(): void {
    const metadata = { name: '', resourceVersion: String(this.store.revision) }
    this.#lines?.push(JSON.stringify({ type: 'BOOKMARK', object: { metadata } }))
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds
  }

  get settled(): boolean {
    return this.#lines?.length === 0
  }

  close(): void {
    this.#stop()
  }

  wanted(): KubeObject[] {
    return this.store.current('nodes').objects.filter(selection(this.#request({})))
  }

  #list({ limit, continueToken }: Ask & { type: 'list' }): void {
    try {
      const query = { limit: String(Math.min(limit, 2)), ...(continueToken && { continue: continueToken }) }
      const { items, metadata } = listPage(this.store, this.#request(query))
      const { resourceVersion = '', continue: more } = metadata
      this.#hear({ type: 'page', items, resourceVersion, continueToken: more })
    } catch (thrown) {
      assert.ok(thrown instanceof ApiError)
      this.fail(thrown.status.code)
    }
  }

  #open({ resourceVersion }: Ask & { type: 'watch' }): void {
    const lines: string[] = []
    this.#lines = lines
    this.#hear({ type: 'opened' })
    const sink = { line: (text: string) => void lines.push(text), end: () => void lines.push('') }
    const times = { bookmark: 1e9, most: 1e9 }
    this.#stop = openWatch(this.store, this.#request({ resourceVersion }), times, sink)
  }

  #request(query: Record<string, string>): ResourceRequest {
    const parameters = new URLSearchParams({ ...query, ...(this.#selector && { labelSelector: this.#selector }) })
    const nowhere = {
      namespace: undefined,
      name: undefined,
      subresource: undefined,
      body: undefined,
      duplicates: [],
      manager: '',
    }
    return { kind: builtInKinds[0]!, verb: 'list', query: parameters, form: 'plain', contentType: '', ...nowhere }
  }

  #hear(input: ReflectorInput): void {
    for (const effect of this.reflector.handle(input, this.#now, 0.5)) this.#follow(effect)
  }

  #follow(effect: ReflectorEffect<KubeObject>): void {
    if (effect.type === 'list' || effect.type === 'watch' || effect.type === 'wait') {
      this.#stop()
      this.#lines = undefined
      this.#pending = effect
    }
    if (effect.type !== 'changes') return
    for (const change of effect.changes) {
      if (change.type === 'deleted')
        assert.ok(this.#left.has(change.previous.metadata.uid!), `${change.key} was never gone`)
      const told =
        change.type === 'deleted' ? this.mirror.remove(change.key) : this.mirror.put(change.key, change.object)
      assert.equal(told?.type, change.type, 'followers see the same change')
    }
  }
}

type Step = (world: World) => void

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(name, fc.constantFrom('1', '2', '3')).map(
      ([key, value]) =>
        (world: World) =>
          world.put(key, value),
    ),
  },
  { weight: 3, arbitrary: name.map(key => (world: World) => world.remove(key)) },
  { weight: 8, arbitrary: fc.constant((world: World) => world.answer()) },
  { weight: 4, arbitrary: fc.constant((world: World) => world.deliver()) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(undefined, 401, 410, 429, 500).map(status => (world: World) => world.fail(status)),
  },
  { weight: 1, arbitrary: fc.constant((world: World) => world.end()) },
  { weight: 1, arbitrary: fc.constant((world: World) => world.bookmark()) },
  { weight: 1, arbitrary: fc.constant((world: World) => world.store.forget()) },
  { weight: 1, arbitrary: fc.constantFrom(10, 5000).map(time => (world: World) => world.pass(time)) },
)

test('after any history and any faults the reflector holds what the server holds, and told no deletion that did not happen', () => {
  const steps = fc.array(step, { minLength: 10, maxLength: 120 })
  fc.assert(
    fc.property(steps, fc.constantFrom('', 'value!=2'), (history, selector) => {
      const world = new World(selector)
      try {
        for (const one of history) one(world)
        for (let turn = 0; !world.settled; turn++) {
          assert.ok(turn < 1000, 'it settles once the faults are over')
          world.answer()
        }
      } finally {
        world.close()
      }
      const held = (objects: Iterable<KubeObject>) => [...objects].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
      const wanted = world.wanted().map(({ metadata }) => metadata)
      assert.deepEqual(
        held(world.reflector.objects.values()).map(({ metadata }) => metadata),
        wanted,
      )
      assert.deepEqual(
        held(world.mirror.objects.values()).map(({ metadata }) => metadata),
        wanted,
      )
    }),
    { numRuns: 600 },
  )
})
