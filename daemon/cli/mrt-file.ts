/** MRT files (RFC 6396) on disk: read record by record however long they are, written in pieces, turned over by size. */
import { createReadStream } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { MrtFramer, type MrtRecord } from '../../bgp/mrt/record.ts'
import { InputFault, reasonOf, WorldFault } from '../../lib/base/failure.ts'

/** @param path `-`: standard input @throws InputFault, WorldFault */
export async function* readMrt(path: string): AsyncGenerator<MrtRecord> {
  const framer = new MrtFramer()
  try {
    for await (const chunk of path === '-' ? process.stdin : createReadStream(path)) {
      framer.push(chunk)
      for (let record = framer.next(); record !== undefined; record = framer.next()) yield record
    }
    framer.end()
  } catch (thrown) {
    if (thrown instanceof InputFault) throw new InputFault(path, thrown.message)
    throw unusable(path, 'read', thrown)
  }
}

function unusable(path: string, verb: 'read' | 'written', thrown: unknown): Error {
  const { code } = thrown as NodeJS.ErrnoException
  if (code === undefined) return thrown as Error
  if (code === 'ENOENT' && verb === 'read') return new InputFault(path, 'there is no such file')
  return new WorldFault(code, `${path} cannot be ${verb}: ${reasonOf(thrown)}`, { retry: false })
}

export interface Turning {
  /** Octets after which a new file begins; absent: never. */
  readonly size?: number
  /** Files kept beside the one that is written: FILE.1 is the youngest. */
  readonly keep: number
}

/** A file that is written. */
export class MrtFile {
  readonly #path: string
  readonly #turning: Turning
  #file: FileHandle
  #length: number

  private constructor(path: string, turning: Turning, file: FileHandle, length: number) {
    this.#path = path
    this.#turning = turning
    this.#file = file
    this.#length = length
  }

  /** In the place of what was there. @throws WorldFault */
  static create(path: string): Promise<MrtFile> {
    return MrtFile.#open(path, 'w', { keep: 0 })
  }

  /** Behind what is there. @throws WorldFault */
  static open(path: string, turning: Turning): Promise<MrtFile> {
    return MrtFile.#open(path, 'a', turning)
  }

  static async #open(path: string, flag: 'a' | 'w', turning: Turning): Promise<MrtFile> {
    try {
      const file = await open(path, flag, 0o640)
      return new MrtFile(path, turning, file, (await file.stat()).size)
    } catch (thrown) {
      throw unusable(path, 'written', thrown)
    }
  }

  /** Whole records. @throws WorldFault */
  async append(octets: Uint8Array): Promise<void> {
    const { size = Infinity } = this.#turning
    try {
      if (this.#length > 0 && this.#length + octets.length > size) await this.#turn()
      await this.#file.writeFile(octets)
      this.#length += octets.length
    } catch (thrown) {
      throw unusable(this.#path, 'written', thrown)
    }
  }

  async #turn(): Promise<void> {
    const { keep } = this.#turning
    await this.#file.close()
    await rm(keep === 0 ? this.#path : `${this.#path}.${keep}`, { force: true })
    for (let number = keep; number > 0; number--) {
      const older = number === 1 ? this.#path : `${this.#path}.${number - 1}`
      await rename(older, `${this.#path}.${number}`).catch(ignoreMissing)
    }
    this.#file = await open(this.#path, 'a', 0o640)
    this.#length = 0
  }
}

function ignoreMissing(thrown: NodeJS.ErrnoException): void {
  if (thrown.code !== 'ENOENT') throw thrown
}
