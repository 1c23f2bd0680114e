/**
 * The configuration file as it changes: read at once, then whenever its text is another one. Editors and ConfigMaps
 * replace files and the links above them, so the folder is watched, not the file, and a slow poll catches what no event
 * tells. Knows nothing of what is in the file.
 */
import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import { reasonOf } from '../../lib/base/failure.ts'

/** Milliseconds between two looks without an event. */
const POLL = 10_000
/** A replaced file comes with several events, and one that is written in place is cut first. Milliseconds. */
const SETTLE = 100

export interface ConfigSourceObserver {
  changed(text: string): void
  /** It cannot be read now; said once per reason. */
  unreadable(reason: string): void
}

export class ConfigSource {
  readonly #path: string
  readonly #observer: ConfigSourceObserver
  #last: string
  /** Another text, seen once: it counts when it is still there after `SETTLE`, for a half-written file may be valid, too. */
  #candidate: string | undefined
  #reason = ''
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  #settling = false

  /** @param text what the caller has read already */
  constructor(path: string, text: string, observer: ConfigSourceObserver) {
    this.#path = path
    this.#last = text
    this.#observer = observer
    this.#watch()
    this.#wait(POLL)
  }

  /** Looks now. @param force somebody asks for it: the text is told at once, also where it is the same */
  check(force = false): void {
    try {
      const text = readFileSync(this.#path, 'utf8')
      const isBack = this.#reason !== ''
      const isSettled = force || text === this.#last || text === this.#candidate
      this.#candidate = isSettled ? undefined : text
      if (!isSettled) return this.#wait(SETTLE)
      this.#reason = ''
      if (text === this.#last && !force && !isBack) return
      this.#last = text
      this.#observer.changed(text)
    } catch (thrown) {
      if (!(thrown instanceof Error && 'syscall' in thrown)) throw thrown
      const reason = reasonOf(thrown)
      if (reason !== this.#reason) this.#observer.unreadable(reason)
      this.#reason = reason
    }
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#watcher?.close()
  }

  #watch(): void {
    try {
      this.#watcher = watch(dirname(this.#path), { persistent: false }, () => {
        if (!this.#settling) this.#wait(SETTLE)
        this.#settling = true
      })
      // no more events: the poll goes on
      this.#watcher.on('error', () => this.#watcher?.close())
    } catch {
      // no inotify watches left: the poll alone has to do
    }
  }

  #wait(milliseconds: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#settling = false
      this.#wait(POLL)
      this.check()
    }, milliseconds)
  }
}
