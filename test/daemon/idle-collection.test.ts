import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IdleCollection } from '../../daemon/idle-collection.ts'

const MIB = 2 ** 20
const SECOND = 1_000_000

test('memory is given back once, when the process rests and enough has come since the last time', t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let [cpu, resident, times] = [0, 160 * MIB, 0]
  const collection = new IdleCollection({
    cpu: () => cpu,
    resident: () => resident,
    giveBack() {
      times++
      resident = 90 * MIB
    },
  })
  const pass = (busy: number) => {
    cpu += busy * SECOND
    t.mock.timers.tick(5_000)
  }
  pass(1)
  assert.equal(times, 0, 'while it works')
  pass(0.01)
  assert.equal(times, 1)
  resident += 7 * MIB
  pass(0)
  assert.equal(times, 1, 'little has come')
  resident += 2 * MIB
  pass(4)
  assert.equal(times, 1, 'it works again')
  pass(0)
  assert.equal(times, 2)
  collection.close()
  resident += 60 * MIB
  pass(0)
  assert.equal(times, 2, 'closed')
})

test('memory is given back when it is told, also while the process works, and once more at the first rest', t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let [cpu, times] = [0, 0]
  const collection = new IdleCollection({ cpu: () => cpu, resident: () => 160 * MIB, giveBack: () => times++ })
  cpu += SECOND
  collection.collect()
  assert.equal(times, 1)
  t.mock.timers.tick(5_000)
  assert.equal(times, 1)
  t.mock.timers.tick(5_000)
  assert.equal(times, 2)
  collection.close()
})

test('V8 collects for the one that is made for a process', t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let garbage: unknown[] | undefined = Array.from({ length: 400_000 }, (_, at) => ({ at }))
  const gone = new WeakRef(garbage)
  const collection = new IdleCollection()
  t.mock.method(process, 'cpuUsage', () => ({ user: 0, system: 0 }))
  garbage = undefined
  setImmediate(() => t.mock.timers.tick(5_000))
  return new Promise<void>(resolve =>
    setImmediate(() =>
      setImmediate(() => {
        assert.equal(garbage, undefined)
        assert.equal(gone.deref(), undefined)
        collection.close()
        resolve()
      }),
    ),
  )
})

test('nothing is given back, and nothing breaks, where there is no /proc to tell how much memory there is', t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const collection = new IdleCollection()
  t.mock.method(process, 'cpuUsage', () => ({ user: 0, system: 0 }))
  const { mock } = t.mock.method(process.memoryUsage, 'rss', () => {
    throw new Error('ENOENT: no such file or directory, uv_resident_set_memory')
  })
  t.mock.timers.tick(5_000)
  assert.equal(mock.callCount(), 1)
  collection.close()
})
