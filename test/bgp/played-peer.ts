/**
 * A peer played by the test on the network in memory: it takes one connection after the other, shows what our side says,
 * and says what the test tells it to. Its hold time is 0, so that nothing has to be kept alive.
 */
import type { Channel } from '../../bgp/transport.ts'
import { asTrans } from '../../bgp/wire/iana.ts'
import type { Message } from '../../bgp/wire/message.ts'
import type { Open } from '../../bgp/wire/open.ts'
import { type Address, parseAddress } from '../../lib/base/ip.ts'
import type { MemoryNetwork } from './memory-world.ts'
import { PlayedConnection } from './played-connection.ts'
import { message, updateBody } from './wire/hex.ts'

type Answer = (open: Open) => readonly (Message | Uint8Array)[]

export class PlayedPeer {
  readonly address: Address
  readonly as: number
  /** OPENs that came, one per connection that got so far. */
  readonly opens: Open[] = []
  /** All that there have been, in order. */
  readonly connections: PlayedConnection[] = []
  readonly #network: MemoryNetwork

  /** @param answer what it says to an OPEN */
  constructor(network: MemoryNetwork, address: string, as: number, answer: Answer) {
    this.address = parseAddress(address)
    this.as = as
    this.#network = network
    network.host(this.address).listen({ addresses: [this.address], port: 179 }, channel => {
      const connection = this.#join(channel)
      connection.onMessage = heard => {
        if (heard.type === 'open') this.#answer(connection, heard, answer)
      }
    })
  }

  /** Bodies of the UPDATEs that came, on all connections. */
  get updates(): Uint8Array[] {
    return this.connections.flatMap(({ updates }) => updates)
  }

  /** `code/subcode data` of the NOTIFICATIONs that came, on all connections. */
  get notifications(): string[] {
    return this.connections.flatMap(({ notifications }) => notifications)
  }

  /** The OPEN of a plain BGP-4 speaker, with these capabilities. */
  open(capabilities: Open['capabilities'] = []): Open {
    const asNumber = this.as > 0xffff ? asTrans : this.as
    return { type: 'open', asNumber, holdTime: 0, routerId: this.address.uint32, capabilities }
  }

  /** Dials: a connection that says nothing by itself. */
  dial(to: Address): PlayedConnection {
    return this.#join(this.#network.host(this.address).dial({ address: to, port: 179 }))
  }

  /** Sends an UPDATE: withdrawn routes, attributes, NLRI, in hexadecimal. */
  update(withdrawn: string, attributes: string, nlri: string): void {
    this.send(message('update', updateBody({ withdrawn, attributes, nlri })))
  }

  /** Sends octets, whatever they are, on the last connection. */
  send(bytes: Uint8Array): void {
    this.connections.at(-1)?.send(bytes)
  }

  #join(channel: Channel): PlayedConnection {
    const connection = new PlayedConnection(channel)
    this.connections.push(connection)
    return connection
  }

  #answer(connection: PlayedConnection, open: Open, answer: Answer): void {
    this.opens.push(open)
    const answers = answer(open)
    connection.send(...answers)
    const last = answers.at(-1)
    if (last !== undefined && 'type' in last && last.type === 'notification') connection.close()
  }
}
