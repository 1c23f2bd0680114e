/**
 * Keeps the state file true: reads what the former agent left, writes what changes: at once, so that an agent that is
 * killed has announced nothing that its successor does not know, and then once for a burst of changes. A file that
 * cannot be used or written is told and is never fatal: it costs a restart that peers notice, and nothing else.
 */
import { InputFault, reasonOf, WorldFault } from '../../lib/base/failure.ts'
import type { SavedState } from './saved-state.ts'
import { StateFile } from './state-file.ts'
import type { AgentWorld } from './world.ts'

/** Milliseconds between two writes. */
const PAUSE = 100

export interface StateKeeperOptions {
  readonly path: string
  readonly world: AgentWorld
  /** What is to be kept now. */
  state(): SavedState
  /** `problem` is another one. */
  onProblem(): void
}

export class StateKeeper {
  /** Why the state is not kept; undefined: it is. */
  problem: string | undefined
  readonly #options: StateKeeperOptions
  readonly #file: StateFile
  #cancel: (() => void) | undefined
  /** ms, on the world's clock. */
  #savedAt = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(options: StateKeeperOptions) {
    this.#options = options
    this.#file = new StateFile(options.path)
  }

  /** What the former agent left, if this boot of the kernel is still the one it lived in. */
  read(): SavedState | undefined {
    const { path, world } = this.#options
    try {
      const saved = this.#file.read()
      if (saved === undefined || saved.bootId === world.bootId) return saved
      world.log.info('state of another boot ignored', { path })
    } catch (thrown) {
      if (!(thrown instanceof InputFault || thrown instanceof WorldFault)) throw thrown
      world.log.warn('state ignored', { path, reason: thrown.message })
    }
    return undefined
  }

  /** Before this turn ends, or as soon as the pause since the last time is over. */
  save(): void {
    const { clock } = this.#options.world
    const due = this.#savedAt + PAUSE
    if (this.#closed || this.#cancel !== undefined) return
    if (clock.now() >= due) return this.#write()
    this.#cancel = clock.wake(due, () => {
      this.#cancel = undefined
      this.#write()
    })
  }

  /** Writes a last time. */
  close(): void {
    this.#closed = true
    this.#cancel?.()
    this.#write()
  }

  #write(): void {
    const before = this.problem
    this.#savedAt = this.#options.world.clock.now()
    try {
      this.#file.write(this.#options.state())
      this.problem = undefined
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      this.problem = `the state file cannot be written, so that a restart will be noticed: ${reasonOf(thrown)}`
    }
    if (before !== this.problem && !this.#closed) this.#options.onProblem()
  }
}
