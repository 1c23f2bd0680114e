/**
 * The other end of a BFD session, in a thread and a namespace of its own: tells when it is up, and at the end how late our
 * packets came, against the longest time that may lie between two of them.
 */
import { performance } from 'node:perf_hooks'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { BfdSessionConfig } from '../../bgp/bfd/session-config.ts'
import { BfdTable, type TableEffect } from '../../bgp/bfd/table.ts'
import { BfdEars } from '../../bgp/io/bfd-ears.ts'
import { BfdMouths } from '../../bgp/io/bfd-mouths.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { pollReadable } from '../../lib/linux/libc.ts'
import { latenessFrom } from './timer-lateness.ts'

/** ms between two looks at what the bench says. */
const LOOK = 20

const { remote, interval, multiplier }: { remote: string; interval: number; multiplier: number } = workerData
const config: BfdSessionConfig = {
  name: 'bench',
  remote: parseAddress(remote),
  transmit: interval,
  receive: interval,
  multiplier,
}
const table = new BfdTable(Math.random)
const ears = new BfdEars()
const mouths = new BfdMouths()
let late: number[] = []
let heardAt = performance.now()
let downs = 0

function perform(effects: readonly TableEffect[]): void {
  for (const effect of effects)
    if (effect.type === 'send') mouths.send(effect.discriminator, config, effect.bytes)
    else if (effect.type === 'change') {
      if (effect.change.up) parentPort!.postMessage('up')
      else downs++
    }
}

ears.want([config], 0)
perform(table.want([config], performance.now()))
for (let message: unknown; message !== 'end'; message = receiveMessageOnPort(parentPort!)?.message) {
  if (message === 'begin') late = []
  const wait = Math.min(LOOK, Math.max(0, Math.ceil(table.deadline() - performance.now())))
  const [readable] = pollReadable(ears.descriptors, wait)
  if (readable === true)
    for (const arrival of ears.receive(ears.descriptors[0]!)) {
      const now = performance.now()
      late.push(Math.max(0, now - heardAt - interval))
      heardAt = now
      perform(table.receive(arrival, now))
    }
  perform(table.expire(performance.now()))
}
ears.close()
mouths.close()
parentPort!.postMessage({ lateness: latenessFrom(late), downs })
