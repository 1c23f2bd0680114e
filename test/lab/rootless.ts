/**
 * The lab without root: the same program again inside namespaces of its own (user, mount, network, process), where it
 * is root. `unshare` of util-linux makes them, for a process with threads cannot make a user namespace for itself.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { WorldFault } from '../../lib/base/failure.ts'
import { mount } from '../../lib/linux/libc.ts'
import { createNamespace, deleteNamespace } from '../../lib/linux/namespace.ts'
import { findLink, setLink } from '../../lib/linux/netlink/link.ts'
import { NetlinkSocket } from '../../lib/linux/netlink/socket.ts'
import { namespaceName } from './leftovers.ts'

/** Tells the inner program which process outside holds its namespaces. */
const MARK = 'PODPEER_LAB_OUTSIDE'
const NAMESPACES = ['--user', '--map-root-user', '--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc']

export function isRootless(): boolean {
  return process.env[MARK] !== undefined
}

/** Whether this process may make named network namespaces itself: it tries. */
export function mayBuild(): boolean {
  if (process.getuid?.() !== 0) return false
  const probe = namespaceName('probe')
  try {
    createNamespace(probe)
    deleteNamespace(probe)
    return true
  } catch {
    return false
  }
}

/**
 * Runs this program again as root of a user namespace; resolves with its exit code.
 * @throws WorldFault one sentence about what is missing
 */
export async function runInUserNamespace(): Promise<number> {
  const probe = spawnSync('unshare', [...NAMESPACES, 'true'], { encoding: 'utf8' })
  if (probe.error !== undefined || probe.status !== 0) {
    const why =
      probe.error === undefined ? probe.stderr.trim().replace(/^unshare: /, '') : 'there is no unshare program'
    throw new WorldFault(
      'EPERM',
      `the lab needs root, or user namespaces, and can have neither here (${why}): run it with sudo`,
      { retry: false },
    )
  }
  const child = spawn('unshare', [...NAMESPACES, process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [MARK]: String(process.pid) },
  })
  // a terminal sends them to both: the inner program cleans up, and this one waits for it
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
  return await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', code => resolve(code ?? 1))
  })
}

/** The inner program's first step: a /run of its own for names and sockets, and a loopback that is up. */
export function settleIn(): void {
  mount('tmpfs', '/run', 'tmpfs', 0, 'mode=755')
  mkdirSync('/run/netns')
  const socket = new NetlinkSocket()
  try {
    setLink(socket, findLink(socket, 'lo').index, { up: true })
  } finally {
    socket.close()
  }
}
