/**
 * The kernel routes that the Loc-RIB wants, by prefix: a set of next hops, more than one with multipath. Only learned routes
 * of peers whose routes may be installed; a prefix of our own is in the kernel through its interface. What changed waits in the path table's kernel queue until the
 * shell takes it. Says what is wanted; what is installed, and whether it could be, is the shell's to know.
 */
import type { Address } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import { resized } from '../../lib/base/typed-array.ts'
import type { AnnouncementTable } from './announcement-table.ts'
import type { Decision } from './decision.ts'
import { type NextHopTable, SELF } from './next-hop-table.ts'
import type { PathTable } from './path-table.ts'
import type { PeerTable } from './peer-table.ts'

/** A wanted kernel route that changed: no next hops means that there must be none. Addresses in ascending order. */
export interface KernelChange {
  readonly prefix: Prefix
  readonly nextHops: readonly Address[]
}

interface NextHopSet {
  readonly key: string
  readonly members: readonly number[]
  readonly addresses: readonly Address[]
  references: number
}

export class KernelRoutes {
  readonly #table: PathTable
  readonly #announcements: AnnouncementTable
  readonly #nextHops: NextHopTable
  readonly #peers: PeerTable
  readonly #maxPaths: number
  /** By prefix: 0 for none, a next hop's id, or minus the number of a set of several. Holds a reference to it. */
  #wanted = new Int32Array(0)
  readonly #sets = new Map<number, NextHopSet>()
  readonly #setNumbers = new Map<string, number>()
  #lastSet = 0
  /** The next hop asked for last, as a list: neighbouring prefixes mostly share it. */
  #single: { id: number; addresses: readonly Address[] } = { id: SELF, addresses: [] }

  constructor(
    table: PathTable,
    sources: {
      readonly announcements: AnnouncementTable
      readonly nextHops: NextHopTable
      readonly peers: PeerTable
    },
    maxPaths: number,
  ) {
    this.#table = table
    this.#announcements = sources.announcements
    this.#nextHops = sources.nextHops
    this.#peers = sources.peers
    this.#maxPaths = maxPaths
  }

  /** Takes in what was just decided for a prefix. */
  update(prefix: number, best: number, decision: Decision): void {
    const { capacity } = this.#table.prefixes
    if (capacity !== this.#wanted.length) this.#wanted = resized(this.#wanted, capacity)
    const wanted = this.#want(best, decision)
    const before = this.#wanted[prefix]!
    if (wanted === before) {
      this.#release(wanted)
      return
    }
    this.#wanted[prefix] = wanted
    this.#release(before)
    this.#table.touchKernel(prefix)
  }

  nextHopsOf(prefix: number): readonly Address[] {
    const wanted = this.#wanted[prefix] ?? 0
    if (wanted < 0) return this.#sets.get(wanted)!.addresses
    if (wanted === SELF) return []
    if (wanted !== this.#single.id) this.#single = { id: wanted, addresses: [this.#nextHops.address(wanted)] }
    return this.#single.addresses
  }

  /** Takes at most `limit` changes. */
  take(limit: number): KernelChange[] {
    this.#single = { id: SELF, addresses: [] } // an id may have come to name another address
    const { prefixes, kernel } = this.#table
    return Array.from({ length: Math.min(limit, kernel.length) }, () => {
      const prefix = this.#table.nextKernel()
      return { prefix: prefixes.prefix(prefix), nextHops: this.nextHopsOf(prefix) }
    })
  }

  /** What the decision asks for, with one reference more. */
  #want(best: number, decision: Decision): number {
    if (best === 0) return SELF
    const nextHop = this.#nextHopOf(best)
    if (nextHop === SELF || !this.#mayInstall(best)) return SELF
    this.#nextHops.retain(nextHop)
    if (this.#maxPaths === 1 || decision.count === 1) return nextHop
    const others = this.#equals(decision).filter(id => id !== nextHop)
    if (others.length === 0) return nextHop
    this.#nextHops.release(nextHop)
    return this.#intern([nextHop, ...others.slice(0, this.#maxPaths - 1)])
  }

  /** The next hops of the multipath set, each once, in the order of their addresses. */
  #equals(decision: Decision): number[] {
    const ids = new Set<number>()
    for (let at = 0; at < decision.count; at++)
      if (decision.lost[at] === 0 && this.#mayInstall(decision.paths[at]!))
        ids.add(this.#nextHopOf(decision.paths[at]!))
    return [...ids].sort((one, other) => this.#compare(one, other))
  }

  #intern(members: number[]): number {
    members.sort((one, other) => this.#compare(one, other))
    const key = members.join(' ')
    const known = this.#setNumbers.get(key)
    if (known !== undefined) {
      this.#sets.get(known)!.references++
      return known
    }
    for (const member of members) this.#nextHops.retain(member)
    const number = --this.#lastSet
    const addresses = members.map(member => this.#nextHops.address(member))
    this.#sets.set(number, { key, members, addresses, references: 1 })
    this.#setNumbers.set(key, number)
    return number
  }

  #release(wanted: number): void {
    if (wanted >= 0) {
      this.#nextHops.release(wanted)
      return
    }
    const set = this.#sets.get(wanted)!
    if (--set.references > 0) return
    for (const member of set.members) this.#nextHops.release(member)
    this.#sets.delete(wanted)
    this.#setNumbers.delete(set.key)
  }

  #mayInstall(path: number): boolean {
    return this.#peers.uninstalled[this.#announcements.peer[this.#table.announcement[path]!]!] === 0
  }

  #nextHopOf(path: number): number {
    return this.#announcements.nextHop[this.#table.announcement[path]!]!
  }

  #compare(one: number, other: number): number {
    const [left, right] = [this.#nextHops.address(one).bytes, this.#nextHops.address(other).bytes]
    return Buffer.compare(left, right) || one - other
  }
}
