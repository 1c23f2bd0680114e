/**
 * The workloads of the comparison with other routers, as values: who peers with the router, what each peer says in each phase, and
 * what the peers that listen, or the kernel, must hold at its end.
 */
import type { Family } from '../../../lib/base/ip.ts'
import { all, Feed, type FeedOptions, type Part, tenth } from '../feed.ts'
import { meshNextHop, meshUpdate } from './mesh.ts'
import { type Digest, difference, nothing, Table, type TableKind } from './table.ts'

/** Of the router. */
export const ROUTER_AS = 65000
const FEEDER_AS = 65101
const RECEIVER_AS = 64512
/** ms; a third of the hold time of those with short timers. */
export const KEEPALIVE_TIME = 3000

export interface PlayedPeer {
  readonly address: string
  /** Of the router, on the same link. */
  readonly router: string
  readonly asNumber: number
  readonly client: boolean
  /** Seconds that are proposed; absent: more than a run takes. */
  readonly holdTime?: number
  /** Is told nothing: what comes on its session are KEEPALIVEs. */
  readonly bystander?: true
}

export interface Phase {
  /** By number of the peer. */
  readonly send: ReadonlyMap<number, Uint8Array>
  /** What the peers that listen hold at the end. */
  readonly expected: ReadonlyMap<number, Digest>
  /** Whether its time counts. */
  readonly timed: boolean
}

export interface Workload {
  readonly families: readonly Family[]
  readonly peers: readonly PlayedPeer[]
  readonly phases: readonly Phase[]
  /** What of a route the listeners compare. */
  readonly compares: TableKind
  /** Routes that the router's kernel must hold at the end; absent: the router installs none. */
  readonly kernelRoutes?: number
  /** Seconds of silence behind the phases. */
  readonly rest?: number
}

function feeder(number: number): PlayedPeer {
  return { address: `10.1.1.${1 + number}`, router: '10.1.0.1', asNumber: FEEDER_AS + number, client: false }
}

const receiver: PlayedPeer = { address: '10.2.1.1', router: '10.2.0.1', asNumber: RECEIVER_AS, client: false }

function feed(number: number, options: Partial<FeedOptions>): Feed {
  const nextHop = 0x0a010101 + number
  return new Feed({
    prefixes: 0,
    percent6: 0,
    feederAs: FEEDER_AS + number,
    nextHop,
    seed: 1,
    attributeSeed: number + 1,
    ...options,
  })
}

/** What a receiver holds once these streams have gone through the router. */
function digestOf(...streams: readonly Uint8Array[]): Digest {
  const table = new Table('path')
  for (const stream of streams) table.take(stream)
  return table.digest
}

/** One peer says everything, another hears it. */
export function oneToOne(prefixes: number, percent6: number): Workload {
  const stream = feed(0, { prefixes, percent6 }).announcements()
  return {
    families: percent6 > 0 ? [4, 6] : [4],
    peers: [feeder(0), receiver],
    phases: [{ send: new Map([[0, stream]]), expected: new Map([[1, digestOf(stream)]]), timed: true }],
    compares: 'path',
  }
}

/** Several peers announce the same prefixes; for each of them another one has the shortest path. */
export function manyToOne(feeders: number, prefixes: number): Workload {
  const feeds = Array.from({ length: feeders }, (_, number) =>
    feed(number, { prefixes, hops: group => 3 + ((number + group) % feeders) }),
  )
  const wins =
    (number: number): Part =>
    group =>
      (number + group) % feeders === 0
  const expected = digestOf(...feeds.map((one, number) => one.announcements(wins(number))))
  return {
    families: [4],
    peers: [...feeds.map((_, number) => feeder(number)), receiver],
    phases: [
      {
        send: new Map(feeds.map((one, number) => [number, one.announcements()])),
        expected: new Map([[feeders, expected]]),
        timed: true,
      },
    ],
    compares: 'path',
  }
}

/** A tenth of a table goes and comes back, so many times, after a load that is not timed. */
export function flapping(prefixes: number, rounds: number): Workload {
  const one = feed(0, { prefixes })
  const [load, down, up] = [one.announcements(), one.withdrawals(tenth), one.announcements(tenth)]
  const phase = (stream: Uint8Array, expected: Digest, timed: boolean): Phase => ({
    send: new Map([[0, stream]]),
    expected: new Map([[1, expected]]),
    timed,
  })
  const [full, part] = [digestOf(load), digestOf(one.announcements(group => all(group) && !tenth(group)))]
  const flaps = Array.from({ length: rounds }, () => [phase(down, part, true), phase(up, full, true)])
  return {
    families: [4],
    peers: [feeder(0), receiver],
    phases: [phase(load, full, false), ...flaps.flat()],
    compares: 'path',
  }
}

/** Route reflector clients that each announce some prefixes and must hear all others'. */
export function mesh(clients: number, prefixes: number): Workload {
  const streams = Array.from({ length: clients }, (_, client) => meshUpdate(client, prefixes))
  const whole = new Table('next hop')
  const own = streams.map(stream => {
    const table = new Table('next hop')
    table.take(stream)
    whole.take(stream)
    return table.digest
  })
  return {
    families: [4],
    peers: streams.map((_, client) => ({
      address: meshNextHop(client),
      router: '10.1.0.1',
      asNumber: ROUTER_AS,
      client: true,
    })),
    phases: [
      {
        send: new Map(streams.entries()),
        expected: new Map(own.map((digest, client) => [client, difference(whole.digest, digest)])),
        timed: true,
      },
    ],
    compares: 'next hop',
  }
}

/** One peer's routes go into the kernel. */
export function intoKernel(prefixes: number): Workload {
  const stream = feed(0, { prefixes }).announcements()
  return {
    families: [4],
    peers: [feeder(0)],
    phases: [{ send: new Map([[0, stream]]), expected: new Map(), timed: true }],
    compares: 'path',
    kernelRoutes: prefixes,
  }
}

/** Nothing happens. */
export function idle(sessions: number, rest: number): Workload {
  const { peers, families, compares } = mesh(sessions, 0)
  return { peers, families, compares, phases: [], rest }
}

/** A table comes and goes, again and again, beside sessions with short timers that are told nothing. */
export function besideShortTimers(prefixes: number, rounds: number, bystanders: number): Workload {
  const one = feed(0, { prefixes })
  const [up, down] = [one.announcements(), one.withdrawals()]
  const full = digestOf(up)
  const phase = (stream: Uint8Array, expected: Digest): Phase => ({
    send: new Map([[0, stream]]),
    expected: new Map([[1, expected]]),
    timed: true,
  })
  return {
    families: [4],
    peers: [
      feeder(0),
      receiver,
      ...Array.from({ length: bystanders }, (_, number): PlayedPeer => {
        return { ...feeder(1 + number), holdTime: (3 * KEEPALIVE_TIME) / 1000, bystander: true }
      }),
    ],
    phases: Array.from({ length: rounds }, () => [phase(up, full), phase(down, nothing)]).flat(),
    compares: 'path',
  }
}
