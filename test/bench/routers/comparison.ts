/**
 * Rows that compare podpeer with other routers: one workload, one router, in namespaces, over real TCP. The seconds run from the
 * first octet that is sent to the moment when the last listener's table, or the kernel, became right and stayed so.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { EventMonitor, RTNLGRP_IPV4_ROUTE } from '../../../lib/linux/events/monitor.ts'
import { inNamespace } from '../../../lib/linux/namespace.ts'
import { MAIN_TABLE, routePages } from '../../../lib/linux/netlink/route.ts'
import { NetlinkSocket } from '../../../lib/linux/netlink/socket.ts'
import { spaceOf } from '../../lab/network.ts'
import type { LabProcess } from '../../lab/process.ts'
import type { Lateness, Prepared, Row } from '../row.ts'
import { Bystanders } from './bystanders.ts'
import { PlayedSession } from './player.ts'
import { isInstalled, ROUTERS, type Router, startRouter, versionOf } from './router.ts'
import { buildStage, type Stage } from './stage.ts'
import {
  besideShortTimers,
  flapping,
  idle,
  intoKernel,
  manyToOne,
  mesh,
  oneToOne,
  type Phase,
  type Workload,
} from './workload.ts'

/** ms */
const OPEN_DEADLINE = 90_000
const PHASE_DEADLINE = 180_000
/** Silence after which a table that is wrong is taken to stay so. FRR speaks again with its next KEEPALIVE at the latest. */
const GIVEN_UP = 65_000
/** Silence after which what has come is judged; a table that is right for so long is taken to stay so. */
const QUIET = 300
const LOOK = 10
/** Sessions that are opened at the same time. */
const WIDTH = 50

const RTM_NEWROUTE = 24

interface Comparison {
  readonly scenario: string
  readonly title: string
  readonly unit: string
  readonly count: number
  /** Names of the routers; absent: all. */
  readonly only?: readonly string[]
  make(): Workload
}

const comparisons: readonly Comparison[] = [
  {
    scenario: 's1',
    title: '1,000,000 prefixes from one eBGP peer to another',
    unit: 'prefix',
    count: 1_000_000,
    make: () => oneToOne(1_000_000, 0),
  },
  {
    scenario: 's2',
    title: '10 eBGP peers × the same 100,000 prefixes, the best to one',
    unit: 'prefix',
    count: 1_000_000,
    make: () => manyToOne(10, 100_000),
  },
  {
    scenario: 's3',
    title: '100 route reflector clients × 64 prefixes, all to all',
    unit: 'prefix',
    count: 6400,
    make: () => mesh(100, 64),
  },
  {
    scenario: 's4',
    title: '1,000 route reflector clients × 1 prefix, all to all',
    unit: 'prefix',
    count: 1000,
    make: () => mesh(1000, 1),
  },
  {
    scenario: 's5',
    title: '10 % of 500,000 prefixes flap, 5 rounds',
    unit: 'prefix',
    count: 500_000,
    make: () => flapping(500_000, 5),
  },
  {
    scenario: 's6',
    title: '300,000 prefixes, half of them IPv6, from one eBGP peer to another',
    unit: 'prefix',
    count: 300_000,
    make: () => oneToOne(300_000, 50),
  },
  {
    scenario: 'fib',
    title: '100,000 learned routes into the kernel',
    unit: 'route',
    count: 100_000,
    make: () => intoKernel(100_000),
  },
  {
    scenario: 'idle',
    title: '1,000 sessions and no routes, for 30 seconds',
    unit: 'session',
    count: 1000,
    make: () => idle(1000, 30),
    only: ['podpeer', 'bird'],
  },
  {
    scenario: 'timers',
    title: '20 sessions with timers of 9 and 3 seconds, while 1,000,000 prefixes come and go four times',
    unit: 'prefix',
    count: 8_000_000,
    make: () => besideShortTimers(1_000_000, 4, 20),
    only: ['podpeer', 'bird'],
  },
]

export const comparisonRows: readonly Row[] = comparisons.flatMap(({ scenario, title, unit, count, only, make }) =>
  ROUTERS.filter(({ name, installs }) => only?.includes(name) ?? (installs || scenario !== 'fib')).map(router => ({
    name: `${scenario}/${router.name}`,
    scenario,
    title,
    unit,
    count,
    slow: true,
    dut: router.name,
    get version() {
      return versionOf(router)
    },
    impossible: () => obstacle(router),
    prepare: () => prepare(router, make()),
  })),
)

function obstacle(router: Router): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root, for network namespaces'
  if (isInstalled(router)) return undefined
  return router.name === 'podpeer' ? 'run `npm run build` first' : `${router.programs[0]} is not installed`
}

