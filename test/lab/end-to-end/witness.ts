/**
 * Pings along some ways at a steady pace, from before a change until after it, and what became of each. Rule: a ping is lost
 * when it is never answered; how late an answer comes on a busy machine says nothing about the network.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { WorldFault } from '../../../lib/base/failure.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { Pinger } from '../../../lib/linux/icmp.ts'
import { inNamespace } from '../../../lib/linux/namespace.ts'
import type { PlannedPing } from '../expectation.ts'
import { spaceOf } from '../network.ts'
import { untilComplete } from '../waiting.ts'

/** Milliseconds. */
const INTERVAL = 10
/** Longer than any test: nothing is given up before the end. */
const FOREVER = 600_000
/** For what is under way at the end, in rounds of INTERVAL. */
const GRACE = 100
/** Of these, so many at least: answers that came while this process was kept from running are still to be read. */
const READ = 20
/** So young a ping may still be answered. */
const YOUNG = 200
/** So many answers in a row, and a way works. */
const STEADY = 20

interface Sent {
  /** Milliseconds of performance.now(). */
  readonly at: number
  /** When the answer came. */
  answeredAt?: number
}

interface Way {
  readonly planned: PlannedPing
  readonly pinger: Pinger
  readonly sent: Sent[]
}

/** What became of the pings along one way. */
export interface Account {
  /** `client to pod-1-1 (ipv4)`. */
  readonly way: string
  readonly sent: number
  /** How many were never answered. */
  readonly lost: number
  /** When it worked for good, as far as was seen: the first answer after the last loss. Milliseconds of performance.now(). */
  readonly works: number
}

export class Witness {
  readonly #ways: readonly Way[]
  readonly #timer: NodeJS.Timeout

  constructor(plan: readonly PlannedPing[]) {
    this.#ways = plan.map(planned => ({
      planned,
      pinger: inNamespace(spaceOf(planned.from), () => new Pinger(parseAddress(planned.address))),
      sent: [],
    }))
    this.#timer = setInterval(() => {
      for (const way of this.#ways) void ping(way)
    }, INTERVAL)
  }

  /**
   * Resolves when each way works.
   * @param deadline milliseconds
   * @param since what was sent before does not count
   * @throws WorldFault with the ways that do not
   */
  async steady(what: string, deadline: number, since = 0): Promise<void> {
    await untilComplete(what, deadline, async () => {
      const silent = this.#ways.filter(way => !isSteady(way, since)).map(({ planned }) => nameOf(planned))
      return silent.length === 0 ? undefined : `no answers from ${silent.join(', ')}`
    })
  }

  /** The end: waits for what is under way. @param since when `works` can be at the earliest */
  async account(since: number): Promise<Account[]> {
    clearInterval(this.#timer)
    for (let round = 0; round < READ || (round < GRACE && this.#ways.some(isWaiting)); round++) await sleep(INTERVAL)
    return this.#ways.map(({ planned, sent }) => {
      const afterLoss = sent.slice(sent.findLastIndex(isUnanswered) + 1)
      return {
        way: nameOf(planned),
        sent: sent.length,
        lost: sent.filter(isUnanswered).length,
        works: Math.min(...afterLoss.filter(({ at }) => at >= since).map(({ answeredAt }) => answeredAt ?? Infinity)),
      }
    })
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    for (const { pinger } of this.#ways) pinger.close()
  }
}

async function ping({ pinger, sent }: Way): Promise<void> {
  const one: Sent = { at: performance.now() }
  sent.push(one)
  try {
    await pinger.ping(FOREVER)
    one.answeredAt = performance.now()
  } catch (thrown) {
    // not answered until the end, or not sent for want of a route
    if (!(thrown instanceof WorldFault)) throw thrown
  }
}

function isUnanswered({ answeredAt }: Sent): boolean {
  return answeredAt === undefined
}

function isSteady({ sent }: Way, since: number): boolean {
  const young = performance.now() - YOUNG
  const settled = sent.filter(one => one.at >= since && (!isUnanswered(one) || one.at < young))
  return settled.length - 1 - settled.findLastIndex(isUnanswered) >= STEADY
}

function isWaiting({ sent }: Way): boolean {
  const recent = performance.now() - GRACE * INTERVAL
  return sent.some(one => isUnanswered(one) && one.at > recent)
}

function nameOf({ from, to, family }: PlannedPing): string {
  return `${from} to ${to} (${family})`
}
