/**
 * The sockets on which BFD packets arrive, as many as the sessions need: one for each family and port. One that cannot be
 * had (another BFD daemon holds the port) is tried again. It understands no packet.
 */
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import type { Family } from '../../lib/base/ip.ts'
import { closeDescriptor } from '../../lib/linux/libc.ts'
import { listLinks } from '../../lib/linux/netlink/link.ts'
import { NetlinkSocket } from '../../lib/linux/netlink/socket.ts'
import { DatagramReader, openUdpReceiver } from '../../lib/linux/udp.ts'
import { type BfdSessionConfig, MULTIHOP_PORT, SINGLE_HOP_PORT } from '../bfd/session-config.ts'
import type { Arrival } from '../bfd/table.ts'

/** Milliseconds between two tries. */
const RETRY = 2000
/**
 * Datagrams of one socket that are taken before the timers get their turn: more than its buffer holds where nobody has made
 * it larger, so that none that had come in time is looked at too late; bounded, for a flood would never end.
 */
const BATCH = 512

interface Ear {
  readonly family: Family
  readonly multihop: boolean
  fd: number | undefined
  problem: string | undefined
}

export class BfdEars {
  readonly #ears = new Map<string, Ear>()
  readonly #reader = new DatagramReader()
  #retryAt = Number.POSITIVE_INFINITY
  /** Names of interfaces by number; undefined where no session asks for one. */
  #links: Map<number, string> | undefined

  /** Opens and closes so that these sessions are heard. */
  want(sessions: readonly BfdSessionConfig[], now: number): void {
    const wanted = new Map(
      sessions.map(({ remote: { family }, multihop }) => {
        const ear: Ear = { family, multihop: multihop !== undefined, fd: undefined, problem: undefined }
        return [`${family} ${ear.multihop}`, ear]
      }),
    )
    for (const [key, { fd }] of this.#ears)
      if (!wanted.has(key)) {
        if (fd !== undefined) closeDescriptor(fd)
        this.#ears.delete(key)
      }
    for (const [key, ear] of wanted) if (!this.#ears.has(key)) this.#ears.set(key, ear)
    this.#links = sessions.some(session => session.interface !== undefined) ? new Map() : undefined
    this.#open(now)
  }

  get descriptors(): number[] {
    return [...this.#ears.values()].flatMap(({ fd }) => fd ?? [])
  }

  /** Sentences. */
  get problems(): string[] {
    return [...this.#ears.values()].flatMap(({ problem }) => problem ?? [])
  }

  /** When `retry` has something to do, ms; Infinity: never. */
  get deadline(): number {
    return this.#retryAt
  }

  retry(now: number): void {
    if (now >= this.#retryAt) this.#open(now)
  }

  /** What has come to one of `descriptors`. @throws WorldFault */
  *receive(fd: number): Generator<Arrival> {
    const ear = [...this.#ears.values()].find(one => one.fd === fd)
    if (ear === undefined) return
    for (let count = 0; count < BATCH; count++) {
      const datagram = this.#reader.receive(fd)
      if (datagram === undefined) return
      yield { ...datagram, interface: this.#nameOf(datagram.link), multihop: ear.multihop }
    }
  }

  close(): void {
    for (const fd of this.descriptors) closeDescriptor(fd)
    this.#ears.clear()
  }

  #open(now: number): void {
    this.#retryAt = Number.POSITIVE_INFINITY
    for (const ear of this.#ears.values()) {
      if (ear.fd !== undefined) continue
      try {
        ear.fd = openUdpReceiver(ear.family, ear.multihop ? MULTIHOP_PORT : SINGLE_HOP_PORT)
        ear.problem = undefined
      } catch (thrown) {
        if (!(thrown instanceof WorldFault)) throw thrown
        ear.problem = `no BFD packets can be received: ${reasonOf(thrown)}`
        this.#retryAt = now + RETRY
      }
    }
  }

  /** A number that is not known yet is one of an interface that is new. */
  #nameOf(link: number): string {
    if (this.#links === undefined) return ''
    const known = this.#links.get(link)
    if (known !== undefined) return known
    const socket = new NetlinkSocket()
    try {
      this.#links = new Map(listLinks(socket).map(({ index, name }) => [index, name]))
    } finally {
      socket.close()
    }
    return this.#links.get(link) ?? ''
  }
}
