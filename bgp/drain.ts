/**
 * The stages in which a speaker goes out of service: all its routes are announced as about to go (RFC 8326), what originates here
 * is withdrawn, the sessions end (RFC 9003). Knows when the next stage begins; what each means the speaker knows.
 */
import type { Clock } from './transport.ts'
import { WakeUp } from './wake-up.ts'

/** Milliseconds from GRACEFUL_SHUTDOWN to withdrawal: peers choose other paths and put them into their tables meanwhile. */
const WAIT = 5000

/** `leaving`: routes are announced as about to go (RFC 8326); `withdrawing`: they are being withdrawn; `drained`: no session is up. */
export type DrainPhase = 'no' | 'leaving' | 'withdrawing' | 'drained'

export interface DrainTerms {
  /** Milliseconds from GRACEFUL_SHUTDOWN to withdrawal; absent: five seconds. */
  readonly wait?: number
  /** For the operators of the peers (RFC 9003), at most 255 octets. */
  readonly text?: string
}

/** What is to be done when a stage begins. */
export interface DrainStages {
  withdraw(): void
  /** @param text for the operators of the peers */
  endSessions(text: string | undefined): void
}

export class Drain {
  readonly #clock: Clock
  readonly #stages: DrainStages
  #phase: DrainPhase = 'no'
  #terms: DrainTerms = {}
  readonly #wait: WakeUp

  constructor(clock: Clock, stages: DrainStages) {
    this.#clock = clock
    this.#wait = new WakeUp(clock)
    this.#stages = stages
  }

  get phase(): DrainPhase {
    return this.#phase
  }

  /** Whether what originates here is announced. */
  get isAnnouncing(): boolean {
    return this.#phase === 'no' || this.#phase === 'leaving'
  }

  begin(terms: DrainTerms): void {
    this.#terms = terms
    this.#phase = 'leaving'
  }

  end(): void {
    this.#phase = 'no'
    this.cancelWait()
  }

  /** No stage begins by time any more. */
  cancelWait(): void {
    this.#wait.cancel()
  }

  /** Everything has been sent. @param isHeard whether there is anybody to hear it; else nothing is waited for */
  settled(isHeard: boolean): void {
    const { wait = WAIT, text } = this.#terms
    if (this.#phase === 'leaving') {
      if (this.#wait.at !== Number.POSITIVE_INFINITY) return
      this.#wait.set(this.#clock.now() + (isHeard ? wait : 0), () => {
        this.#phase = 'withdrawing'
        this.#stages.withdraw()
      })
    } else if (this.#phase === 'withdrawing') {
      this.#phase = 'drained'
      this.#stages.endSessions(text)
    }
  }
}
