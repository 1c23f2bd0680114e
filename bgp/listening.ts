/** Where a speaker listens, and what it asks of segments there. Knows no session. */
import { hostPrefix } from '../lib/base/prefix.ts'
import { listenRule } from './peering-terms.ts'
import type { SpeakerConfig } from './speaker-config.ts'
import type { Channel, Listener, ListenOptions, Transport } from './transport.ts'

export class Listening {
  readonly #transport: Pick<Transport, 'listen'>
  readonly #accept: (channel: Channel) => void
  #listener: Listener | undefined
  /** Where `#listener` listens. */
  #where: ListenOptions | undefined

  constructor(transport: Pick<Transport, 'listen'>, accept: (channel: Channel) => void) {
    this.#transport = transport
    this.#accept = accept
  }

  /**
   * Listens where `config` says and nowhere else, with its rules from the first segment on.
   * @throws WorldFault when the port cannot be had, and nobody listens then, or when the kernel cannot take the rules
   */
  configure({ listen, peers, ranges = [] }: SpeakerConfig): void {
    const wanted = listen === undefined || listen.addresses.length === 0 ? undefined : listen
    const rules = [
      ...peers.map(peer => listenRule(hostPrefix(peer.address), peer)),
      ...ranges.map(({ prefix, template }) => listenRule(prefix, template)),
    ]
    if (JSON.stringify(wanted) === JSON.stringify(this.#where)) return this.#listener?.secure(rules)
    this.end()
    if (wanted === undefined) return
    this.#listener = this.#transport.listen({ ...wanted, rules }, this.#accept)
    this.#where = wanted
  }

  end(): void {
    this.#listener?.close()
    this.#listener = this.#where = undefined
  }
}
