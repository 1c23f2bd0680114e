/**
 * The kernel's route to a next hop, routes of ours left aside. The kernel's own lookup answers first (policy rules
 * counted in); only where it meets a route of ours is the table read for the best of the others.
 */
import { WorldFault } from '../../base/failure.ts'
import type { Address } from '../../base/ip.ts'
import { type KernelRoute, prefixOf, routePages, routeTo } from '../netlink/route.ts'
import type { NetlinkSocket } from '../netlink/socket.ts'
import type { Lookup } from './next-hop.ts'

/** What the lookup answers instead of a row (fib_props of the kernel). */
const REFUSALS: Readonly<Record<string, string>> = {
  ENETUNREACH: 'no route to it',
  EHOSTUNREACH: 'a route says it is unreachable',
  EACCES: 'a route prohibits it',
  EINVAL: 'a blackhole route holds it',
}

/** @param isOurs whether a row is one of the routes that must not resolve next hops */
export function kernelLookup(socket: NetlinkSocket, table: number, isOurs: (route: KernelRoute) => boolean): Lookup {
  return address => {
    try {
      const route = routeTo(socket, address)
      return isOurs(route) ? bestOther(socket, table, isOurs, address) : route
    } catch (thrown) {
      if (thrown instanceof WorldFault) return REFUSALS[thrown.code] ?? thrown.message
      throw thrown
    }
  }
}

/** The longest match, of equals the lowest metric. */
function bestOther(
  socket: NetlinkSocket,
  table: number,
  isOurs: (route: KernelRoute) => boolean,
  address: Address,
): KernelRoute | string {
  let best: KernelRoute | undefined
  for (const page of routePages(socket, { family: address.family, table }))
    for (const route of page) {
      if (best !== undefined && !isBetter(route, best)) continue
      if (!isOurs(route) && prefixOf(route).contains(address)) best = route
    }
  return best ?? REFUSALS['ENETUNREACH']!
}

function isBetter(one: KernelRoute, other: KernelRoute): boolean {
  return one.length === other.length ? one.metric < other.metric : one.length > other.length
}
