/** Turns: at most so many jobs at a time, the others in the order in which they came. Knows nothing of what they do. */

export class Limiter {
  readonly #most: number
  #running = 0
  /** What lets each waiting job start; in order of arrival. */
  readonly #queue = new Set<() => void>()

  constructor(most: number) {
    this.#most = most
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#queue.size
  }

  /** @throws the signal's reason when it is aborted while the job waits; what `job` throws */
  async run<T>(job: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted()
    if (this.#running === this.#most) await this.#turn(signal)
    else this.#running++
    try {
      return await job()
    } finally {
      this.#pass()
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#queue.delete(start)
        reject(signal.reason)
      }
      const start = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      this.#queue.add(start)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  /** A place that becomes free goes to the next in the queue at once: whoever comes meanwhile cannot overtake. */
  #pass(): void {
    const [next] = this.#queue
    if (next === undefined) this.#running--
    else {
      this.#queue.delete(next)
      next()
    }
  }
}
