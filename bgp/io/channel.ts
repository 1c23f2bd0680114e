/**
 * A `net.Socket` as the engine's Channel. Nothing is copied on the way out; one system call takes all chunks of a
 * `write`. Errors become one sentence in `onClosed`; nothing is thrown and nothing is called after it.
 */
import { isIP, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { getSystemErrorMessage } from 'node:util'
import { Address, parseAddress } from '../../lib/base/ip.ts'
import { unmapped } from '../../lib/linux/socket-address.ts'
import { type Channel, ChannelEvents } from '../transport.ts'

/** How long the other end may take to answer our FIN, in milliseconds. */
const LINGER = 3000

/**
 * Milliseconds of a turn of the event loop in which channels read on. A peer that sends without pause would have two megabytes
 * worked off before anybody else, or any timer, has its turn.
 */
const READING = 5

let turnBegan = Number.NaN

/** When the first channel began to read in this turn of the event loop. */
function readingTurn(): number {
  if (Number.isNaN(turnBegan)) {
    turnBegan = performance.now()
    setImmediate(endTurn)
  }
  return turnBegan
}

function endTurn(): void {
  turnBegan = Number.NaN
}

export class SocketChannel extends ChannelEvents implements Channel {
  readonly #socket: Socket
  #local: Address
  #remote: Address
  #interface: string | undefined
  #reason = 'closed'
  #closing = false

  /** @param ends what is known before the connection is made; of an accepted one the socket itself knows */
  constructor(socket: Socket, ends?: { local: Address; remote: Address; interface: string | undefined }) {
    super()
    this.#socket = socket
    this.#local = ends?.local ?? socketEnd(socket.localAddress)
    this.#remote = ends?.remote ?? socketEnd(socket.remoteAddress)
    this.#interface = ends === undefined ? zoneOf(socket.remoteAddress) : ends.interface
    socket.setNoDelay(true)
    socket.on('connect', () => {
      this.#local = socketEnd(socket.localAddress)
      this.#remote = socketEnd(socket.remoteAddress)
      if (!this.#closing) this.onConnect()
    })
    socket.on('data', chunk => {
      const turn = readingTurn()
      if (!this.#closing) this.onData(octetsOf(chunk))
      if (performance.now() - turn > READING) this.#giveWay()
    })
    socket.on('end', () => {
      if (!this.#closing) this.#reason = 'closed by the peer'
    })
    socket.on('error', error => {
      if (!this.#closing) this.#reason = describe(error)
    })
    socket.on('close', () => this.onClosed(this.#reason))
  }

  get local(): Address {
    return this.#local
  }

  get remote(): Address {
    return this.#remote
  }

  get interface(): string | undefined {
    return this.#interface
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket
    if (this.#closing || chunks.length === 0) return socket.writableLength === 0
    const last = chunks.length - 1
    socket.cork()
    for (let at = 0; at < last; at++) socket.write(chunks[at]!)
    socket.write(chunks[last]!, this.#written)
    socket.uncork()
    return socket.writableLength === 0
  }

  close(): void {
    if (this.#closing) return
    // a dial that were let finish would look like a restart to a peer with whom a session is up (RFC 4724 §5)
    if (this.#socket.connecting) return this.destroy()
    this.#closing = true
    // what still arrives is read and dropped: closing with unread octets would send RST, which can overtake our last words
    this.#socket.end()
    const timer = setTimeout(() => this.#socket.destroy(), LINGER)
    this.#socket.once('close', () => clearTimeout(timer))
  }

  destroy(): void {
    this.#closing = true
    this.#socket.destroy()
  }

  /** TCP holds back what this end does not read. */
  #giveWay(): void {
    this.#socket.pause()
    setImmediate(() => this.#socket.resume())
  }

  readonly #written = (error?: Error | null): void => {
    if (!error && !this.#closing && this.#socket.writableLength === 0) this.onDrain()
  }
}

/** A connection that could not even be begun: closes with the reason in the next turn. */
export class FailedChannel extends ChannelEvents implements Channel {
  readonly bufferedBytes = 0
  readonly local: Address
  readonly remote: Address
  readonly interface: string | undefined

  constructor(ends: { local: Address; remote: Address; interface: string | undefined }, reason: string) {
    super()
    this.local = ends.local
    this.remote = ends.remote
    this.interface = ends.interface
    setImmediate(() => this.onClosed(reason))
  }

  write(): boolean {
    return true
  }

  close(): void {}

  destroy(): void {}
}

/** The unspecified address for an end that is not there (any more). */
function socketEnd(text: string | undefined): Address {
  const address = text?.split('%')[0] ?? ''
  return isIP(address) === 0 ? new Address(new Uint8Array(4)) : unmapped(parseAddress(address))
}

/** A Buffer has a map of its own in V8: code that was made for plain octets, such as our own, is thrown away when it meets one. */
function octetsOf({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length)
}

/** `eth1` of `fe80::1%eth1`. */
function zoneOf(text: string | undefined): string | undefined {
  return text?.split('%')[1]
}

function describe(error: Error): string {
  const errno = 'errno' in error ? Number(error.errno) : 0
  return errno < 0 ? getSystemErrorMessage(errno) : error.message
}
