/**
 * Gives memory back once the process has come to rest. V8 collects its old space when that grows, but a daemon that has read its
 * configuration and opened its sessions grows no more: what these have left behind would stay for good, a fifth of what an agent
 * with a thousand sessions holds. A collection stops the process for some tens of milliseconds, so it must be worth it.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Milliseconds between two looks. */
const INTERVAL = 5_000
/** Share of one core below which the process rests. */
const REST = 0.02
/** Octets that have come since the last collection, garbage or not. */
const WORTH = 8 << 20

export interface Heap {
  /** Microseconds of CPU time so far. */
  cpu(): number
  /** Octets. */
  used(): number
  collect(): void
}

export class IdleCollection {
  readonly #heap: Heap
  readonly #timer: NodeJS.Timeout
  #cpu: number
  #kept = 0

  constructor(heap: Heap = ownHeap()) {
    this.#heap = heap
    this.#cpu = heap.cpu()
    this.#timer = setInterval(() => this.#look(), INTERVAL)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const before = this.#cpu
    this.#cpu = this.#heap.cpu()
    if (this.#cpu - before > REST * INTERVAL * 1000 || this.#heap.used() - this.#kept < WORTH) return
    this.#heap.collect()
    this.#kept = this.#heap.used()
  }
}

function ownHeap(): Heap {
  // the one way to ask V8 for it without an option on the command line
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  return {
    cpu() {
      const { user, system } = process.cpuUsage()
      return user + system
    },
    used: () => getHeapStatistics().used_heap_size,
    collect,
  }
}
