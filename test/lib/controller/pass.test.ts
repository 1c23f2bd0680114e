import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PassSchedule } from '../../../lib/controller/pass.ts'
import { HandClock } from '../bigip/hand-clock.ts'

describe('a schedule of passes', () => {
  const setting = () => {
    const clock = new HandClock()
    const start = clock.now()
    const ran: number[] = []
    return { clock, ran, schedule: new PassSchedule(clock, 100, () => ran.push(clock.now() - start)) }
  }

  it('runs the first at once, and a thousand more that are asked for meanwhile as one', () => {
    const { clock, ran, schedule } = setting()
    schedule.ask()
    clock.advance(0)
    for (let more = 0; more < 1000; more++) schedule.ask()
    clock.advance(99)
    assert.deepEqual(ran, [0])
    clock.advance(1)
    assert.deepEqual(ran, [0, 100])
    clock.advance(1000)
    assert.deepEqual(ran, [0, 100])
    schedule.ask()
    clock.advance(0)
    assert.deepEqual(ran, [0, 100, 1100])
  })

  it('runs none once it is closed', () => {
    const { clock, ran, schedule } = setting()
    schedule.ask()
    schedule.close()
    schedule.ask()
    clock.advance(1000)
    assert.deepEqual(ran, [])
  })
})
