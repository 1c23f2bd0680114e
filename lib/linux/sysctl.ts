/**
 * Settings of the kernel under /proc/sys, in the network namespace of the calling thread: read, set, put back. Which, others
 * decide. Names are in the form of paths, `net/ipv4/conf/flannel.1/proxy_arp`: names of links may have dots.
 *
 * Rules: what a setting was is in a file before it is changed, so that also who comes after a kill can put it back; what
 * somebody else has changed since is his, and stays.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { reasonOf, WorldFault } from '../base/failure.ts'

export interface Sysctl {
  readonly name: string
  readonly value: string
}

const ROOT = '/proc/sys'
/** In a container the former is read-only; this is where its host's can be mounted. */
export const HOST_ROOT = '/host/proc/sys'

/** As `sysctl -w` takes it: `net.ipv4.conf.flannel/1.proxy_arp`. */
export function renderSysctl(name: string): string {
  return name.replace(/[./]/g, sign => (sign === '.' ? '/' : '.'))
}

/** @throws WorldFault ENOENT where there is none, for its link is not there */
export function readSysctl(name: string): string {
  try {
    return readFileSync(`${ROOT}/${name}`, 'utf8').trim()
  } catch (thrown) {
    throw faultOf(thrown, `${ROOT}/${name} cannot be read`)
  }
}

/** @throws WorldFault EROFS EACCES ENOENT … */
export function writeSysctl({ name, value }: Sysctl): void {
  try {
    writeFileSync(`${ROOT}/${name}`, value)
  } catch (thrown) {
    const what = `${renderSysctl(name)} cannot be set to ${value}`
    const { code } = thrown as NodeJS.ErrnoException
    if (code !== 'EROFS' && code !== 'EACCES') throw faultOf(thrown, what)
    try {
      writeFileSync(`${HOST_ROOT}/${name}`, value)
    } catch {
      throw faultOf(thrown, `${what}, for ${ROOT} is read-only here: mount the host's ${ROOT}/net at ${HOST_ROOT}/net`)
    }
  }
}

function faultOf(thrown: unknown, what: string): WorldFault {
  const { code = 'EIO' } = thrown as NodeJS.ErrnoException
  return new WorldFault(code, `${what}: ${code}`, { retry: true, cause: thrown })
}

/** What a setting was before it was set. */
interface Change {
  readonly was: string
  readonly set: string
}

export class KeptSysctls {
  readonly #path: string
  #changes: Map<string, Change> | undefined
  /** Names of those that were wanted in this run. */
  readonly #known = new Set<string>()

  /** @param path of the file that keeps what they were; on a file system that a reboot empties */
  constructor(path: string) {
    this.#path = path
  }

  /**
   * Sets what is not as wanted, and puts back what is wanted no more. Those of links that are not there wait until the next call.
   * @param wanted all of them
   * @param sweep puts back what a former run has set, too
   * @returns what could not be done, in sentences
   */
  keep(wanted: readonly Sysctl[], sweep: boolean): string[] {
    const faults = wanted.flatMap(sysctl => this.#try(sysctl.name, () => this.#set(sysctl)))
    const names = new Set(wanted.map(({ name }) => name))
    for (const name of names) this.#known.add(name)
    const over = [...this.#read().keys()].filter(name => !names.has(name) && (sweep || this.#known.has(name)))
    return [...faults, ...over.flatMap(name => this.#try(name, () => this.#putBack(name)))]
  }

  #set({ name, value }: Sysctl): void {
    const was = readSysctl(name)
    if (was === value) return
    this.#write(new Map(this.#read()).set(name, { was, set: value }))
    writeSysctl({ name, value })
  }

  #putBack(name: string): void {
    const { was, set } = this.#read().get(name)!
    if (readSysctl(name) === set) writeSysctl({ name, value: was })
    this.#forget(name)
  }

  #forget(name: string): void {
    const left = new Map(this.#read())
    left.delete(name)
    this.#write(left)
  }

  #try(name: string, work: () => void): string[] {
    try {
      work()
      return []
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      if (thrown.code !== 'ENOENT') return [reasonOf(thrown)]
      // a link that is made anew has what all of them have
      return this.#read().has(name) ? this.#try(name, () => this.#forget(name)) : []
    }
  }

  #read(): ReadonlyMap<string, Change> {
    this.#changes ??= parseChanges(readText(this.#path))
    return this.#changes
  }

  #write(changes: Map<string, Change>): void {
    const fresh = `${this.#path}.new`
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o755 })
      writeFileSync(fresh, `${JSON.stringify(Object.fromEntries(changes), undefined, 2)}\n`, { mode: 0o600 })
      renameSync(fresh, this.#path)
    } catch (thrown) {
      const { code = 'EIO' } = thrown as NodeJS.ErrnoException
      // ENOENT would say that the link is not there
      throw new WorldFault('SYSCTL_FILE', `${this.#path} cannot be written: ${code}`, { retry: true, cause: thrown })
    }
    this.#changes = changes
  }
}

/** Empty where there is none. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** What nobody can read says nothing: what it told of stays as it is. */
function parseChanges(text: string): Map<string, Change> {
  try {
    const entries = Object.entries(JSON.parse(text) as Record<string, Change>)
    return new Map(entries.filter(([, { was, set }]) => typeof was === 'string' && typeof set === 'string'))
  } catch {
    return new Map()
  }
}
