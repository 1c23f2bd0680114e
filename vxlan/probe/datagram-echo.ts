/**
 * Echo requests over the kernel's ICMP datagram socket: for where raw-socket cannot serve. It hears replies only, not who
 * on the way refused a packet.
 */
import { WorldFault } from '../../lib/base/failure.ts'
import type { Address } from '../../lib/base/ip.ts'
import { Pinger } from '../../lib/linux/icmp.ts'
import { type Answer, type Echoer, HEADERS } from './echo.ts'

export class DatagramEcho implements Echoer {
  readonly means = 'ICMP datagram socket'
  readonly #target: Address
  /** By size of packet. */
  readonly #pingers = new Map<number, Pinger>()

  /** @throws WorldFault where the kernel does not let us */
  constructor(target: Address) {
    this.#target = target
    this.#pinger(HEADERS[target.family])
  }

  async echo(size: number, timeout: number): Promise<Answer> {
    try {
      return { type: 'reply', milliseconds: await this.#pinger(size).ping(timeout) }
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      if (thrown.code === 'ETIMEDOUT' || thrown.code === 'ECANCELED') return { type: 'silent' }
      if (thrown.code === 'EMSGSIZE') return { type: 'tooBig', mtu: 0, from: undefined }
      return { type: 'unsendable', reason: thrown.message }
    }
  }

  close(): void {
    for (const pinger of this.#pingers.values()) pinger.close()
    this.#pingers.clear()
  }

  #pinger(size: number): Pinger {
    const known = this.#pingers.get(size)
    if (known !== undefined) return known
    const octets = Math.max(0, size - HEADERS[this.#target.family])
    const pinger = new Pinger(this.#target, { size: octets, dontFragment: true })
    this.#pingers.set(size, pinger)
    return pinger
  }
}
