/**
 * Echo requests to one address over the kernel's ICMP datagram socket: no raw socket, no capability, no program. The
 * kernel writes identifier and checksum and hands us only answers to our own requests. It needs our group to be within
 * net.ipv4.ping_group_range (both families; most container runtimes say so, a fresh network namespace does not).
 */
import { createSocket, type Socket } from 'node:dgram'
import { performance } from 'node:perf_hooks'
import { WorldFault } from '../base/failure.ts'
import type { Address } from '../base/ip.ts'
import {
  AF_INET,
  AF_INET6,
  bindSocket,
  closeDescriptor,
  openSocket,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  setSocketOption,
} from './libc.ts'
import { encodeSocketAddress } from './socket-address.ts'

const PROTOCOL = { 4: 1, 6: 58 } as const
/** RFC 792, RFC 4443 §4. */
const ECHO_REQUEST = { 4: 8, 6: 128 } as const
const ECHO_REPLY = { 4: 0, 6: 129 } as const
const HEADER = 8
/** IP_MTU_DISCOVER, IPV6_MTU_DISCOVER; IP_PMTUDISC_PROBE. */
const MTU_DISCOVER = { 4: { level: 0, option: 10 }, 6: { level: 41, option: 23 } } as const
const PROBE = 3
/** dgram insists on a port; ICMP has none. */
const NO_PORT = 1

export interface PingOptions {
  readonly source?: Address
  /** Octets after the ICMP header; default 56. */
  readonly size?: number
  /** Never, not even where a cache says that the path takes less: a request that is too large fails with EMSGSIZE. */
  readonly dontFragment?: boolean
}

interface Waiting {
  readonly sent: number
  readonly timer: NodeJS.Timeout
  readonly settle: (outcome: number | WorldFault) => void
}

export class Pinger {
  readonly #target: Address
  readonly #size: number
  readonly #socket: Socket
  readonly #waiting = new Map<number, Waiting>()
  #sequence = 0

  /** Opens its socket in the calling thread's network namespace. @throws WorldFault EACCES, EADDRNOTAVAIL … */
  constructor(target: Address, { source, size = 56, dontFragment = false }: PingOptions = {}) {
    const { family } = target
    const fd = openSocket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, PROTOCOL[family])
    try {
      const { level, option } = MTU_DISCOVER[family]
      if (dontFragment) setSocketOption(fd, level, option, PROBE, 'IP_MTU_DISCOVER')
      if (source !== undefined)
        bindSocket(fd, encodeSocketAddress({ address: source, port: 0 }), `sending echo requests from ${source}`)
    } catch (thrown) {
      closeDescriptor(fd)
      throw thrown
    }
    this.#target = target
    this.#size = size
    this.#socket = createSocket(family === 4 ? 'udp4' : 'udp6')
    this.#socket.on('message', message => this.#receive(message))
    this.#socket.on('error', error => this.#fail(error))
    this.#socket.bind({ fd })
  }

  /**
   * Sends one echo request. Several may be under way.
   * @returns milliseconds until its answer
   * @throws WorldFault ETIMEDOUT, or why it could not be sent
   */
  ping(timeoutMs = 1000): Promise<number> {
    const { family } = this.#target
    this.#sequence = (this.#sequence + 1) & 0xffff
    const sequence = this.#sequence
    const message = new Uint8Array(HEADER + this.#size)
    message[0] = ECHO_REQUEST[family]
    message[6] = sequence >> 8
    message[7] = sequence
    return new Promise((resolve, reject) => {
      const settle = (outcome: number | WorldFault) => {
        clearTimeout(timer)
        this.#waiting.delete(sequence)
        if (typeof outcome === 'number') resolve(outcome)
        else reject(outcome)
      }
      const late = `no answer from ${this.#target} within ${timeoutMs} ms`
      const timer = setTimeout(() => settle(new WorldFault('ETIMEDOUT', late, { retry: true })), timeoutMs)
      this.#waiting.set(sequence, { sent: performance.now(), timer, settle })
      this.#socket.send(message, NO_PORT, this.#target.toString(), error => {
        if (error) settle(this.#fault(error))
      })
    })
  }

  /** What is under way fails. */
  close(): void {
    for (const { settle } of [...this.#waiting.values()])
      settle(new WorldFault('ECANCELED', `the ping of ${this.#target} was given up`, { retry: false }))
    this.#socket.close()
  }

  #receive(message: Uint8Array): void {
    const waiting = this.#waiting.get((message[6]! << 8) | message[7]!)
    if (message[0] === ECHO_REPLY[this.#target.family]) waiting?.settle(performance.now() - waiting.sent)
  }

  #fail(error: Error): void {
    for (const { settle } of [...this.#waiting.values()]) settle(this.#fault(error))
  }

  #fault(error: Error): WorldFault {
    const code = 'code' in error ? String(error.code) : 'EIO'
    return new WorldFault(code, `sending an echo request to ${this.#target}: ${error.message}`, { retry: true })
  }
}

/** One echo request over a socket of its own. */
export async function ping(target: Address, options: PingOptions & { timeoutMs?: number } = {}): Promise<number> {
  const pinger = new Pinger(target, options)
  try {
    return await pinger.ping(options.timeoutMs)
  } finally {
    pinger.close()
  }
}
