/**
 * Next hops of routes, resolved to gateways and links: a next hop on a link of ours is the gateway itself, any other one
 * is reached through the gateway of the kernel's route to it. Pure: the kernel's word comes through `lookup`.
 *
 * Rules: a route of ours never resolves a next hop (it would lead in circles); a set with one reachable next hop is
 * reachable; an answer holds until refreshed, and beyond it where the kernel does not answer then. Where it has never
 * answered, nothing is known, and what is not known to be unreachable counts as reachable.
 */
import { Address } from '../../base/ip.ts'
import type { Hop, Path } from '../netlink/route.ts'
import type { Forwarding, ForwardingTable } from './forwarding.ts'
import type { NextHopState, NextHopVerdict } from './state.ts'

/** The kernel's route to an address, ours left aside; or why there is none; undefined: it cannot be told just now. */
export type Lookup = (address: Address) => Path | string | undefined

/** Where a next hop leads; why nowhere; or nothing is known. */
interface Resolution {
  readonly hops: readonly Hop[]
  /** Why it cannot be reached; undefined: it can, or may. */
  readonly reason: string | undefined
  readonly isKnown: boolean
}

const UNKNOWN: Resolution = { hops: [], reason: undefined, isKnown: false }

export class NextHopSet {
  /** At least one. */
  readonly addresses: readonly Address[]
  readonly key: string
  /** Routes that want it. */
  users = 0
  /** As of `generation`; undefined: unreachable, see `reason`. */
  forwarding: Forwarding | undefined
  reason = ''
  /** Of one of them at least nothing is known, and of the others none can be reached: what is in the kernel shall stay. */
  isUnknown = false
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
  /** Asked for by somebody, whether a route wants them or not: what he was told last, by address. */
  readonly #tracked = new Map<string, { readonly address: Address; readonly told: Resolution }>()
  #answers = new Map<string, Resolution>()
  #generation = 0
  /** Whether the kernel owes us an answer since the last refresh: another one is needed soon. */
  isOwed = false
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
    const hops = answers.flatMap(answer => answer.hops)
    const reasons = answers.flatMap(({ reason }, at) => (reason ? `next hop ${set.addresses[at]}: ${reason}` : []))
    set.isUnknown = hops.length === 0 && answers.some(({ isKnown }) => !isKnown)
    set.forwarding = hops.length === 0 ? undefined : this.#forwardings.intern({ type: 'unicast', hops })
    set.reason = set.isUnknown ? 'the kernel has not told yet how to reach its next hop' : reasons.join('; ')
    return set.forwarding
  }

  /** Whether it can be reached now; from here on `changedVerdicts` tells of it. */
  track(address: Address): NextHopVerdict {
    const told = this.#resolveOne(address)
    this.#tracked.set(address.toString(), { address, told })
    return { address, reason: told.reason }
  }

  untrack(address: Address): void {
    this.#tracked.delete(address.toString())
    this.#answers.delete(address.toString())
  }

  /** The tracked next hops that can be reached now and could not when last told, or the other way round, or another way. */
  changedVerdicts(): NextHopVerdict[] {
    const changed: NextHopVerdict[] = []
    for (const [key, { address, told }] of this.#tracked) {
      const now = this.#resolveOne(address)
      if (isSame(now, told)) continue
      this.#tracked.set(key, { address, told: now })
      changed.push({ address, reason: now.reason })
    }
    return changed
  }

  /**
   * Links or routes of the kernel have changed: asks anew, one question per step; until the last one all answers stay.
   * Returns the sets in use that lead elsewhere now.
   */
  *refreshing(): Generator<void, Set<NextHopSet>> {
    this.isOwed = false
    const answers = new Map<string, Resolution>()
    for (const [key, address] of this.#asked()) {
      answers.set(key, this.#ask(address, key))
      yield
    }
    this.#answers = answers
    this.#generation++
    const changed = new Set<NextHopSet>()
    for (const set of this.#sets.values()) {
      const { forwarding, isUnknown, generation } = set
      const isOther = this.resolve(set) !== forwarding || set.isUnknown !== isUnknown
      if (isOther && generation !== -1) changed.add(set)
    }
    return changed
  }

  /** How many routes have no reachable next hop. */
  get unreachable(): number {
    let routes = 0
    for (const set of this.#sets.values()) if (this.resolve(set) === undefined) routes += set.users
    return routes
  }

  /** Whether it was asked about in the last refresh or since. */
  isAsked(address: Address): boolean {
    return this.#answers.has(address.toString())
  }

  /** Each next hop in use, once. */
  states(): NextHopState[] {
    return Array.from(this.#used().values(), address => {
      const { hops, reason = '' } = this.#resolveOne(address)
      return { address, reachable: hops.length > 0, reason, gateways: hops.map(({ gateway }) => gateway ?? address) }
    })
  }

  #used(): Map<string, Address> {
    const used = new Map<string, Address>()
    for (const { addresses } of this.#sets.values())
      for (const address of addresses) used.set(address.toString(), address)
    return used
  }

  #asked(): Map<string, Address> {
    const asked = this.#used()
    for (const [key, { address }] of this.#tracked) asked.set(key, address)
    return asked
  }

  #resolveOne(address: Address): Resolution {
    const key = address.toString()
    const known = this.#answers.get(key)
    if (known !== undefined) return known
    const answer = this.#ask(address, key)
    this.#answers.set(key, answer)
    return answer
  }

  #ask(address: Address, key: string): Resolution {
    const found = this.#lookup(address)
    if (found === undefined) this.isOwed = true
    return found === undefined ? (this.#answers.get(key) ?? UNKNOWN) : resolution(address, found)
  }
}

function isSame(one: Resolution, other: Resolution): boolean {
  const { hops } = other
  const isSameHop = ({ gateway, link }: Hop, at: number) =>
    link === hops[at]!.link && gateway?.toString() === hops[at]!.gateway?.toString()
  return one.reason === other.reason && one.hops.length === hops.length && one.hops.every(isSameHop)
}

/** Judges the kernel's route to a next hop. */
function resolution(address: Address, found: Path | string): Resolution {
  const no = (reason: string) => ({ hops: [], reason, isKnown: true })
  if (typeof found === 'string') return no(found)
  if (found.type === 'local') return no('an address of this host')
  if (found.type !== 'unicast' || found.hops.length === 0)
    return no(`the kernel's route to it is of type ${found.type}`)
  // the kernel names the link beside the gateway, and no zone in it
  const onLink = address.zone === undefined ? address : new Address(address.bytes)
  const hops = found.hops.map(hop => ({ ...hop, gateway: hop.gateway ?? onLink }))
  return { hops, reason: undefined, isKnown: true }
}
