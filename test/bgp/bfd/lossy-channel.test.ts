/** Two sessions, a channel between them that loses, delays and cuts, and all the time in the world. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ControlPacket } from '../../../bgp/bfd/packet.ts'
import { BfdSession, type SessionEffect } from '../../../bgp/bfd/session.ts'
import type { BfdTimers } from '../../../bgp/bfd/session-config.ts'

/** ms */
const STEP = 5
const LONGEST_DELAY = 40

interface Weather {
  /** ms that it lasts. */
  readonly time: number
  /** Share of packets that are lost, each way. */
  readonly loss: readonly [number, number]
  readonly delay: number
}

class Channel {
  now = 0
  readonly sides: readonly [BfdSession, BfdSession]
  #flying: { readonly to: 0 | 1; readonly at: number; readonly packet: ControlPacket }[] = []
  readonly #random: () => number

  constructor(timers: readonly [BfdTimers, BfdTimers], random: () => number) {
    this.#random = random
    this.sides = [new BfdSession(1, timers[0], 0, random()), new BfdSession(2, timers[1], 0, random())]
  }

  /** Lets time pass. @param look at each step */
  run({ time, loss, delay }: Weather, look: () => void = () => {}): void {
    for (const end = this.now + time; this.now < end; this.now += STEP) {
      const arrived = this.#flying.filter(({ at }) => at <= this.now)
      this.#flying = this.#flying.filter(({ at }) => at > this.now)
      for (const { to, packet } of arrived) this.#give(to, { type: 'packet', packet }, loss, delay)
      for (const to of [0, 1] as const)
        if (this.sides[to].deadline() <= this.now) this.#give(to, { type: 'timer' }, loss, delay)
      look()
    }
  }

  get states(): string {
    return this.sides.map(side => side.status().state).join(' ')
  }

  #give(side: 0 | 1, input: Parameters<BfdSession['handle']>[0], loss: readonly [number, number], delay: number): void {
    const effects: SessionEffect[] = this.sides[side].handle(input, this.now, this.#random())
    for (const effect of effects)
      if (effect.type === 'send' && this.#random() >= loss[side])
        this.#flying.push({ to: side === 0 ? 1 : 0, at: this.now + delay, packet: effect.packet })
  }
}

const timers: fc.Arbitrary<BfdTimers> = fc.record({
  transmit: fc.integer({ min: 20, max: 1500 }),
  receive: fc.integer({ min: 20, max: 1500 }),
  multiplier: fc.integer({ min: 2, max: 5 }),
})
const delay = fc.integer({ min: 0, max: LONGEST_DELAY })
const share = fc.constantFrom(0, 0.2, 0.5, 0.9, 1)
const weather: fc.Arbitrary<Weather> = fc.record({
  time: fc.integer({ min: 100, max: 8000 }),
  loss: fc.tuple(share, share),
  delay,
})
/** A world: both settings, some weather, and chance. */
const world = fc.tuple(fc.tuple(timers, timers), fc.array(weather, { maxLength: 4 }), fc.integer())

const CLEAR: Weather = { time: 20_000, loss: [0, 0], delay: 0 }

/** A small generator of our own (mulberry32), so that a failure can be played again. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The longest silence that either side may need to notice the other's: nobody's packets are farther apart than that. */
function longestDetection([one, other]: readonly [BfdTimers, BfdTimers]): number {
  const pace = Math.max(1000, one.transmit, other.transmit, one.receive, other.receive)
  return Math.max(one.multiplier, other.multiplier) * pace + 2 * LONGEST_DELAY + 4 * STEP
}

describe('two BFD sessions over a channel that loses packets', () => {
  it('are both up some time after the weather has cleared, and stay so', () => {
    fc.assert(
      fc.property(world, ([settings, storms, seed]) => {
        const channel = new Channel(settings, chance(seed))
        for (const storm of storms) channel.run(storm)
        channel.run({ ...CLEAR, time: 2 * longestDetection(settings) + 5000 })
        assert.equal(channel.states, 'Up Up')
        channel.run(CLEAR, () => assert.equal(channel.states, 'Up Up'))
      }),
      { numRuns: 40 },
    )
  })

  // one that waits in Init for packets that are lost keeps the other up (§6.2), until it gives up and is missed itself
  it('are never up on one side only for longer than two detection times, whatever the weather', () => {
    fc.assert(
      fc.property(world, ([settings, storms, seed]) => {
        const channel = new Channel(settings, chance(seed))
        const limit = 2 * longestDetection(settings)
        let alone = 0
        for (const storm of [CLEAR, ...storms, CLEAR])
          channel.run(storm, () => {
            const ups = channel.sides.filter(side => side.status().state === 'Up').length
            alone = ups === 1 ? alone + STEP : 0
            assert.ok(alone <= limit, `${channel.states} for ${alone} ms of at most ${limit}`)
          })
      }),
      { numRuns: 40 },
    )
  })

  it('are both down a detection time after one direction has been cut', () => {
    fc.assert(
      fc.property(fc.tuple(timers, timers), fc.integer(), fc.boolean(), (settings, seed, first) => {
        const channel = new Channel(settings, chance(seed))
        channel.run({ ...CLEAR, time: 2 * longestDetection(settings) + 5000 })
        assert.equal(channel.states, 'Up Up')
        const deaf = first ? 1 : 0
        const { detectionTime = Number.NaN } = channel.sides[deaf].status()
        channel.run({ time: detectionTime + 4 * STEP, loss: first ? [1, 0] : [0, 1], delay: 0 })
        // whoever hears nothing says so, and is heard
        assert.ok(!channel.states.includes('Up'), channel.states)
      }),
      { numRuns: 40 },
    )
  })
})
