/** How much heap this process has at most between two points in time, garbage included. */
import { getHeapStatistics } from 'node:v8'

/** Milliseconds between two looks. */
const INTERVAL = 5

export class HeapWatch {
  #most = 0
  #timer: NodeJS.Timeout | undefined

  start(): void {
    this.#most = 0
    this.#look()
    this.#timer = setInterval(() => this.#look(), INTERVAL)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#look()
  }

  get peakMib(): number {
    return this.#most / 2 ** 20
  }

  #look(): void {
    this.#most = Math.max(this.#most, getHeapStatistics().used_heap_size)
  }
}
