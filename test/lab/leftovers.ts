/**
 * What a lab leaves on a machine while it runs, and the removal of what labs that died left behind. Rule: only what
 * carries a lab's own name and the number of a process that is gone is removed, and only processes inside such a
 * namespace are killed.
 */
import { mkdirSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { WorldFault } from '../../lib/base/failure.ts'
import { deleteNamespace, namespacePath } from '../../lib/linux/namespace.ts'

const NAMED = /^podpeer-lab-(\d+)-/
const FOLDER = /^podpeer-lab-(\d+)$/
const NAMESPACES = '/run/netns'
const FOLDERS = '/run'

/** The name under /run/netns of a place in the lab of process `owner`. */
export function namespaceName(place: string, owner = process.pid): string {
  return `podpeer-lab-${owner}-${place}`
}

/** The folder for configurations, sockets, state and logs of this process's lab; made anew. */
export function makeFolder(): string {
  const folder = `${FOLDERS}/podpeer-lab-${process.pid}`
  mkdirSync(folder, { mode: 0o755 })
  return folder
}

/** Removes everything of the lab of process `owner`, and ends what still runs inside it. */
export function removeLab(owner = process.pid): void {
  for (const name of namesIn(NAMESPACES).filter(name => ownerOf(NAMED, name) === owner)) {
    for (const pid of processesIn(namespacePath(name))) killQuietly(pid)
    removeName(name)
  }
  rmSync(`${FOLDERS}/podpeer-lab-${owner}`, { recursive: true, force: true })
}

/**
 * Removes what labs left whose process is gone: to be called before this process builds its own, for in a container that
 * starts again the dead one may have had our number. Returns the numbers of those processes.
 */
export function sweepLeftovers(): number[] {
  const owners = [
    ...namesIn(NAMESPACES).map(name => ownerOf(NAMED, name)),
    ...namesIn(FOLDERS).map(name => ownerOf(FOLDER, name)),
  ]
  const dead = [...new Set(owners)]
    .filter(owner => owner !== undefined)
    .filter(owner => owner === process.pid || !isAlive(owner))
  for (const owner of dead) removeLab(owner)
  return dead
}

function ownerOf(pattern: RegExp, name: string): number | undefined {
  const match = pattern.exec(name)
  return match === null ? undefined : Number(match[1])
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function processesIn(path: string): number[] {
  const inode = statSync(path, { throwIfNoEntry: false })?.ino
  if (inode === undefined) return []
  const space = `net:[${inode}]`
  return namesIn('/proc')
    .map(Number)
    .filter(pid => pid > 0 && pid !== process.pid && spaceOf(pid) === space)
}

function spaceOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    return ''
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it ended by itself
  }
}

function removeName(name: string): void {
  try {
    deleteNamespace(name)
  } catch (thrown) {
    if (!(thrown instanceof WorldFault)) throw thrown
    // a lab that died between making the name and mounting the namespace there left a plain file
    rmSync(namespacePath(name), { force: true })
  }
}
