/**
 * Echo requests over raw-socket: it hears all ICMP, so that it knows who on the way refused a packet, a VXLAN packet of the
 * tunnel included. Needs CAP_NET_RAW and the native module, which is optional.
 */
import { createRequire } from 'node:module'
import { performance } from 'node:perf_hooks'
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import { type Address, type Family, parseAddress } from '../../lib/base/ip.ts'
import {
  type Answer,
  checksum,
  decodeMessage,
  type Echoer,
  encodeRequest,
  type HeardAnswer,
  withoutHeader,
} from './echo.ts'

/** What we use of the package, which has no types of its own. */
interface RawSocket {
  on(event: 'message', listener: (packet: Uint8Array, source: string) => void): void
  on(event: 'error', listener: (error: Error) => void): void
  setOption(level: number, option: number, value: Uint8Array, length: number): void
  send(
    message: Uint8Array,
    offset: number,
    length: number,
    address: string,
    before: undefined,
    after: (error: Error | null) => void,
  ): void
  close(): void
}

interface RawSocketPackage {
  createSocket(options: { protocol: number; addressFamily: number; bufferSize: number }): RawSocket
}

const ADDRESS_FAMILY = { 4: 1, 6: 2 } as const
const PROTOCOL = { 4: 1, 6: 58 } as const
/** IP_MTU_DISCOVER and IPV6_MTU_DISCOVER; 3: never fragment, and ask no cache how large a packet may be. */
const MTU_DISCOVER = { 4: { level: 0, option: 10 }, 6: { level: 41, option: 23 } } as const
const PROBE = Uint8Array.of(3, 0, 0, 0)
const LARGEST_PACKET = 65_536

interface Waiting {
  readonly sent: number
  readonly timer: NodeJS.Timeout
  readonly settle: (answer: Answer) => void
}

let sockets = 0

export class RawEcho implements Echoer {
  readonly means = 'raw-socket'
  readonly #target: Address
  readonly #family: Family
  readonly #socket: RawSocket
  readonly #onUdp: (port: number, destination: Address, answer: HeardAnswer) => void
  readonly #id = (process.pid + sockets++) & 0xffff
  readonly #waiting = new Map<number, Waiting>()
  #sequence = 0

  /**
   * Opens its socket in the calling thread's network namespace.
   * @param onUdp hears what was refused of the UDP packets of this host
   * @throws WorldFault with the reason why raw-socket cannot serve
   */
  constructor(target: Address, onUdp: (port: number, destination: Address, answer: HeardAnswer) => void = () => {}) {
    this.#target = target
    this.#family = target.family
    this.#onUdp = onUdp
    this.#socket = open(target.family)
    this.#socket.on('message', (packet, source) => this.#hear(packet, source))
    this.#socket.on('error', error => this.#settleAll({ type: 'unsendable', reason: error.message }))
  }

  echo(size: number, timeout: number): Promise<Answer> {
    this.#sequence = (this.#sequence + 1) & 0xffff
    const sequence = this.#sequence
    const message = encodeRequest(this.#family, this.#id, sequence, size)
    // the kernel writes that of ICMPv6 itself (RFC 3542 §3.1)
    if (this.#family === 4) new DataView(message.buffer).setUint16(2, checksum(message))
    return new Promise(resolve => {
      const settle = (answer: Answer) => {
        clearTimeout(timer)
        this.#waiting.delete(sequence)
        resolve(answer)
      }
      const timer = setTimeout(() => settle({ type: 'silent' }), timeout)
      this.#waiting.set(sequence, { sent: performance.now(), timer, settle })
      this.#socket.send(Buffer.from(message.buffer), 0, message.length, this.#target.toString(), undefined, error => {
        if (error === null) return
        const isTooBig = /message too long|EMSGSIZE/i.test(error.message)
        settle(isTooBig ? { type: 'tooBig', mtu: 0, from: undefined } : { type: 'unsendable', reason: error.message })
      })
    })
  }

  close(): void {
    this.#settleAll({ type: 'silent' })
    this.#socket.close()
  }

  #hear(packet: Uint8Array, source: string): void {
    const heard = decodeMessage(this.#family, withoutHeader(this.#family, packet), parseAddress(source.split('%')[0]!))
    if (heard === undefined) return
    if (heard.about === 'udp') return this.#onUdp(heard.port, heard.destination, heard.answer)
    const waiting = heard.id === this.#id ? this.#waiting.get(heard.sequence) : undefined
    if (waiting === undefined) return
    const { answer } = heard
    waiting.settle(answer.type === 'reply' ? { type: 'reply', milliseconds: performance.now() - waiting.sent } : answer)
  }

  #settleAll(answer: Answer): void {
    for (const { settle } of [...this.#waiting.values()]) settle(answer)
  }
}

function open(family: Family): RawSocket {
  try {
    const raw = createRequire(import.meta.url)('raw-socket') as RawSocketPackage
    const socket = raw.createSocket({
      protocol: PROTOCOL[family],
      addressFamily: ADDRESS_FAMILY[family],
      bufferSize: LARGEST_PACKET,
    })
    const { level, option } = MTU_DISCOVER[family]
    socket.setOption(level, option, Buffer.from(PROBE), PROBE.length)
    return socket
  } catch (thrown) {
    const [reason] = reasonOf(thrown).split('\n')
    throw new WorldFault('PODPEER_NO_RAW_SOCKET', `raw-socket: ${reason}`, { retry: false, cause: thrown })
  }
}
