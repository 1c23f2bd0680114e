/** Plays the same rounds to one router, and returns what its listeners were told at the end of each. */
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeMessage } from '../../bgp/wire/message.ts'
import { WorldFault } from '../../lib/base/failure.ts'
import { PlayedSession } from '../bench/routers/player.ts'
import { type Router, startRouter } from '../bench/routers/router.ts'
import { buildStage } from '../bench/routers/stage.ts'
import type { TestAttributes } from '../bgp/rib/messages.ts'
import { LISTENERS, SENDERS, workload } from './cast.ts'
import type { Round } from './stream.ts'
import { Told } from './told.ts'

/** ms */
const OPEN_DEADLINE = 60_000
const ROUND_DEADLINE = 60_000
/** Silence after which a round is over, once all of its marks have come. */
const QUIET = 1000
const LOOK = 20
/** Of some routers: they leave what has come until the next message does. */
const PROD = 5000

const KEEPALIVE = encodeMessage({ type: 'keepalive' })

/** By number of the listener: prefix → attributes. */
export type Outcome = readonly ReadonlyMap<string, TestAttributes>[]

export interface Played {
  /** By number of the round. */
  readonly outcomes: readonly Outcome[]
  /** How often a router had to be prodded by a KEEPALIVE before it told of all that had come. */
  readonly prods: number
}

export async function play(router: Router, rounds: readonly Round[]): Promise<Played> {
  const stage = buildStage(workload)
  const processes = await startRouter(router, workload, stage)
  const deadline = performance.now() + OPEN_DEADLINE
  const sessions = await Promise.all(
    workload.peers.map(peer => PlayedSession.open(peer, workload.families, 'path', deadline)),
  )
  try {
    const listeners = sessions.slice(SENDERS.length)
    const told = LISTENERS.map(() => new Told())
    const outcomes: Outcome[] = []
    let prods = 0
    for (const { octets, marks } of rounds) {
      for (const [number, some] of octets.entries()) sessions[number]!.send(some)
      const start = performance.now()
      for (let prodded = start; ; await sleep(LOOK)) {
        for (const [number, table] of told.entries()) for (const some of listeners[number]!.take()) table.take(some)
        const ended = sessions.find(session => session.ended !== undefined)
        if (ended !== undefined) throw new WorldFault('ECONNRESET', `${router.name}: ${ended.ended}`, { retry: false })
        const now = performance.now()
        const missing = told.map(({ routes }, number) =>
          marks.filter(mark => mustHear(number, mark) && !routes.has(mark)),
        )
        const last = Math.max(start, ...listeners.map(({ lastAt }) => lastAt))
        if (missing.every(some => some.length === 0)) {
          if (now - last >= QUIET) break
        } else if (now - prodded > PROD) {
          prodded = now
          prods++
          for (const session of sessions.slice(0, SENDERS.length)) session.send(KEEPALIVE)
        }
        if (now - start > ROUND_DEADLINE)
          throw new WorldFault('ETIMEDOUT', `${router.name}: ${missing}`, { retry: false })
      }
      outcomes.push(told.map(({ routes }) => new Map(routes)))
    }
    return { outcomes, prods }
  } finally {
    for (const session of sessions) session.close()
    await Promise.all(processes.map(one => one.stop()))
    stage.close()
  }
}

/** What one internal peer that is no client says is not told to another one (RFC 4456 §6). */
function mustHear(listener: number, mark: string): boolean {
  const sender = SENDERS[Number(mark.split('.')[2])]!
  const { asNumber, client } = LISTENERS[listener]!
  return client || asNumber !== sender.asNumber || sender.client
}
