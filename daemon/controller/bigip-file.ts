/** BIGIP objects of a file instead of the cluster: read at the start, and again when asked to. A wrong file changes nothing. */
import { readFileSync } from 'node:fs'
import { InputFault, reasonOf, WorldFault } from '../../lib/base/failure.ts'
import { parseBigIpFile } from '../../lib/bigip/resource-file.ts'
import type { BigIpSource } from '../../lib/controller/bigip-source.ts'
import type { KubeObject } from '../../lib/kube/object.ts'

export class BigIpFile implements BigIpSource {
  readonly stored = false
  readonly synced = true
  readonly #path: string
  #objects: readonly KubeObject[]
  #trouble: string | undefined
  #changed: () => void = () => {}

  /** @throws InputFault that names file and line, WorldFault where it cannot be read */
  constructor(path: string) {
    this.#path = path
    this.#objects = read(path)
  }

  start(changed: () => void): void {
    this.#changed = changed
  }

  list(): readonly KubeObject[] {
    return this.#objects
  }

  get trouble(): string | undefined {
    return this.#trouble
  }

  reload(): void {
    try {
      this.#objects = read(this.#path)
      this.#trouble = undefined
    } catch (thrown) {
      if (!(thrown instanceof InputFault || thrown instanceof WorldFault)) throw thrown
      this.#trouble = `${reasonOf(thrown)}; what was read before stays in force`
    }
    this.#changed()
  }
}

function read(path: string): KubeObject[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (thrown) {
    const { code = 'BIGIP_FILE' } = thrown as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new InputFault(path, 'there is no such file')
    throw new WorldFault(code, `${path} cannot be read: ${reasonOf(thrown)}`, { retry: false })
  }
  try {
    return parseBigIpFile(text)
  } catch (thrown) {
    throw thrown instanceof InputFault ? new InputFault(path, thrown.message) : thrown
  }
}
