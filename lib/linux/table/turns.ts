/**
 * Lets a table work in turns: a slice, then the event loop, then the next slice or a timer. It does not know what the work is.
 */
import { performance } from 'node:perf_hooks'

export class Turns {
  readonly #work: () => number
  #turn: NodeJS.Immediate | undefined
  #timer: NodeJS.Timeout | undefined
  #settled: (() => void)[] = []
  #ended = false

  /**
   * @param work one slice. Returns when the next is due, in milliseconds of `performance.now()`: 0: at once; Infinity: when it
   * is asked for
   */
  constructor(work: () => number) {
    this.#work = work
  }

  /** There is work: a slice of it comes after what the event loop does now. */
  request(): void {
    if (this.#ended || this.#turn !== undefined) return
    clearTimeout(this.#timer)
    this.#turn = setImmediate(() => this.#run())
  }

  /** Settles when nothing is left that can be done now. */
  settled(): Promise<void> {
    this.request()
    return new Promise(resolve => this.#settled.push(resolve))
  }

  end(): void {
    this.#ended = true
    clearImmediate(this.#turn)
    clearTimeout(this.#timer)
    this.#settle()
  }

  #run(): void {
    this.#turn = undefined
    const next = this.#work()
    if (next === 0) return this.request()
    this.#settle()
    if (next === Number.POSITIVE_INFINITY || this.#ended) return
    this.#timer = setTimeout(() => this.request(), Math.max(1, next - performance.now()))
  }

  #settle(): void {
    const settled = this.#settled
    this.#settled = []
    for (const settle of settled) settle()
  }
}
