/**
 * A peer played by the test on the network in memory: it takes one connection after the other, shows what our side says,
 * and says what the test tells it to. Its hold time is 0, so that nothing has to be kept alive.
 */
import type { Channel } from '../../bgp/transport.ts'
import { Framer } from '../../bgp/wire/framer.ts'
import { asTrans, messageType } from '../../bgp/wire/iana.ts'
import { decodeMessage, encodeMessage, type Message } from '../../bgp/wire/message.ts'
import type { Open } from '../../bgp/wire/open.ts'
import { type Address, parseAddress } from '../../lib/base/ip.ts'
import type { MemoryNetwork } from './memory-world.ts'
import { hex } from './wire/hex.ts'

type Answer = (open: Open) => readonly Message[]

export class PlayedPeer {
  readonly address: Address
  readonly as: number
  /** OPENs that came, one per connection that got so far. */
  readonly opens: Open[] = []
  /** Bodies of the UPDATEs that came. */
  readonly updates: Uint8Array[] = []
  readonly notifications: string[] = []
  #channel: Channel | undefined

  /** @param answer what it says to an OPEN */
  constructor(network: MemoryNetwork, address: string, as: number, answer: Answer) {
    this.address = parseAddress(address)
    this.as = as
    network.host(this.address).listen({ addresses: [this.address], port: 179 }, channel => this.#take(channel, answer))
  }

  /** The OPEN of a plain BGP-4 speaker, with these capabilities. */
  open(capabilities: Open['capabilities'] = []): Open {
    const asNumber = this.as > 0xffff ? asTrans : this.as
    return { type: 'open', asNumber, holdTime: 0, routerId: this.address.uint32, capabilities }
  }

  /** Sends an UPDATE: withdrawn routes, attributes, NLRI, in hexadecimal. */
  update(withdrawn: string, attributes: string, nlri: string): void {
    const parts = [hex(withdrawn), hex(attributes), hex(nlri)] as const
    const length = (bytes: Uint8Array) => [bytes.length >>> 8, bytes.length & 255]
    const body = [...length(parts[0]), ...parts[0], ...length(parts[1]), ...parts[1], ...parts[2]]
    const whole = 19 + body.length
    this.send(Uint8Array.from([...Array(16).fill(255), whole >>> 8, whole & 255, messageType.update, ...body]))
  }

  /** Sends octets, whatever they are. */
  send(bytes: Uint8Array): void {
    this.#channel?.write([bytes])
  }

  #take(channel: Channel, answer: Answer): void {
    this.#channel = channel
    const framer = new Framer()
    channel.onData = chunk => {
      framer.push(chunk)
      while (framer.next()) {
        const { type, buffer, start, end } = framer
        if (type === messageType.update) this.updates.push(buffer.slice(start, end))
        else this.#hear(decodeMessage(type, buffer, start, end), answer)
      }
    }
  }

  #hear(message: Message, answer: Answer): void {
    if (message.type === 'notification') this.notifications.push(`${message.code}/${message.subcode}`)
    if (message.type !== 'open') return
    this.opens.push(message)
    const answers = answer(message)
    for (const one of answers) this.send(encodeMessage(one))
    if (answers.at(-1)?.type === 'notification') this.#channel?.close()
  }
}
