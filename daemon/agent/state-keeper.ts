/**
 * Keeps the state file true: reads what the former agent left, writes what changes, once for a burst of changes. A file
 * that cannot be used or written is told and is never fatal: it costs a restart that peers notice, and nothing else.
 */
import { InputFault, reasonOf, WorldFault } from '../../lib/base/failure.ts'
import type { SavedState } from './saved-state.ts'
import { StateFile } from './state-file.ts'
import type { AgentWorld } from './world.ts'

/** Milliseconds. */
const SAVE_DELAY = 200

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

  saveSoon(): void {
    const { clock } = this.#options.world
    if (this.#closed) return
    this.#cancel ??= clock.wake(clock.now() + SAVE_DELAY, () => {
      this.#cancel = undefined
      this.#save()
    })
  }

  /** Writes a last time. */
  close(): void {
    this.#closed = true
    this.#cancel?.()
    this.#save()
  }

  #save(): void {
    const before = this.problem
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
