/** The election as a value: candidates with clocks of their own around one Lease, whatever becomes of their requests. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Election, type ElectionEffect, type ElectionInput, type LeaseView } from '../../lib/kube/election.ts'

const TERMS = { duration: 15_000, margin: 3000, renew: 4000, retry: 2000 }

/** The server's Lease: a write counts only on the version that it was made of. */
class LeaseServer {
  lease: LeaseView | undefined
  #version = 0

  write(effect: ElectionEffect & { type: 'write' }): LeaseView | undefined {
    if (effect.version !== this.lease?.version) return undefined
    const { holder, transitions } = effect
    this.lease = {
      version: String(++this.#version),
      holder,
      transitions,
      duration: TERMS.duration,
      renewed: `${this.#version}`,
    }
    return this.lease
  }
}

/** What becomes of one request: when it reaches the server, when the answer comes back, or that it is lost on either way. */
interface Fate {
  readonly there: number
  readonly back: number
  readonly lost: 'no' | 'there' | 'back'
}

/** Candidates in one simulated time; each reads it from a clock of its own. */
class World {
  now = 0
  readonly server = new LeaseServer()
  readonly #queue: { at: number; run: () => void }[] = []
  readonly #fates: Iterator<Fate>
  readonly candidates: Candidate[] = []

  constructor(fates: readonly Fate[], offsets: readonly number[]) {
    // when the drawn ones are used up all goes well
    this.#fates = (function* () {
      yield* fates
      while (true) yield { there: 10, back: 10, lost: 'no' } as const
    })()
    this.candidates = offsets.map((offset, at) => new Candidate(this, `candidate-${at}`, offset))
  }

  after(milliseconds: number, run: () => void): void {
    this.#queue.push({ at: this.now + milliseconds, run })
  }

  fate(): Fate {
    return this.#fates.next().value
  }

  run(until: number, look: () => void): void {
    for (;;) {
      this.#queue.sort((one, other) => one.at - other.at)
      const next = this.#queue[0]
      if (next === undefined || next.at > until) break
      this.#queue.shift()
      this.now = next.at
      next.run()
      look()
    }
    this.now = until
  }

  get leaders(): Candidate[] {
    return this.candidates.filter(candidate => candidate.leads)
  }
}

class Candidate {
  readonly identity: string
  readonly #world: World
  readonly #offset: number
  readonly #election: Election
  /** Events that were asked for by an earlier life do not count. */
  #life = 0
  #until: number | undefined

  constructor(world: World, identity: string, offset: number) {
    this.#world = world
    this.identity = identity
    this.#offset = offset
    this.#election = new Election({ ...TERMS, identity })
  }

  get #clock(): number {
    return this.#world.now + this.#offset
  }

  get leads(): boolean {
    return this.#until !== undefined && this.#clock < this.#until
  }

  start(): void {
    this.#handle({ type: 'start' })
  }

  stop(): void {
    this.#life++
    this.#handle({ type: 'stop' })
  }

  /** Nothing is said, nothing is heard any more. */
  crash(): void {
    this.#life++
    this.#until = undefined
  }

  #handle(input: ElectionInput): void {
    for (const effect of this.#election.handle(input, this.#clock, 0.5)) {
      if (effect.type === 'leading') this.#until = effect.until
      else if (effect.type === 'wait') this.#later(effect.milliseconds, { type: 'waited' })
      else this.#ask(effect)
    }
  }

  #later(milliseconds: number, input: ElectionInput): void {
    const life = this.#life
    this.#world.after(milliseconds, () => {
      if (life === this.#life) this.#handle(input)
    })
  }

  #ask(effect: ElectionEffect & { type: 'read' | 'write' }): void {
    const sentAt = this.#clock
    const { there, back, lost } = this.#world.fate()
    const life = this.#life
    const answer = (input: ElectionInput) =>
      this.#world.after(lost === 'back' ? 10_000 : back, () => {
        if (life === this.#life) this.#handle(lost === 'back' ? { type: 'failed' } : input)
      })
    if (lost === 'there') return this.#later(10_000, { type: 'failed' })
    this.#world.after(there, () => {
      const { server } = this.#world
      if (effect.type === 'read') return answer({ type: 'read', lease: server.lease })
      const lease = server.write(effect)
      answer(lease === undefined ? { type: 'failed' } : { type: 'written', lease, sentAt })
    })
  }
}

const fate: fc.Arbitrary<Fate> = fc.record({
  there: fc.integer({ min: 0, max: 20_000 }),
  back: fc.integer({ min: 0, max: 20_000 }),
  lost: fc.constantFrom('no', 'no', 'no', 'there', 'back'),
})

const deed = fc.record({
  at: fc.integer({ min: 0, max: 120_000 }),
  who: fc.nat(3),
  what: fc.constantFrom('stop', 'crash'),
})

describe('an election', () => {
  it('never has two leaders, whatever is late or lost, and has one soon after all goes well again', () => {
    fc.assert(
      fc.property(
        fc.array(fate, { maxLength: 80 }),
        fc.array(fc.integer({ min: -1e9, max: 1e9 }), { minLength: 2, maxLength: 4 }),
        fc.array(deed, { maxLength: 3 }),
        (fates, offsets, deeds) => {
          const world = new World(fates, offsets)
          const gone = new Set<Candidate>()
          world.candidates.forEach((candidate, at) => {
            world.after(at * 500, () => candidate.start())
          })
          // one always stays
          for (const { at, who, what } of deeds) {
            const candidate = world.candidates[1 + (who % (offsets.length - 1))]!
            world.after(at, () => {
              if (gone.has(candidate)) return
              gone.add(candidate)
              candidate[what]()
            })
          }
          const look = () => assert.ok(world.leaders.length <= 1, `${world.leaders.map(({ identity }) => identity)}`)
          world.run(4_000_000, look)
          assert.equal(world.leaders.length, 1)
          assert.equal(world.leaders[0]?.identity, world.server.lease?.holder)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('is won by the next within a retry when the leader gives it up', () => {
    const world = new World([], [0, 7])
    for (const candidate of world.candidates) candidate.start()
    world.run(1000, () => {})
    const [leader] = world.leaders
    leader?.stop()
    assert.equal(world.leaders.length, 0)
    world.run(1000 + TERMS.retry * 1.5, () => {})
    assert.equal(world.leaders.length, 1)
    assert.notEqual(world.leaders[0], leader)
  })

  it('is not won before the Lease of a leader that died has run out', () => {
    const world = new World([], [0, 7])
    for (const candidate of world.candidates) candidate.start()
    world.run(1000, () => {})
    world.leaders[0]?.crash()
    world.run(TERMS.duration - TERMS.margin, () => assert.equal(world.leaders.length, 0))
    world.run(2 * TERMS.duration + TERMS.retry, () => {})
    assert.equal(world.leaders.length, 1)
  })

  it('keeps its leader while all goes well', () => {
    const world = new World([], [0, 7, -3])
    for (const candidate of world.candidates) candidate.start()
    world.run(1000, () => {})
    const [leader] = world.leaders
    world.run(600_000, () => assert.deepEqual(world.leaders, [leader]))
    assert.equal(world.server.lease?.transitions, 0)
  })
})
