/** What the last pings of one sort came to: a window over their answers. Pure; who sends them is elsewhere. */
import type { Answer } from './echo.ts'

export interface HealthView {
  readonly sent: number
  readonly lost: number
  /** Milliseconds: of the last that was answered, and the median of those in the window. */
  readonly last: number | undefined
  readonly median: number | undefined
  /** What became of the last one, in words; undefined: it was answered. */
  readonly reason: string | undefined
}

export class Health {
  readonly #window: number
  readonly #answers: Answer[] = []

  /** @param window how many count */
  constructor(window: number) {
    this.#window = window
  }

  heard(answer: Answer): void {
    this.#answers.push(answer)
    if (this.#answers.length > this.#window) this.#answers.shift()
  }

  get view(): HealthView {
    const times = this.#answers.flatMap(answer => (answer.type === 'reply' ? answer.milliseconds : []))
    const sorted = times.toSorted((one, other) => one - other)
    const latest = this.#answers.at(-1)
    return {
      sent: this.#answers.length,
      lost: this.#answers.length - times.length,
      last: times.at(-1),
      median: sorted[sorted.length >> 1],
      reason: latest && reasonOf(latest),
    }
  }
}

function reasonOf(answer: Answer): string | undefined {
  switch (answer.type) {
    case 'reply':
      return undefined
    case 'silent':
      return 'no answer'
    case 'tooBig':
      return 'a link on the way takes only smaller packets'
    case 'unreachable':
      return `${answer.from} says: ${answer.reason}`
    case 'unsendable':
      return `it cannot be sent: ${answer.reason}`
  }
}
