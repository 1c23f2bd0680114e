/**
 * Network namespaces of the calling thread. A socket belongs to the namespace of the thread that opens it, so that a
 * thread may step into one, open what it needs, and step back out. Never await inside.
 */
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { CLONE_NEWNET, MNT_DETACH, MS_BIND, mount, setNamespace, unmount, unshare } from './libc.ts'

/** Where `ip netns` looks for names, too. */
const NAMED = '/run/netns'
/** Not /proc/self: that is the main thread's, whichever thread asks. */
const OWN = '/proc/thread-self/ns/net'

export function namespacePath(name: string): string {
  return `${NAMED}/${name}`
}

/**
 * Runs synchronous code inside the network namespace at `path`; the thread is back where it was afterwards, come what may.
 * @throws WorldFault
 */
export function inNamespace<Result>(path: string, run: () => Result): Result {
  const back = openSync(OWN, 'r')
  try {
    const there = openSync(path, 'r')
    try {
      setNamespace(there, CLONE_NEWNET)
    } finally {
      closeSync(there)
    }
    try {
      return run()
    } finally {
      setNamespace(back, CLONE_NEWNET)
    }
  } finally {
    closeSync(back)
  }
}

/** Makes a named network namespace, as `ip netns add` does, with no device in it but a downed `lo`. @throws WorldFault */
export function createNamespace(name: string): void {
  mkdirSync(NAMED, { recursive: true })
  const path = namespacePath(name)
  writeFileSync(path, '', { flag: 'wx', mode: 0o444 })
  const back = openSync(OWN, 'r')
  try {
    unshare(CLONE_NEWNET)
    try {
      mount(OWN, path, 'none', MS_BIND)
    } finally {
      setNamespace(back, CLONE_NEWNET)
    }
  } catch (thrown) {
    rmSync(path, { force: true })
    throw thrown
  } finally {
    closeSync(back)
  }
}

/** Takes the name away; the namespace goes with its last socket and process. @throws WorldFault */
export function deleteNamespace(name: string): void {
  const path = namespacePath(name)
  unmount(path, MNT_DETACH)
  rmSync(path, { force: true })
}
