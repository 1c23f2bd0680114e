/** From which peers the next hops of installed routes came, for the agent after this one. Pure. */
import type { NextHopState } from '../../lib/linux/table/state.ts'
import type { NextHopSource } from './saved-state.ts'

/**
 * @param inherited what the agent before left: it counts on while any of its routes are there, for a peer that has not come
 * back yet may have sent them
 * @param peersOf ends of the peers that a next hop came from
 */
export function nextHopSources(
  installed: readonly NextHopState[],
  peersOf: (nextHop: string) => readonly string[],
  inherited: readonly NextHopSource[],
): NextHopSource[] {
  const found = new Map(
    inherited.map(({ nextHop, gateways, peers }) => [nextHop, { gateways: new Set(gateways), peers: new Set(peers) }]),
  )
  for (const { address, gateways } of installed) {
    const nextHop = address.toString()
    const source = found.get(nextHop) ?? { gateways: new Set(), peers: new Set() }
    found.set(nextHop, source)
    for (const gateway of gateways) source.gateways.add(gateway.toString())
    for (const peer of peersOf(nextHop)) source.peers.add(peer)
  }
  return Array.from(found, ([nextHop, { gateways, peers }]) => ({
    nextHop,
    gateways: [...gateways],
    peers: [...peers].sort(),
  }))
}
