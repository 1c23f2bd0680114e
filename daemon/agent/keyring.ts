/**
 * TCP MD5 keys, read from where the configuration says whenever it is applied. A key that cannot be read any more stays
 * in use: mounted secrets go and come, and a session should not. Keys are never shown, logged or written.
 */
import { readFileSync } from 'node:fs'
import { InputFault } from '../../lib/base/failure.ts'
import type { PasswordSource } from '../config/index.ts'

/** Octets that the kernel takes (TCP_MD5SIG_MAXKEYLEN). */
const LONGEST = 80

interface KnownKey {
  readonly source: string
  readonly key: string
}

export interface Keyed {
  readonly name: string
  readonly password?: PasswordSource
}

export class Keyring {
  readonly #environment: NodeJS.ProcessEnv
  #known = new Map<string, KnownKey>()

  constructor(environment: NodeJS.ProcessEnv) {
    this.#environment = environment
  }

  /** The keys by name of the peer, or of the range of peers; what is wrong with the rest, in sentences. */
  read(peers: readonly Keyed[], ranges: readonly Keyed[]): { keys: ReadonlyMap<string, string>; problems: string[] } {
    const found = new Map<string, KnownKey>()
    const problems: string[] = []
    for (const { name, password } of [...peers, ...ranges]) {
      if (password === undefined) continue
      const source = JSON.stringify(password)
      try {
        found.set(name, { source, key: readPassword(password, this.#environment) })
      } catch (thrown) {
        if (!(thrown instanceof InputFault)) throw thrown
        const known = this.#known.get(name)
        if (known?.source === source) found.set(name, known)
        const outcome = known?.source === source ? 'goes on with the key read before' : 'is left out'
        problems.push(
          `${ranges.some(range => range.name === name) ? 'range' : 'peer'} ${name} ${outcome}: ${thrown.message}`,
        )
      }
    }
    this.#known = found
    return { keys: new Map(Array.from(found, ([name, { key }]) => [name, key])), problems }
  }
}

/** @throws InputFault that names the place and never what is there */
function readPassword(source: PasswordSource, environment: NodeJS.ProcessEnv): string {
  const place = 'file' in source ? `password file ${source.file}` : `password variable ${source.env}`
  const text = 'file' in source ? readKeyFile(source.file, place) : environment[source.env]
  if (text === undefined) throw new InputFault(place, 'is not set')
  // editors and `kubectl create secret` end files with a newline
  const key = text.replace(/\r?\n$/, '')
  if (key === '') throw new InputFault(place, 'is empty')
  if (Buffer.byteLength(key) > LONGEST) throw new InputFault(place, 'is too long', `use at most ${LONGEST} octets`)
  return key
}

function readKeyFile(path: string, place: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (thrown) {
    throw new InputFault(place, `cannot be read: ${(thrown as NodeJS.ErrnoException).code ?? 'unknown error'}`)
  }
}
