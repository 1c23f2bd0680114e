/** Network namespaces for tests: made with our own netlink, named after the test process, gone with it. */
import { execFileSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { reasonOf } from '../../lib/base/failure.ts'
import { type Address, parseAddress } from '../../lib/base/ip.ts'
import { createNamespace, deleteNamespace, inNamespace, namespacePath } from '../../lib/linux/namespace.ts'
import { addAddress } from '../../lib/linux/netlink/address.ts'
import { createLink, findLink, setLink } from '../../lib/linux/netlink/link.ts'
import { routeTo } from '../../lib/linux/netlink/route.ts'
import { NetlinkSocket } from '../../lib/linux/netlink/socket.ts'

const PREFIX = 'podpeer-test-'

export interface TestNamespace {
  readonly name: string
  /** Runs synchronous code in it. */
  run<Result>(run: () => Result): Result
  /** `ip ARGS` in it; its output. */
  ip(args: string): string
  /** `bridge ARGS` in it; its output. */
  bridge(args: string): string
  [Symbol.dispose](): void
}

/** Why this machine cannot run tests in namespaces; undefined if it can. For the `skip` of tests, which says it aloud. */
export const noNamespaces: string | undefined = (() => {
  const name = `${PREFIX}${process.pid}-try`
  try {
    createNamespace(name)
    deleteNamespace(name)
    execFileSync('ip', ['-V'])
    return undefined
  } catch (thrown) {
    return `needs network namespaces and iproute2: ${reasonOf(thrown)}`
  }
})()

let made = 0

/** A namespace with `lo` up and one veth pair, both ends up: `a` with 10.0.0.1/24 and fd00::1/64, `b` bare. */
export function makeNamespace(): TestNamespace {
  sweepOrphans()
  const name = `${PREFIX}${process.pid}-${made++}`
  createNamespace(name)
  const run = <Result>(work: () => Result) => inNamespace(namespacePath(name), work)
  const socket = run(() => new NetlinkSocket())
  try {
    createLink(socket, { kind: 'veth', name: 'a', peer: { name: 'b' } })
    for (const link of ['lo', 'a', 'b']) setLink(socket, findLink(socket, link).index, { up: true })
    const a = findLink(socket, 'a').index
    addAddress(socket, a, parseAddress('10.0.0.1'), 24)
    addAddress(socket, a, parseAddress('fd00::1'), 64)
    awaitLocal(socket, parseAddress('fd00::1'))
  } finally {
    socket.close()
  }
  return {
    name,
    run,
    ip: args => execFileSync('ip', ['-n', name, ...args.split(' ')], { encoding: 'utf8' }),
    bridge: args => execFileSync('bridge', ['-n', name, ...args.split(' ')], { encoding: 'utf8' }),
    [Symbol.dispose]: () => deleteNamespace(name),
  }
}

/** Blocks until the kernel has made the local route of an IPv6 address, which it does in its own time. */
function awaitLocal(socket: NetlinkSocket, address: Address): void {
  for (const deadline = Date.now() + 60_000; routeTo(socket, address).type !== 'local'; ) {
    if (Date.now() > deadline) throw new Error(`${address} has no local route`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
  }
}

/** Takes away what test processes that are no more have left. */
function sweepOrphans(): void {
  for (const name of readdirSync('/run/netns')) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN
    if (!Number.isNaN(pid) && !isAlive(pid)) sweep(name)
  }
}

function sweep(name: string): void {
  try {
    deleteNamespace(name)
  } catch {
    // another test process was faster, at most but for the name
    rmSync(namespacePath(name), { force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
