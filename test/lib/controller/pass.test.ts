import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Clock } from '../../../lib/bigip/clock.ts'
import { PassSchedule } from '../../../lib/controller/pass.ts'

/** Time that a test turns by hand. */
class TurnedClock implements Clock {
  #now = 0
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>()

  now(): number {
    return this.#now
  }

  random(): number {
    return 0
  }

  after(milliseconds: number, run: () => void): () => void {
    const timer = { at: this.#now + milliseconds, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  turn(milliseconds: number): void {
    this.#now += milliseconds
    for (const timer of [...this.#timers].filter(({ at }) => at <= this.#now)) {
      this.#timers.delete(timer)
      timer.run()
    }
  }
}

describe('a schedule of passes', () => {
  const setting = () => {
    const clock = new TurnedClock()
    const ran: number[] = []
    return { clock, ran, schedule: new PassSchedule(clock, 100, () => ran.push(clock.now())) }
  }

  it('runs the first at once, and a thousand more that are asked for meanwhile as one', () => {
    const { clock, ran, schedule } = setting()
    schedule.ask()
    clock.turn(0)
    for (let more = 0; more < 1000; more++) schedule.ask()
    clock.turn(99)
    assert.deepEqual(ran, [0])
    clock.turn(1)
    assert.deepEqual(ran, [0, 100])
    clock.turn(1000)
    assert.deepEqual(ran, [0, 100])
    schedule.ask()
    clock.turn(0)
    assert.deepEqual(ran, [0, 100, 1100])
  })

  it('runs none once it is closed', () => {
    const { clock, ran, schedule } = setting()
    schedule.ask()
    schedule.close()
    schedule.ask()
    clock.turn(1000)
    assert.deepEqual(ran, [])
  })
})
