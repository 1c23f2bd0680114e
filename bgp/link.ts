/**
 * One connection of a peering as octets: messages out of what the channel brings, and whether what we send gets away. The one
 * place where a peer's fault is caught, and the one where whoever looks on is told of messages. Knows no session and no route.
 */
import type { MessageSink, Passage } from './passage.ts'
import type { ConnectionId, PeerInput } from './session/input.ts'
import type { Negotiated } from './session/negotiation.ts'
import type { Channel } from './transport.ts'
import { PeerFault } from './wire/fault.ts'
import { Framer } from './wire/framer.ts'
import { countMessages, messageLength } from './wire/header.ts'
import { headerLength, maxExtendedMessageLength, messageType } from './wire/iana.ts'
import { decodeMessage } from './wire/message.ts'
import { cease, errorCode } from './wire/notification.ts'
import { noOctets } from './wire/octets.ts'
import type { UpdateReader } from './wire/update-reader.ts'

/** Most UPDATEs of a chunk that are kept back; who asks for more is told of each at once. */
const MOST_UNTOLD = 128

/**
 * Where UPDATEs of the chunk that is being read begin and end, of which nobody has been told yet: a ring. Chunks are read one
 * after another, each in one go, so that all links share it.
 */
const untold: { readonly places: Int32Array; count: number; link: Link | undefined } = {
  places: new Int32Array(2 * MOST_UNTOLD),
  count: 0,
  link: undefined,
}

export class Link {
  readonly id: ConnectionId
  readonly channel: Channel
  readonly #framer = new Framer()
  readonly #sink: MessageSink
  #received: Passage
  #sent: Passage
  /** What is being read. */
  #chunk: Uint8Array = noOctets
  /** When it came, ms on the engine's clock. */
  receivedAt = 0
  #enhancedRefresh = false
  /** Octets that the channel held back when we last looked; 0: none. */
  #held = 0

  constructor(id: ConnectionId, channel: Channel, sink: MessageSink) {
    this.id = id
    this.channel = channel
    this.#sink = sink
    const unread = { connection: id, fourOctetAs: true, addPath: [] }
    this.#received = { ...unread, direction: 'received' }
    this.#sent = { ...unread, direction: 'sent' }
  }

  /** What an UPDATE was read from. */
  get buffer(): Uint8Array {
    return this.#framer.buffer
  }

  /** What the OPENs have come to that changes how messages read. */
  agree({ extendedMessages, enhancedRefresh, fourOctetAs, addPath }: Negotiated): void {
    this.#received = { ...this.#received, fourOctetAs, addPath: addPath.receive }
    this.#sent = { ...this.#sent, fourOctetAs, addPath: addPath.send }
    this.#enhancedRefresh = enhancedRefresh
    if (extendedMessages) this.#framer.maxLength = maxExtendedMessageLength
  }

  /** Takes the next chunk, once `next` has said `more`. @param now ms on the engine's clock */
  push(chunk: Uint8Array, now: number): void {
    this.receivedAt = now
    this.#chunk = chunk
    this.#framer.push(chunk)
  }

  /**
   * The next message as an input; `routes`: an UPDATE, now in `reader`; `more`: the chunk is used up. Nothing can be read after
   * a fault.
   * @param reader of the session, where this is its connection
   * @param onBug told of a bug of ours in a decoder, which costs this connection and no other
   */
  next(reader: UpdateReader | undefined, onBug: (thrown: unknown) => void): PeerInput | 'routes' | 'more' {
    try {
      return this.#decode(reader)
    } catch (thrown) {
      this.#tellReceived()
      if (thrown instanceof PeerFault) return { type: 'fault', connection: this.id, fault: thrown }
      onBug(thrown)
      const fault = new PeerFault(errorCode.cease, cease.outOfResources, 'an internal error while decoding a message')
      return { type: 'fault', connection: this.id, fault }
    }
  }

  /** Whole messages. Returns whether octets have begun to wait. @param now ms on the engine's clock */
  write(chunks: readonly Uint8Array[], now: number): boolean {
    this.#tellReceived()
    for (const chunk of chunks) this.#tellSent(chunk, now)
    if (this.channel.write(chunks)) return false
    const before = this.#held
    this.#held = this.channel.bufferedBytes
    return before === 0
  }

  /** Nothing more of the chunk will be read: it may be of 64 KiB, and the next one far. */
  endChunk(): void {
    this.#tellReceived()
    this.#chunk = noOctets
  }

  /** Tells of the UPDATEs that have been read, as many of the last ones as are asked for. */
  #tellReceived(): void {
    if (untold.link !== this) return
    const { places, count } = untold
    untold.count = 0
    untold.link = undefined
    for (let number = Math.max(0, count - this.#sink.depth); number < count; number++) {
      const at = (2 * number) % places.length
      this.#sink.pass(this.#received, this.receivedAt, this.#chunk, places[at]!, places[at + 1]!)
    }
  }

  /** Whether some of what waited has gone since this was asked last. */
  progressed(): boolean {
    const before = this.#held
    this.#held = before === 0 ? 0 : this.channel.bufferedBytes
    return this.#held < before
  }

  /** All that waited has gone. */
  drained(): void {
    this.#held = 0
  }

  #tellSent(chunk: Uint8Array, now: number): void {
    const sink = this.#sink
    let skipped = countMessages(chunk) - sink.depth
    for (let at = 0; at < chunk.length; skipped--) {
      const end = at + messageLength(chunk, at)
      if (skipped <= 0) sink.pass(this.#sent, now, chunk, at, end)
      at = end
    }
  }

  /**
   * Notes or tells of a message. Only a few UPDATEs of a chunk are ever asked for: to tell of each would cost a tenth of what it
   * takes to learn its routes.
   */
  #note(type: number, buffer: Uint8Array, start: number, end: number): void {
    const { places } = untold
    if (type === messageType.update && buffer === this.#chunk && this.#sink.depth <= MOST_UNTOLD) {
      const before = untold.link
      if (before !== undefined && before !== this) before.#tellReceived()
      untold.link = this
      const at = (2 * untold.count++) % places.length
      places[at] = start
      places[at + 1] = end
      return
    }
    this.#tellReceived()
    this.#sink.pass(this.#received, this.receivedAt, buffer, start, end)
  }

  #decode(reader: UpdateReader | undefined): PeerInput | 'routes' | 'more' {
    const framer = this.#framer
    if (!framer.next()) return 'more'
    const { type, buffer, start, end } = framer
    this.#note(type, buffer, start - headerLength, end)
    if (type !== messageType.update) {
      const message = decodeMessage(type, buffer, start, end, this.#enhancedRefresh)
      return { type: 'message', connection: this.id, message }
    }
    if (reader === undefined) return { type: 'message', connection: this.id, message: { type: 'update' } }
    reader.read(buffer, start, end)
    return 'routes'
  }
}
