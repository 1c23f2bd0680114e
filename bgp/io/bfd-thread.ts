/**
 * The thread of BFD: sockets and timers around the table of sessions, in one loop that waits in poll. Nothing else runs
 * here, so that no load on the main thread keeps a packet. What has arrived is taken before timers are looked at: a thread
 * that was kept from running does not take the peer for gone whose packets lie in the socket.
 */
import { readSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { parseAddress } from '../../lib/base/ip.ts'
import { pollReadable } from '../../lib/linux/libc.ts'
import type { BfdSessionConfig } from '../bfd/session-config.ts'
import type { BfdSessionStatus } from '../bfd/session-status.ts'
import { BfdTable, type TableEffect } from '../bfd/table.ts'
import { BfdEars } from './bfd-ears.ts'
import { BfdMouths } from './bfd-mouths.ts'
import type { BfdPost, BfdRequest, BfdThreadData, SessionRequest } from './bfd-shared.ts'

/** The longest that poll is told to wait at once, ms. */
const LONGEST = 2 ** 31 - 1

const { wake, timeOrigin }: BfdThreadData = workerData
const port = parentPort!
/** From this thread's clock to that of the main one, ms. */
const offset = performance.timeOrigin - timeOrigin
const table = new BfdTable(Math.random)
const ears = new BfdEars()
const mouths = new BfdMouths()
const tally = new Uint8Array(8)
let problems = ''
let isEnding = false

try {
  while (!isEnding) {
    const descriptors = ears.descriptors
    const [woken, ...heard] = wait([wake, ...descriptors], Math.min(table.deadline(), ears.deadline))
    for (const [at, fd] of descriptors.entries())
      if (heard[at] === true) for (const arrival of ears.receive(fd)) perform(table.receive(arrival, performance.now()))
    if (woken === true) takeAll()
    perform(table.expire(performance.now()))
    ears.retry(performance.now())
    tellNews()
  }
} finally {
  // descriptors outlive a thread that falls, and would keep the ports from the next one
  mouths.close()
  ears.close()
}
port.close()

function wait(descriptors: number[], due: number): boolean[] {
  return pollReadable(
    descriptors,
    due === Number.POSITIVE_INFINITY ? -1 : Math.min(LONGEST, Math.max(0, Math.ceil(due - performance.now()))),
  )
}

function takeAll(): void {
  readSync(wake, tally)
  for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port)) take(got.message)
}

function take(request: BfdRequest): void {
  switch (request.type) {
    case 'want': {
      const sessions = request.sessions.map(configOf)
      const now = performance.now()
      ears.want(sessions, now)
      return perform(table.want(sessions, now))
    }
    case 'count':
      return post({ type: 'counters', id: request.id, counters: table.counters() })
    case 'end':
      isEnding = true
      return perform(table.want([], performance.now()))
  }
}

function perform(effects: readonly TableEffect[]): void {
  for (const effect of effects)
    switch (effect.type) {
      case 'send':
        if (mouths.send(effect.discriminator, table.config(effect.discriminator)!, effect.bytes))
          table.touch(effect.discriminator)
        break
      case 'change':
        post({ type: 'change', change: effect.change })
        break
      case 'end':
        mouths.end(effect.discriminator)
    }
}

function tellNews(): void {
  const news = table.takeNews()
  if (news.length > 0) post({ type: 'sessions', sessions: news.map(told) })
  const now = ears.problems
  if (now.join('\n') === problems) return
  problems = now.join('\n')
  post({ type: 'problems', problems: now })
}

/** On the main thread's clock. */
function told(status: Omit<BfdSessionStatus, 'sendError'>): BfdSessionStatus {
  const { since, lastDown, localDiscriminator } = status
  const sendError = mouths.errorOf(localDiscriminator)
  return {
    ...status,
    since: since + offset,
    ...(lastDown && { lastDown: { ...lastDown, at: lastDown.at + offset } }),
    ...(sendError !== undefined && { sendError }),
  }
}

function post(message: BfdPost): void {
  port.postMessage(message)
}

function configOf({ name, remote, local, leastTtl, ...rest }: SessionRequest): BfdSessionConfig {
  const { transmit, receive, multiplier, interface: link } = rest
  return {
    name,
    remote: parseAddress(remote),
    ...(local !== undefined && { local: parseAddress(local) }),
    ...(link !== undefined && { interface: link }),
    ...(leastTtl !== undefined && { multihop: { leastTtl } }),
    transmit,
    receive,
    multiplier,
  }
}
