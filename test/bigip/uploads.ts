/** Files that clients upload, in parts with a `Content-Range`, and remove again. */
import { type Answer, ok, type Request } from './request.ts'
import { badRequest, unregistered } from './rest-error.ts'

const FOLDER = '/var/config/rest/downloads'

export class Uploads {
  readonly #files = new Map<string, Buffer>()

  /** @param path full, in the folder of uploads */
  read(path: string): string | undefined {
    return this.#files.get(path)?.toString()
  }

  /** Whether it was there. */
  remove(path: string): boolean {
    return this.#files.delete(path)
  }

  /** @throws RestError */
  handle({ method, path, upload }: Request): Answer {
    if (method !== 'POST') throw unregistered(path)
    const [, from, to, total] = /^(?:bytes )?(\d+)-(\d+)\/(\d+)$/.exec(upload?.range ?? '') ?? []
    if (upload === undefined || from === undefined) throw badRequest('Content-Range header is required')
    const { octets } = upload
    if (octets.length !== Number(to) - Number(from) + 1)
      throw badRequest(`the chunk has ${octets.length} octets, its Content-Range says ${from}-${to}`)
    const file = `${FOLDER}/${path.split('/').at(-1)}`
    const before = Number(from) === 0 ? Buffer.alloc(0) : (this.#files.get(file) ?? Buffer.alloc(0))
    if (before.length !== Number(from))
      throw badRequest(`the chunk starts at ${from}, ${before.length} octets are there`)
    this.#files.set(file, Buffer.concat([before, octets]))
    const remainingByteCount = Number(total) - Number(to) - 1
    return ok({ remainingByteCount, totalByteCount: Number(total), localFilePath: file })
  }
}
