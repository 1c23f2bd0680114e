/**
 * The lab without root: the same program again inside namespaces of its own (user, mount, network, process), where it
 * is root. `unshare` of util-linux makes them, for a process with threads cannot make a user namespace for itself.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readlinkSync } from 'node:fs'
import { WorldFault } from '../../lib/base/failure.ts'
import { mount } from '../../lib/linux/libc.ts'
import { createNamespace, deleteNamespace } from '../../lib/linux/namespace.ts'
import { findLink, setLink } from '../../lib/linux/netlink/link.ts'
import { NetlinkSocket } from '../../lib/linux/netlink/socket.ts'
import { namespaceName } from './leftovers.ts'

/** Tells the program that it is the inner one. */
const MARK = 'PODPEER_LAB_INSIDE'
const NAMESPACES = ['--user', '--map-root-user', '--mount', '--net', '--pid', '--fork', '--kill-child=SIGTERM']

/** Our number where we were started from, for those who want in. */
let outsidePid: string | undefined

/** The command that steps into the lab's namespaces; undefined: they are the machine's. */
export function wayIn(): string | undefined {
  return outsidePid && `nsenter -t ${outsidePid} -U -m -n -p --preserve-credentials --wd="$PWD"`
}

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
    env: { ...process.env, [MARK]: '1' },
  })
  // a terminal sends Ctrl-C to both: the inner program cleans up, and this one waits for it
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill('SIGKILL'))
  return await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', code => resolve(code ?? 1))
  })
}

/** The inner program's first step: /proc and /run of its own, and a loopback that is up. */
export function settleIn(): void {
  // as long as /proc is the one from outside it gives the number that we have there
  outsidePid = readlinkSync('/proc/self')
  mount('proc', '/proc', 'proc', 0)
  mount('tmpfs', '/run', 'tmpfs', 0, 'mode=755')
  mkdirSync('/run/netns')
  const socket = new NetlinkSocket()
  try {
    setLink(socket, findLink(socket, 'lo').index, { up: true })
  } finally {
    socket.close()
  }
}
