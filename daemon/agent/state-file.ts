/** The state file: written in whole beside its place and renamed, so that a reader sees the old or the new one. */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import { parseState, renderState, type SavedState } from './saved-state.ts'

const BOOT_ID = '/proc/sys/kernel/random/boot_id'

export class StateFile {
  readonly #path: string
  #written = ''

  constructor(path: string) {
    this.#path = path
  }

  /** Undefined: there is none. @throws InputFault, WorldFault for one that cannot be used */
  read(): SavedState | undefined {
    let text: string
    try {
      text = readFileSync(this.#path, 'utf8')
    } catch (thrown) {
      const { code = 'STATE_FILE' } = thrown as NodeJS.ErrnoException
      if (code === 'ENOENT') return undefined
      throw new WorldFault(code, reasonOf(thrown), { retry: false })
    }
    return parseState(text)
  }

  /** Does nothing where the file says so already. Some kilobytes on a memory file system: not worth a thread. @throws WorldFault */
  write(state: SavedState): void {
    const text = renderState(state)
    if (text === this.#written) return
    const fresh = `${this.#path}.new`
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o755 })
      writeFileSync(fresh, text, { mode: 0o600 })
      // the mode above counts only where the file is made
      chmodSync(fresh, 0o600)
      renameSync(fresh, this.#path)
    } catch (thrown) {
      const { code = 'STATE_FILE' } = thrown as NodeJS.ErrnoException
      throw new WorldFault(code, reasonOf(thrown), { retry: true })
    }
    this.#written = text
  }
}

/** Changes with every boot of the kernel; empty where it cannot be told. */
export function bootId(): string {
  try {
    return readFileSync(BOOT_ID, 'utf8').trim()
  } catch {
    return ''
  }
}
