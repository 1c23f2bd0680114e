/** What a listener has been told, as it stands: prefix → attributes. Reads by nothing but the RFCs (test/bgp/rib/messages.ts). */
import { readUpdates, type TestAttributes } from '../bgp/rib/messages.ts'

const TYPE_AT = 18
const UPDATE = 2

export class Told {
  readonly routes = new Map<string, TestAttributes>()
  #rest = new Uint8Array(0)

  /** Takes the next octets of a stream of messages. */
  take(octets: Uint8Array): void {
    const all = Buffer.concat([this.#rest, octets])
    let at = 0
    while (all.length - at >= 19) {
      const end = at + all.readUInt16BE(at + 16)
      if (end > all.length) break
      if (all[at + TYPE_AT] === UPDATE) this.#update(all.subarray(at, end))
      at = end
    }
    this.#rest = Uint8Array.from(all.subarray(at))
  }

  #update(message: Uint8Array): void {
    for (const { announced, attributes, withdrawn } of readUpdates(message)) {
      for (const prefix of withdrawn) this.routes.delete(prefix)
      for (const prefix of announced) this.routes.set(prefix, attributes!)
    }
  }
}
