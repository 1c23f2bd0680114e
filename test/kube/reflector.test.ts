import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KubeObject } from '../../lib/kube/object.ts'
import { Reflector, type ReflectorEffect, type ReflectorInput, type WatchRecord } from '../../lib/kube/reflector.ts'

const RANDOM = 0.5

function object(name: string, version: string, labels: Record<string, string> = {}): KubeObject {
  return { metadata: { name, resourceVersion: version, labels } }
}

/** A reflector whose views are labels, its clock, and short names for what it says. */
class Session {
  readonly reflector: Reflector<Readonly<Record<string, string>>>
  now = 0

  constructor(optional = false) {
    this.reflector = new Reflector(({ metadata }) => metadata.labels ?? {}, optional)
  }

  say(input: ReflectorInput): ReflectorEffect<Readonly<Record<string, string>>>[] {
    return this.reflector.handle(input, this.now, RANDOM)
  }

  page(items: KubeObject[], resourceVersion: string, continueToken?: string) {
    return this.say({ type: 'page', items, resourceVersion, continueToken })
  }

  event(type: string, changed: WatchRecord['object']) {
    return this.say({ type: 'event', event: { type, object: changed } })
  }

  fail(status?: number, retryAfter?: number) {
    return this.say({ type: 'failed', failure: { reason: 'it broke', status, retryAfter } })
  }

  names(): string[] {
    return [...this.reflector.objects.keys()].sort()
  }

  /** Listed `a` and `b` at version 10, and watching from there. */
  static watching(): Session {
    const session = new Session()
    session.say({ type: 'start' })
    session.page([object('a', '1'), object('b', '2')], '10')
    session.say({ type: 'opened' })
    return session
  }
}

/** The kinds of effects, and of changes with their keys. */
function short(effects: readonly ReflectorEffect<unknown>[]): string[] {
  return effects.map(effect => {
    switch (effect.type) {
      case 'changes':
        return effect.changes.map(change => `${change.type} ${change.key}`).join(', ')
      case 'list':
        return ['list', effect.limit, effect.continueToken].filter(word => word !== undefined).join(' ')
      case 'watch':
        return `watch ${effect.resourceVersion}`
      case 'state':
        return effect.state.phase === 'failing' ? `failing: ${effect.state.reason}` : effect.state.phase
      default:
        return effect.type
    }
  })
}

describe('a reflector that lists', () => {
  test('reads page after page and then watches from the version of the list', () => {
    const session = new Session()
    assert.deepEqual(short(session.say({ type: 'start' })), ['listing', 'list 500'])
    assert.deepEqual(short(session.page([object('a', '1')], '10', 'more')), ['added a', 'list 500 more'])
    assert.deepEqual(short(session.page([object('b', '2')], '10')), ['added b', 'listed', 'watch 10'])
    assert.deepEqual(short(session.say({ type: 'opened' })), ['watching'])
  })

  test('asks again for a page that failed, and deletes nothing for it', () => {
    const session = Session.watching()
    session.event('ERROR', { metadata: { name: '' }, code: 410 })
    session.page([object('a', '1')], '20', 'more')
    assert.deepEqual(short(session.fail(500)), ['failing: it broke', 'wait'])
    assert.deepEqual(session.names(), ['a', 'b'])
    assert.deepEqual(short(session.say({ type: 'waited', replaced: false })), ['list 500 more'])
    assert.deepEqual(short(session.page([], '20')), ['deleted b', 'listed', 'watch 20'])
  })

  test('starts over when the continue token is too old, and judges by the whole new list', () => {
    const session = Session.watching()
    session.event('ERROR', { metadata: { name: '' }, code: 410 })
    session.page([object('c', '11')], '20', 'more')
    assert.deepEqual(short(session.fail(410)), ['wait'])
    assert.deepEqual(short(session.say({ type: 'waited', replaced: false })), ['list 500'])
    assert.deepEqual(short(session.page([object('a', '1')], '30')), ['deleted b, deleted c', 'listed', 'watch 30'])
  })

  test('tells nothing of an object that is as before', () => {
    const session = Session.watching()
    assert.deepEqual(short(session.event('MODIFIED', object('a', '11'))), [])
    assert.deepEqual(short(session.event('MODIFIED', object('a', '12', { x: 'y' }))), ['changed a'])
  })
})