async function prepare(router: Router, workload: Workload): Promise<Prepared> {
  const stage = buildStage(workload)
  try {
    const processes = await startRouter(router, workload, stage)
    const sessions = await openSessions(workload)
    await sleep(2 * QUIET)
    const kernel = workload.kernelRoutes === undefined ? undefined : new KernelClock(stage, workload.kernelRoutes)
    const bystanders = await openBystanders(workload)
    let lateness: Lateness | undefined
    let seconds: number | undefined
    return {
      subjects: processes.map(({ pid }) => pid),
      resting: workload.rest !== undefined,
      async run() {
        seconds = await playPhases(workload.phases, sessions, kernel)
        await sleep(1000 * (workload.rest ?? 0))
        if (bystanders === undefined) return
        const report = await bystanders.end()
        lateness = report.lateness
        if (report.ended !== undefined) seconds = undefined
      },
      seconds: () => seconds,
      check: () =>
        seconds !== undefined && sessions.every(({ ended }) => ended === undefined) && (kernel?.isRight() ?? true),
      ...(bystanders && { lateness: () => ({ KEEPALIVEs: lateness! }) }),
      async close() {
        for (const session of sessions) session.close()
        await kernel?.close()
        await end(processes)
        stage.close()
      },
    }
  } catch (thrown) {
    stage.close()
    throw thrown
  }
}

async function openBystanders({ peers }: Workload): Promise<Bystanders | undefined> {
  const those = peers.filter(({ bystander }) => bystander)
  if (those.length === 0) return undefined
  return await Bystanders.open({ namespace: spaceOf('peers'), peers: those, deadline: OPEN_DEADLINE })
}

async function openSessions(workload: Workload): Promise<PlayedSession[]> {
  const { families, compares } = workload
  const peers = workload.peers.filter(({ bystander }) => !bystander)
  const deadline = performance.now() + OPEN_DEADLINE
  const sessions: PlayedSession[] = []
  for (let at = 0; at < peers.length; at += WIDTH) {
    const next = peers.slice(at, at + WIDTH)
    sessions.push(...(await Promise.all(next.map(peer => PlayedSession.open(peer, families, compares, deadline)))))
  }
  return sessions
}

/** The seconds of the phases that count; undefined when one of them does not end as it should. */
async function playPhases(
  phases: readonly Phase[],
  sessions: readonly PlayedSession[],
  kernel: KernelClock | undefined,
): Promise<number | undefined> {
  let seconds = 0
  for (const { send, expected, timed } of phases) {
    for (const [number, digest] of expected) sessions[number]!.expect(digest)
    await tidy()
    const start = performance.now()
    for (const [number, octets] of send) sessions[number]!.send(octets)
    const listeners = [...expected.keys()].map(number => sessions[number]!)
    const right = await (kernel?.full ?? rightSince(listeners, start))
    if (right === undefined) return undefined
    if (timed) seconds += (right - start) / 1000
  }
  return seconds
}

/** What the judgement of a phase leaves behind is not collected in the next one, which would take one of two processors from the router. */
async function tidy(): Promise<void> {
  globalThis.gc?.()
  await sleep(QUIET)
}

/** When the last of them became right; undefined: not in time. */
async function rightSince(listeners: readonly PlayedSession[], start: number): Promise<number | undefined> {
  for (;;) {
    await sleep(LOOK)
    const now = performance.now()
    const last = Math.max(start, ...listeners.map(({ lastAt }) => lastAt))
    const ended = listeners.find(session => session.ended !== undefined)
    if (now - last < QUIET) continue
    const since = listeners.map(session => session.rightSince())
    if (since.every(at => at !== undefined)) return Math.max(...since)
    if (ended === undefined && now - start < PHASE_DEADLINE && now - last < GIVEN_UP) continue
    const wrong = listeners[since.indexOf(undefined)]!
    console.error(`a listener has ${wrong.routes} routes, not those it should${ended ? `; ${ended.ended}` : ''}`)
    return undefined
  }
}

/** Counts routes as the kernel tells of them. */
class KernelClock {
  /** When the last route came; undefined: not in time. */
  readonly full: Promise<number | undefined>
  readonly #monitor: EventMonitor
  readonly #stage: Stage
  readonly #wanted: number

  constructor(stage: Stage, wanted: number) {
    this.#stage = stage
    this.#wanted = wanted
    this.#monitor = inNamespace(
      stage.namespace,
      () => new EventMonitor({ receiveBuffer: 256 << 20, onNotice: console.error }),
    )
    const { promise, resolve } = Promise.withResolvers<number | undefined>()
    const late = setTimeout(() => resolve(undefined), PHASE_DEADLINE)
    let count = 0
    this.#monitor.join({
      groups: [RTNLGRP_IPV4_ROUTE],
      onMessages: messages => {
        for (const { type } of messages) if (type === RTM_NEWROUTE) count++
        if (count < wanted) return
        clearTimeout(late)
        resolve(performance.now())
      },
      onOverflow: () => resolve(undefined),
    })
    this.full = promise
  }

  isRight(): boolean {
    const socket = inNamespace(this.#stage.namespace, () => new NetlinkSocket())
    let count = 0
    for (const page of routePages(socket, { family: 4, table: MAIN_TABLE })) count += page.length
    socket.close()
    return count >= this.#wanted
  }

  close(): Promise<void> {
    return this.#monitor.close()
  }
}

async function end(processes: readonly LabProcess[]): Promise<void> {
  await Promise.all(processes.map(one => one.stop()))
}
