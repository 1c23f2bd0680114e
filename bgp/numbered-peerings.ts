/**
 * The peerings of a speaker by their number in the RIB, which tells them here what to send. Methods of a class are the same
 * functions for every speaker, so that what the compiler made of them in a rehearsal serves the real one.
 */
import type { Family } from '../lib/base/ip.ts'
import type { Peering } from './peering.ts'
import type { RibSink } from './rib/export-group.ts'

export class NumberedPeerings implements RibSink {
  readonly #peerings: (Peering | undefined)[] = []

  get(number: number): Peering | undefined {
    return this.#peerings[number]
  }

  add(peering: Peering): void {
    this.#peerings[peering.number] = peering
  }

  remove(peering: Peering): void {
    this.#peerings[peering.number] = undefined
  }

  send(peer: number, chunks: readonly Uint8Array[]): boolean {
    return this.#peerings[peer]?.send(chunks) ?? false
  }

  endOfRibSent(peer: number, family: Family): void {
    this.#peerings[peer]?.endOfRibSent(family)
  }

  refreshed(peer: number, family: Family): void {
    this.#peerings[peer]?.refreshed(family)
  }

  limitReached(peer: number, family: Family): void {
    this.#peerings[peer]?.limitReached(family)
  }
}