describe('a reflector that watches', () => {
  test('resumes a watch that ended from the last event or bookmark', () => {
    const session = Session.watching()
    session.event('ADDED', object('c', '11'))
    session.event('BOOKMARK', { metadata: { name: '', resourceVersion: '19' } })
    session.now = 300_000
    assert.deepEqual(short(session.say({ type: 'ended' })), ['watch 19'])
    assert.deepEqual(session.names(), ['a', 'b', 'c'])
  })

  test('waits before it resumes a watch that ended at once', () => {
    const session = Session.watching()
    session.now = 10
    assert.deepEqual(short(session.say({ type: 'ended' })), ['wait'])
    assert.deepEqual(short(session.say({ type: 'waited', replaced: false })), ['watch 10'])
  })

  test('learns the version of the server before it resumes a watch that broke', () => {
    const session = Session.watching()
    assert.deepEqual(short(session.fail()), ['wait'])
    assert.deepEqual(short(session.say({ type: 'waited', replaced: false })), ['list 1'])
    assert.deepEqual(short(session.page([object('x', '9')], '15', 'more')), ['watch 10'])
    assert.deepEqual(session.names(), ['a', 'b'], 'the one object of the probe is not taken in')
  })

  test('lists all when the version of the server went back', () => {
    const session = Session.watching()
    session.fail()
    session.say({ type: 'waited', replaced: false })
    assert.deepEqual(short(session.page([], '7')), ['list 500'])
    assert.deepEqual(short(session.page([object('b', '3')], '7')), ['deleted a', 'listed', 'watch 7'])
  })

  test('lists all when the kubeconfig names another cluster', () => {
    const session = Session.watching()
    session.fail()
    assert.deepEqual(short(session.say({ type: 'waited', replaced: true })), ['list 500'])
  })

  test('lists all at once on 410, and with a wait when it is told 410 again', () => {
    const session = Session.watching()
    const gone: WatchRecord['object'] = { metadata: { name: '' }, code: 410, message: 'too old resource version' }
    assert.deepEqual(short(session.event('ERROR', gone)), ['list 500'])
    session.page([], '20')
    session.say({ type: 'opened' })
    assert.deepEqual(short(session.event('ERROR', gone)), ['wait'])
    assert.deepEqual(short(session.say({ type: 'waited', replaced: false })), ['list 500'])
  })

  test('is failing only when it cannot be taken up again, and says each state once', () => {
    const session = Session.watching()
    assert.deepEqual(short(session.fail()), ['wait'])
    session.say({ type: 'waited', replaced: false })
    assert.deepEqual(short(session.fail()), ['failing: it broke', 'wait'])
    session.say({ type: 'waited', replaced: false })
    assert.deepEqual(short(session.fail()), ['wait'])
    session.say({ type: 'waited', replaced: false })
    session.page([], '10')
    assert.deepEqual(short(session.say({ type: 'opened' })), ['watching'])
  })

  test('waits longer with every failure, up to 15 s, and is quick again after a watch that lasted', () => {
    const session = Session.watching()
    const wait = () => {
      const [effect] = session.fail().filter(({ type }) => type === 'wait')
      session.say({ type: 'waited', replaced: false })
      return effect?.type === 'wait' ? effect.milliseconds : 0
    }
    assert.deepEqual(
      [wait(), wait(), wait(), wait(), wait(), wait(), wait()],
      [375, 750, 1500, 3000, 6000, 11250, 11250],
    )
    session.page([], '10')
    session.say({ type: 'opened' })
    session.now = 5000
    assert.equal(wait(), 375)
  })

  test('stays away as long as the server asks for', () => {
    const session = Session.watching()
    session.fail()
    session.say({ type: 'waited', replaced: false })
    const effects = session.fail(429, 7000)
    assert.deepEqual(effects.at(-1), { type: 'wait', milliseconds: 7000 })
  })
})

describe('a reflector of an optional resource', () => {
  function optional() {
    const session = new Session(true)
    session.say({ type: 'start' })
    return session
  }
  const slowly = { type: 'wait', milliseconds: 60_000 }

  test('says that it is absent, and looks for it about every minute', () => {
    const session = optional()
    assert.deepEqual(session.fail(404), [{ type: 'absent' }, { type: 'state', state: { phase: 'absent' } }, slowly])
    assert.deepEqual(short(session.say({ type: 'waited', replaced: false })), ['list 500'])
    assert.deepEqual(session.fail(404), [{ type: 'absent' }, slowly])
  })

  test('lists and watches it once it is there', () => {
    const session = optional()
    session.fail(404)
    session.say({ type: 'waited', replaced: false })
    assert.deepEqual(short(session.page([object('a', '1')], '10')), ['added a', 'listed', 'watch 10'])
    assert.deepEqual(short(session.say({ type: 'opened' })), ['watching'])
  })

  test('keeps what it knew when the resource goes away, and lists it anew when it comes back', () => {
    const session = optional()
    session.page([object('a', '1'), object('b', '2')], '10')
    session.say({ type: 'opened' })
    assert.deepEqual(short(session.fail(404)), ['absent', 'absent', 'wait'])
    assert.deepEqual(session.names(), ['a', 'b'])
    assert.deepEqual(short(session.say({ type: 'waited', replaced: false })), ['list 500'])
    assert.deepEqual(short(session.page([object('b', '2')], '30')), ['deleted a', 'listed', 'watch 30'])
  })

  test('takes any other failure as one', () => {
    assert.deepEqual(short(optional().fail(403)), ['failing: it broke', 'wait'])
  })
})

test('a resource that is not optional fails where the server does not know it', () => {
  const session = new Session()
  session.say({ type: 'start' })
  assert.deepEqual(short(session.fail(404)), ['failing: it broke', 'wait'])
})
