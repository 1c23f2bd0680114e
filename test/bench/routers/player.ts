/**
 * Plays one peer of a router over a real TCP connection: opens the session, sends octets that were made before, and keeps what
 * comes with the time of its coming. Nothing is judged while the clock runs: `rightSince` does that afterwards, chunk by chunk.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Framer } from '../../../bgp/wire/framer.ts'
import { afiOf, messageType, safi } from '../../../bgp/wire/iana.ts'
import { decodeMessage, encodeMessage } from '../../../bgp/wire/message.ts'
import { notificationName } from '../../../bgp/wire/notification.ts'
import type { Family } from '../../../lib/base/ip.ts'
import { type Digest, isSame, nothing, Table, type TableKind } from './table.ts'
import { type PlayedPeer, ROUTER_AS } from './workload.ts'

const PORT = 179
/** Seconds; no run takes as long as to need many keepalives. */
const LONG_HOLD_TIME = 240
const KEEPALIVE = encodeMessage({ type: 'keepalive' })
/** Between two attempts, ms: a router that has just been started may not listen yet. */
const RETRY = 20

interface Chunk {
  /** Of `performance.now()`. */
  readonly at: number
  readonly octets: Uint8Array
}

export class PlayedSession {
  readonly #peer: PlayedPeer
  readonly #socket: Socket
  readonly #table: Table
  #chunks: Chunk[] = []
  #expected: Digest = nothing
  /** Since when the table of what has been judged is the expected one; undefined: it is not. */
  #right: number | undefined
  #beat: NodeJS.Timeout | undefined
  /** When octets came last; 0: none yet. */
  lastAt = 0
  /** Between one coming of octets and the next, since the session came up, ms. */
  readonly silences: number[] = []
  /** Why the session is over. */
  ended: string | undefined

  private constructor(peer: PlayedPeer, socket: Socket, kind: TableKind) {
    this.#peer = peer
    this.#socket = socket
    this.#table = new Table(kind, peer.client ? { routerId: peer.address } : { routerAs: ROUTER_AS })
  }

  /**
   * Resolves in Established. The socket is opened in the namespace of the calling thread.
   * @param deadline of `performance.now()`
   */
  static async open(
    peer: PlayedPeer,
    families: readonly Family[],
    kind: TableKind,
    deadline: number,
  ): Promise<PlayedSession> {
    for (;;) {
      const socket = connect({ host: peer.router, port: PORT, localAddress: peer.address, noDelay: true })
      try {
        await once(socket, 'connect')
        const session = new PlayedSession(peer, socket, kind)
        await session.#establish(families, deadline)
        return session
      } catch (thrown) {
        socket.destroy()
        if (performance.now() > deadline) throw thrown
        await sleep(RETRY)
      }
    }
  }

  send(octets: Uint8Array): void {
    this.#socket.write(octets)
  }

  /** What the table is to become from now on. */
  expect(expected: Digest): void {
    this.#expected = expected
    this.#right = undefined
  }

  /** Judges what has come. Since when, of `performance.now()`, the table is the expected one; undefined: it is not. */
  rightSince(): number | undefined {
    for (const { at, octets } of this.#chunks) {
      this.#table.take(octets)
      if (!isSame(this.#table.digest, this.#expected)) this.#right = undefined
      else this.#right ??= at
    }
    this.#chunks = []
    return this.#right
  }

  /** What has come since this was asked, in place of `rightSince`: a stream of whole and half messages. */
  take(): Uint8Array[] {
    const octets = this.#chunks.map(chunk => chunk.octets)
    this.#chunks = []
    return octets
  }

  get routes(): number {
    return this.#table.digest.routes
  }

  close(): void {
    clearInterval(this.#beat)
    this.#socket.destroy()
  }

  async #establish(families: readonly Family[], deadline: number): Promise<void> {
    const { asNumber, address, holdTime = LONG_HOLD_TIME } = this.#peer
    const socket = this.#socket
    const capabilities = [
      ...families.map(family => ({ type: 'multiprotocol' as const, afi: afiOf(family), safi: safi.unicast })),
      { type: 'routeRefresh' as const },
      { type: 'fourOctetAs' as const, asNumber },
    ]
    const routerId = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
    socket.write(encodeMessage({ type: 'open', asNumber, holdTime, routerId, capabilities }))
    const framer = new Framer()
    const established = Promise.withResolvers<void>()
    const late = setTimeout(
      () => established.reject(new Error(`${address}: no session in time`)),
      deadline - performance.now(),
    )
    const fail = (reason: string) => {
      this.ended ??= reason
      established.reject(new Error(`${address}: ${reason}`))
    }
    socket.on('error', error => fail(error.message)).on('close', () => fail('the connection was closed'))
    const hear = (octets: Uint8Array) => {
      framer.push(octets)
      while (framer.next()) {
        if (framer.type === messageType.update) continue
        const message = decodeMessage(framer.type, framer.buffer, framer.start, framer.end)
        if (message.type === 'notification') fail(notificationName(message.code, message.subcode))
        if (message.type === 'open') socket.write(KEEPALIVE)
        if (message.type === 'keepalive') established.resolve()
      }
    }
    // all of the stream is recorded, the OPEN as well: the table passes over what is no UPDATE
    socket.on('data', this.#record)
    socket.on('data', hear)
    try {
      await established.promise
      this.#beat = setInterval(() => socket.write(KEEPALIVE), (1000 * holdTime) / 4)
      this.silences.length = 0
    } finally {
      clearTimeout(late)
      socket.off('data', hear)
    }
  }

  readonly #record = (octets: Uint8Array): void => {
    const before = this.lastAt
    this.lastAt = performance.now()
    if (before > 0) this.silences.push(this.lastAt - before)
    this.#chunks.push({ at: this.lastAt, octets })
  }
}
