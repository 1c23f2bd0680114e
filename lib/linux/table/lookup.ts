/**
 * The kernel's route to a next hop, routes of ours left aside. The kernel's own lookup answers at once (policy rules counted
 * in); only where it meets a route of ours do the rows of others decide, and these somebody else reads and brings: a table
 * of a million rows takes seconds to read.
 *
 * Rule: only what the kernel says of the address is an answer. A question that failed was not answered.
 */
import { WorldFault } from '../../base/failure.ts'
import type { Address, Family } from '../../base/ip.ts'
import { type KernelRoute, prefixOf } from '../netlink/route.ts'
import type { Lookup } from './next-hop.ts'

/** What the lookup answers instead of a row (fib_props of the kernel). */
const REFUSALS: Readonly<Record<string, string>> = {
  ENETUNREACH: 'no route to it',
  EHOSTUNREACH: 'a route says it is unreachable',
  EACCES: 'a route prohibits it',
  EINVAL: 'a blackhole route holds it',
  ENODEV: 'its interface is not there',
}

interface Covered {
  readonly address: Address
  /** The best of the rows of others; undefined: not read yet. */
  readonly answer: KernelRoute | string | undefined
}

export class KernelLookup {
  readonly #ask: (address: Address) => KernelRoute
  readonly #isOurs: (route: KernelRoute) => boolean
  /** By address: the ones that a route of ours covers. */
  #covered = new Map<string, Covered>()

  /**
   * @param ask the kernel's own lookup; throws WorldFault
   * @param isOurs whether a row is one of the routes that must not resolve next hops
   */
  constructor(ask: (address: Address) => KernelRoute, isOurs: (route: KernelRoute) => boolean) {
    this.#ask = ask
    this.#isOurs = isOurs
  }

  readonly lookup: Lookup = address => {
    const key = address.toString()
    try {
      const route = this.#ask(address)
      if (this.#isOurs(route)) {
        const known = this.#covered.get(key)
        if (known === undefined) this.#covered.set(key, { address, answer: undefined })
        return known?.answer
      }
      this.#covered.delete(key)
      return route
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      const refusal = REFUSALS[thrown.code]
      if (refusal !== undefined) this.#covered.delete(key)
      return refusal
    }
  }

  /** Whether the rows of others are needed. */
  get isCovered(): boolean {
    return this.#covered.size > 0
  }

  /** Whether a row of the table may be an answer. */
  concerns(route: KernelRoute): boolean {
    if (this.#isOurs(route)) return false
    if (this.#covered.size === 0) return false
    const prefix = prefixOf(route)
    for (const { address } of this.#covered.values()) if (prefix.contains(address)) return true
    return false
  }

  /** All rows of a family that `concerns` picked. @param whole nothing changed while they were read: what is not among them is not there */
  tell(family: Family, rows: readonly KernelRoute[], whole: boolean): void {
    for (const [key, { address, answer }] of this.#covered) {
      if (address.family !== family) continue
      const best = bestOf(rows, address) ?? (whole ? REFUSALS['ENETUNREACH'] : answer)
      this.#covered.set(key, { address, answer: best })
    }
  }

  /** Nobody asks for the rest any more. */
  keepOnly(isAsked: (address: Address) => boolean): void {
    for (const [key, { address }] of this.#covered) if (!isAsked(address)) this.#covered.delete(key)
  }
}

/** The longest match, of equals the lowest metric. */
function bestOf(rows: readonly KernelRoute[], address: Address): KernelRoute | undefined {
  let best: KernelRoute | undefined
  for (const row of rows) if ((best === undefined || isBetter(row, best)) && prefixOf(row).contains(address)) best = row
  return best
}

function isBetter(one: KernelRoute, other: KernelRoute): boolean {
  return one.length === other.length ? one.metric < other.metric : one.length > other.length
}
