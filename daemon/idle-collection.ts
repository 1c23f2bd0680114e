/**
 * Gives memory back when it is told, and whenever the process has come to rest. V8 collects its old space when that grows, but a
 * daemon that has read its configuration and opened its sessions grows no more: what these have left behind would stay for good,
 * and so would what V8's compilers had from the C library while a table came. To give back stops the process for some tens of
 * milliseconds, so it must be worth it.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { trimMemory } from '../lib/linux/libc.ts'

/** Milliseconds between two looks. */
const INTERVAL = 5_000
/** Share of one core below which the process rests. */
const REST = 0.02
/** Octets by which the process has grown since it gave back. */
const WORTH = 8 << 20

export interface Memory {
  /** Microseconds of CPU time so far. */
  cpu(): number
  /** Octets of physical memory; 0 where the system does not tell. */
  resident(): number
  giveBack(): void
}

export class IdleCollection {
  readonly #memory: Memory
  readonly #timer: NodeJS.Timeout
  #cpu: number
  #kept = 0

  constructor(memory: Memory = ownMemory()) {
    this.#memory = memory
    this.#cpu = memory.cpu()
    this.#timer = setInterval(() => this.#look(), INTERVAL)
    this.#timer.unref()
  }

  /** At once, whatever the process does; the first rest gives back again. */
  collect(): void {
    this.#memory.giveBack()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const before = this.#cpu
    this.#cpu = this.#memory.cpu()
    if (this.#cpu - before > REST * INTERVAL * 1000 || this.#memory.resident() - this.#kept < WORTH) return
    this.#memory.giveBack()
    this.#kept = this.#memory.resident()
  }
}

function ownMemory(): Memory {
  // the one way to ask V8 for it without an option on the command line
  setFlagsFromString('--expose-gc')
  // eight seconds after a collection V8 would begin others of its own, to the same end
  setFlagsFromString('--memory-reducer-gc-count=0')
  const collect = runInNewContext('gc') as (options: object) => void
  return {
    cpu() {
      const { user, system } = process.cpuUsage()
      return user + system
    },
    resident() {
      try {
        return process.memoryUsage.rss()
      } catch {
        return 0 // there is no /proc
      }
    },
    giveBack() {
      // another kind of collection would keep the emptied pages for what comes
      collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
      trimMemory()
    },
  }
}
