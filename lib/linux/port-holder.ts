/**
 * Who listens on a TCP port of this network namespace. The kernel tells user and inode of the socket to everybody; which
 * process holds it shows only where /proc/PID/fd may be read (same user, or SYS_PTRACE; same PID namespace).
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { Address } from '../base/ip.ts'
import { AF_INET, AF_INET6 } from './libc.ts'
import { MessageWriter, u32At } from './netlink/message.ts'
import { NETLINK_SOCK_DIAG, NetlinkSocket } from './netlink/socket.ts'

const SOCK_DIAG_BY_FAMILY = 20
const IPPROTO_TCP = 6
const LISTEN = 1 << 10
/** struct inet_diag_sockid */
const SOCKET_ID = 48
/** Of struct inet_diag_msg. */
const ANSWER = { port: 4, source: 8, uid: 64, inode: 68 } as const

export interface PortHolder {
  readonly address: Address
  readonly uid: number
  readonly inode: number
  /** Absent where we may not see it. */
  readonly process?: { readonly pid: number; readonly command: string }
}

/** @throws WorldFault */
export function portHolders(port: number): PortHolder[] {
  const listeners = [AF_INET, AF_INET6].flatMap(family => listenersOn(family, port))
  if (listeners.length === 0) return []
  const processes = processesOf(new Set(listeners.map(({ inode }) => `socket:[${inode}]`)))
  return listeners.map(listener => {
    const process = processes.get(`socket:[${listener.inode}]`)
    return { ...listener, ...(process && { process }) }
  })
}

/** `bird (pid 4711)`, else `a process of uid 0 (socket inode 12345)`. */
export function renderHolder({ process, uid, inode }: PortHolder): string {
  return process ? `${process.command} (pid ${process.pid})` : `a process of uid ${uid} (socket inode ${inode})`
}

function listenersOn(family: number, port: number): PortHolder[] {
  const socket = new NetlinkSocket(NETLINK_SOCK_DIAG)
  try {
    const request = new MessageWriter().u8(family).u8(IPPROTO_TCP).u16(0).u32(LISTEN).raw(new Uint8Array(SOCKET_ID))
    return socket
      .dump('looking for listeners', SOCK_DIAG_BY_FAMILY, request.bytes)
      .filter(({ body }) => ((body[ANSWER.port]! << 8) | body[ANSWER.port + 1]!) === port)
      .map(({ body }) => ({
        address: new Address(body.slice(ANSWER.source, ANSWER.source + (family === AF_INET ? 4 : 16))),
        uid: u32At(body, ANSWER.uid),
        inode: u32At(body, ANSWER.inode),
      }))
  } finally {
    socket.close()
  }
}

/** @param sockets link targets, `socket:[INODE]` */
function processesOf(sockets: ReadonlySet<string>): Map<string, { pid: number; command: string }> {
  const found = new Map<string, { pid: number; command: string }>()
  for (const pid of readable(() => readdirSync('/proc')) ?? []) {
    if (!/^\d+$/.test(pid)) continue
    for (const fd of readable(() => readdirSync(`/proc/${pid}/fd`)) ?? []) {
      const target = readable(() => readlinkSync(`/proc/${pid}/fd/${fd}`))
      if (target === undefined || !sockets.has(target)) continue
      const command = readable(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim())
      if (command !== undefined) found.set(target, { pid: Number(pid), command })
    }
  }
  return found
}

/** What may not be read, or has gone meanwhile, tells nothing. */
function readable<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown) return undefined
    throw thrown
  }
}
