/** One connection at the test's end: it keeps what comes, decoded, and sends what the test tells it to, well-formed or not. */
import type { Channel } from '../../bgp/transport.ts'
import { Framer } from '../../bgp/wire/framer.ts'
import { maxExtendedMessageLength, messageType } from '../../bgp/wire/iana.ts'
import { decodeMessage, encodeMessage, type Message } from '../../bgp/wire/message.ts'
import { toHex } from './wire/hex.ts'

export class PlayedConnection {
  /** Bodies of the UPDATEs that came. */
  readonly updates: Uint8Array[] = []
  /** All other messages that came. */
  readonly heard: Message[] = []
  /** Every message but KEEPALIVE in the order in which they came: `update`, `routeRefresh 1/1 subtype 2`. */
  readonly story: string[] = []
  /** Why it is over. */
  closed: string | undefined
  onMessage = (_message: Message): void => {}
  readonly #channel: Channel
  readonly #framer = new Framer()

  constructor(channel: Channel) {
    this.#channel = channel
    this.#framer.maxLength = maxExtendedMessageLength
    channel.onData = chunk => this.#take(chunk)
    channel.onClosed = reason => {
      this.closed = reason
    }
  }

  /** `code/subcode data` of each NOTIFICATION that came, the data as hexadecimal. */
  get notifications(): string[] {
    return this.heard.flatMap(message =>
      message.type === 'notification' ? [`${message.code}/${message.subcode} ${toHex(message.data)}`.trim()] : [],
    )
  }

  /** Sends messages, or octets whatever they are. */
  send(...messages: readonly (Message | Uint8Array)[]): void {
    this.#channel.write(messages.map(one => (one instanceof Uint8Array ? one : encodeMessage(one))))
  }

  close(): void {
    this.#channel.close()
  }

  #take(chunk: Uint8Array): void {
    const framer = this.#framer
    framer.push(chunk)
    while (framer.next()) {
      const { type, buffer, start, end } = framer
      if (type === messageType.update) {
        this.updates.push(buffer.slice(start, end))
        this.story.push('update')
      } else {
        const message = decodeMessage(type, buffer, start, end)
        this.heard.push(message)
        if (message.type !== 'keepalive') this.story.push(wordsOf(message))
        this.onMessage(message)
      }
    }
  }
}

function wordsOf(message: Message): string {
  if (message.type !== 'routeRefresh') return message.type
  return `routeRefresh ${message.afi}/${message.safi} subtype ${message.subtype}`
}
