/**
 * A peer out of a recording: a connection in memory, whose other end is the router that was recorded. It greets with the OPEN that such
 * a router would have sent and then says what it is given; what it is told it forgets. Without a hold time it needs no KEEPALIVEs.
 */
import { type Address, parseAddress } from '../../lib/base/ip.ts'
import { type Channel, ChannelEvents, type Clock } from '../transport.ts'
import type { Capability } from '../wire/capability.ts'
import { afiOf, asTrans, headerLength, messageType, safi } from '../wire/iana.ts'
import { encodeMessage } from '../wire/message.ts'

export interface RecordedPeer {
  readonly address: Address
  readonly asNumber: number
  /** uint32, not 0. */
  readonly routerId: number
  readonly fourOctetAs: boolean
  /** Its NLRI carries path ids. */
  readonly addPath: boolean
}

/** Our end of all such connections. */
export const RECORDED_ENDS = { 4: parseAddress('127.0.0.1'), 6: parseAddress('::1') } as const

const FAMILIES = [4, 6] as const

export class RecordedChannel extends ChannelEvents implements Channel {
  readonly bufferedBytes = 0
  readonly interface = undefined
  readonly local: Address
  readonly remote: Address
  readonly #peer: RecordedPeer
  readonly #clock: Pick<Clock, 'yield'>
  #isOpen = true

  constructor(peer: RecordedPeer, clock: Pick<Clock, 'yield'>) {
    super()
    this.#peer = peer
    this.#clock = clock
    this.local = RECORDED_ENDS[peer.address.family]
    this.remote = peer.address
    this.#later(() => this.onConnect())
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (chunks.some(chunk => chunk[headerLength - 1] === messageType.open)) this.#later(() => this.#greet())
    return true
  }

  /** Whether anybody hears it. @param octets whole messages */
  say(octets: Uint8Array): boolean {
    if (this.#isOpen) this.onData(octets)
    return this.#isOpen
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#clock.yield(() => this.onClosed('closed'))
  }

  destroy(): void {
    this.close()
  }

  #greet(): void {
    const { asNumber, routerId, fourOctetAs, addPath } = this.#peer
    const families = FAMILIES.map(family => ({ afi: afiOf(family), safi: safi.unicast }))
    const capabilities: Capability[] = [
      ...families.map(family => ({ type: 'multiprotocol' as const, ...family })),
      { type: 'extendedNextHop', families: [{ ...families[0]!, nextHopAfi: afiOf(6) }] },
    ]
    if (fourOctetAs) capabilities.push({ type: 'fourOctetAs', asNumber })
    if (addPath)
      capabilities.push({ type: 'addPath', families: families.map(one => ({ ...one, send: true, receive: false })) })
    const number = asNumber > 0xffff ? asTrans : asNumber
    this.onData(encodeMessage({ type: 'open', asNumber: number, holdTime: 0, routerId, capabilities }))
    this.onData(encodeMessage({ type: 'keepalive' }))
  }

  #later(run: () => void): void {
    this.#clock.yield(() => {
      if (this.#isOpen) run()
    })
  }
}
