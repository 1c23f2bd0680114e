/** Pings from inside the lab's namespaces: one round of a plan, or a steady stream whose losses are counted. */
import { setTimeout as sleep } from 'node:timers/promises'
import { WorldFault } from '../../lib/base/failure.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { Pinger } from '../../lib/linux/icmp.ts'
import { inNamespace } from '../../lib/linux/namespace.ts'
import type { PlannedPing } from './expectation.ts'
import { spaceOf } from './network.ts'
import type { FamilyName } from './topology.ts'

export interface PingRow {
  readonly from: string
  readonly to: string
  readonly family: FamilyName
  readonly ok: boolean
  /** null when it was not answered. */
  readonly rttMs: number | null
}

/** Milliseconds: a process that was kept from running finds an answer late that came in time. */
const PATIENCE = 10_000
/** How long an unanswered ping holds up the next one: what is measured shall be the network, not the other pings. */
const PACE = 20

/** One ping each, in the order of the plan. */
export async function pingAll(plan: readonly PlannedPing[]): Promise<PingRow[]> {
  const rows: Promise<PingRow>[] = []
  for (const planned of plan) {
    const row = pingRow(planned)
    rows.push(row)
    await Promise.race([row, sleep(PACE)])
  }
  return await Promise.all(rows)
}

async function pingRow(planned: PlannedPing): Promise<PingRow> {
  const { from, to, family } = planned
  const rttMs = await pingOnce(planned)
  return { from, to, family, ok: rttMs !== null, rttMs }
}

async function pingOnce(planned: PlannedPing): Promise<number | null> {
  const pinger = pingerOf(planned)
  try {
    return Number((await pinger.ping(PATIENCE)).toFixed(3))
  } catch (thrown) {
    if (thrown instanceof WorldFault) return null
    throw thrown
  } finally {
    pinger.close()
  }
}

function pingerOf({ from, address }: PlannedPing): Pinger {
  return inNamespace(spaceOf(from), () => new Pinger(parseAddress(address)))
}

export interface PingCount {
  readonly sent: number
  /** Never answered, or not sent for want of a route. */
  readonly lost: number
  /** `pod-1-1 to pod-2-1 (ipv4): 12`, only of those with losses. */
  readonly losses: readonly string[]
}

/** Pings along all of a plan, one after the other interval by interval, until told to stop. */
export class PingStream {
  readonly #plan: readonly PlannedPing[]
  readonly #pingers: readonly Pinger[]
  readonly #lost: number[]
  readonly #underWay = new Set<Promise<void>>()
  readonly #timer: NodeJS.Timeout
  #sent = 0

  /** @param interval milliseconds between two rounds of the whole plan */
  constructor(plan: readonly PlannedPing[], interval: number) {
    this.#plan = plan
    this.#pingers = plan.map(pingerOf)
    this.#lost = plan.map(() => 0)
    this.#timer = setInterval(() => this.#round(), interval)
  }

  /** Waits for what is under way. */
  async stop(): Promise<PingCount> {
    clearInterval(this.#timer)
    await Promise.all(this.#underWay)
    for (const pinger of this.#pingers) pinger.close()
    return {
      sent: this.#sent,
      lost: this.#lost.reduce((sum, lost) => sum + lost, 0),
      losses: this.#plan.flatMap(({ from, to, family }, at) =>
        this.#lost[at] === 0 ? [] : [`${from} to ${to} (${family}): ${this.#lost[at]}`],
      ),
    }
  }

  #round(): void {
    for (const [at, pinger] of this.#pingers.entries()) {
      this.#sent++
      const done = pinger
        .ping(PATIENCE)
        .then(
          () => {},
          thrown => {
            if (!(thrown instanceof WorldFault)) throw thrown
            this.#lost[at]!++
          },
        )
        .finally(() => this.#underWay.delete(done))
      this.#underWay.add(done)
    }
  }
}
