/** TCP MD5 keys, read from where the configuration says at the moment they are needed; never kept, shown or logged. */
import { readFileSync } from 'node:fs'
import { InputFault } from '../../lib/base/failure.ts'
import type { PasswordSource } from '../config/index.ts'

/** Octets that the kernel takes (TCP_MD5SIG_MAXKEYLEN). */
const LONGEST = 80

/** @throws InputFault that names the place and never what is there */
export function readPassword(source: PasswordSource, environment: NodeJS.ProcessEnv): string {
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
