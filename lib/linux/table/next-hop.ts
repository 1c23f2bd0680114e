/**
 * Next hops of routes, resolved to gateways and links: a next hop on a link of ours is the gateway itself, any other one
 * is reached through the gateway of the kernel's route to it. Pure: the kernel's word comes through `lookup`.
 *
 * Rules: a route of ours never resolves a next hop (it would lead in circles); a set with one reachable next hop is
 * reachable; an answer holds until `refresh`.
 */
import type { Address } from '../../base/ip.ts'
import type { Hop, Path } from '../netlink/route.ts'
import type { Forwarding, ForwardingTable } from './forwarding.ts'
import type { NextHopState } from './state.ts'

/** The kernel's route to an address, ours left aside; or why there is none. */
export type Lookup = (address: Address) => Path | string

/** Where a set of next hops leads; or why nowhere. */
type Resolution = { readonly hops: readonly Hop[] } | { readonly reason: string }

export class NextHopSet {
  /** At least one. */
  readonly addresses: readonly Address[]
  readonly key: string
  /** Routes that want it. */
  users = 0
  /** As of `generation`; undefined: unreachable, see `reason`. */
  forwarding: Forwarding | undefined
  reason = ''
  generation = -1

  constructor(addresses: readonly Address[], key: string) {
    this.addresses = addresses
    this.key = key
  }
}

export class NextHops {
  readonly #lookup: Lookup
  readonly #forwardings: ForwardingTable
  readonly #sets = new Map<string, NextHopSet>()
  #answers = new Map<string, Resolution>()
  #generation = 0
  /** The set asked for last: neighbouring routes mostly share the very array. */
  #last: NextHopSet | undefined

  constructor(lookup: Lookup, forwardings: ForwardingTable) {
    this.#lookup = lookup
    this.#forwardings = forwardings
  }

  /** The one set of these addresses, which are not empty. */
  intern(addresses: readonly Address[]): NextHopSet {
    if (addresses === this.#last?.addresses) return this.#last
    if (addresses.length === 0) throw new RangeError('a set of next hops has at least one')
    const key = addresses
      .map(address => address.toString())
      .sort()
      .join(' ')
    this.#last = this.#sets.get(key) ?? new NextHopSet(addresses, key)
    return this.#last
  }

  /** One more route wants the set. */
  retain(set: NextHopSet): void {
    if (set.users++ === 0) this.#sets.set(set.key, set)
  }

  release(set: NextHopSet): void {
    if (--set.users === 0 && this.#sets.get(set.key) === set) this.#sets.delete(set.key)
  }

  /** Where the set leads by now; undefined: nowhere, and `reason` of the set says why. May ask the kernel. */
  resolve(set: NextHopSet): Forwarding | undefined {
    if (set.generation === this.#generation) return set.forwarding
    set.generation = this.#generation
    const answers = set.addresses.map(address => this.#resolveOne(address))
    const hops = answers.flatMap(answer => ('hops' in answer ? answer.hops : []))
    const reasons = answers.flatMap(answer => ('reason' in answer ? answer.reason : []))
    set.forwarding = hops.length === 0 ? undefined : this.#forwardings.intern({ type: 'unicast', hops })
    set.reason = hops.length === 0 ? reasons.join('; ') : ''
    return set.forwarding
  }

  /** Links or routes of the kernel have changed: asks anew. Returns the sets in use that lead elsewhere now. */
  refresh(): Set<NextHopSet> {
    this.#generation++
    this.#answers = new Map()
    const changed = new Set<NextHopSet>()
    for (const set of this.#sets.values()) {
      const before = set.forwarding
      const fresh = set.generation === -1
      if (this.resolve(set) !== before && !fresh) changed.add(set)
    }
    return changed
  }

  /** How many routes have no reachable next hop. */
  get unreachable(): number {
    let routes = 0
    for (const set of this.#sets.values()) if (this.resolve(set) === undefined) routes += set.users
    return routes
  }

  /** Each next hop in use, once. */
  states(): NextHopState[] {
    const used = new Map<string, Address>()
    for (const { addresses } of this.#sets.values())
      for (const address of addresses) used.set(address.toString(), address)
    return Array.from(used.values(), address => {
      const answer = this.#resolveOne(address)
      const hops = 'hops' in answer ? answer.hops : []
      return {
        address,
        reachable: hops.length > 0,
        reason: 'reason' in answer ? answer.reason : '',
        gateways: hops.map(({ gateway }) => gateway ?? address),
      }
    })
  }

  #resolveOne(address: Address): Resolution {
    const key = address.toString()
    const known = this.#answers.get(key)
    if (known !== undefined) return known
    const answer = resolution(address, this.#lookup(address))
    this.#answers.set(key, answer)
    return answer
  }
}

/** Judges the kernel's route to a next hop. */
function resolution(address: Address, found: Path | string): Resolution {
  if (typeof found === 'string') return { reason: `next hop ${address}: ${found}` }
  if (found.type === 'local') return { reason: `next hop ${address} is an address of this host` }
  if (found.type !== 'unicast' || found.hops.length === 0)
    return { reason: `next hop ${address} meets a route of type ${found.type}` }
  return { hops: found.hops.map(hop => ({ ...hop, gateway: hop.gateway ?? address })) }
}
