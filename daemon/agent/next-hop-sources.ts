/**
 * From which peers the next hops of installed routes came, for the agent after this one. The RIB is asked about a few
 * routes per next hop: which peers share a next hop does not differ from route to route, so that a table of a million
 * routes costs no more than one of ten.
 */
import type { KernelChange, Speaker } from '../../bgp/index.ts'
import type { NextHopSource } from './saved-state.ts'
import type { KernelTable } from './world.ts'

/** Routes asked about per next hop. */
const SAMPLES = 4

interface Source {
  readonly peers: Set<string>
  samples: number
}

export class NextHopSources {
  readonly #speaker: Speaker
  readonly #table: KernelTable | undefined
  readonly #addressOf: (peer: string) => string | undefined
  readonly #sources = new Map<string, Source>()

  /** @param addressOf the address of a peer by its name */
  constructor(speaker: Speaker, table: KernelTable | undefined, addressOf: (peer: string) => string | undefined) {
    this.#speaker = speaker
    this.#table = table
    this.#addressOf = addressOf
  }

  /** Returns whether something new was learned. */
  note(changes: readonly KernelChange[]): boolean {
    let learned = false
    for (const { prefix, nextHops } of changes) {
      const thin = nextHops.some(address => this.#source(address.toString()).samples < SAMPLES)
      if (!thin) continue
      for (const { nextHop, peer } of this.#speaker.explain(prefix)?.paths ?? []) {
        const name = this.#speaker.peerName(peer)
        const address = name === undefined ? undefined : this.#addressOf(name)
        if (nextHop === undefined || address === undefined) continue
        const source = this.#source(nextHop.toString())
        learned ||= !source.peers.has(address)
        source.peers.add(address)
      }
      for (const address of nextHops) this.#source(address.toString()).samples++
    }
    return learned
  }

  /** Next hops that no route uses any more are left out. */
  list(): NextHopSource[] {
    const states = this.#table?.nextHopStates() ?? []
    return states.flatMap(({ address, gateways }) => {
      const nextHop = address.toString()
      const source = this.#sources.get(nextHop)
      return source === undefined ? [] : [{ nextHop, gateways: gateways.map(String), peers: [...source.peers] }]
    })
  }

  #source(nextHop: string): Source {
    const known = this.#sources.get(nextHop)
    if (known !== undefined) return known
    const fresh = { peers: new Set<string>(), samples: 0 }
    this.#sources.set(nextHop, fresh)
    return fresh
  }
}
