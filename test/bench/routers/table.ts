/**
 * What a peer has been told, as a table and as a digest of it that does not depend on the order: the sum of a hash of each
 * route. It is kept while octets come in, so that "the table is right now" is one comparison.
 */

import { decodeAttributes } from '../../../bgp/wire/attribute-list.ts'
import { Framer } from '../../../bgp/wire/framer.ts'
import { messageType } from '../../../bgp/wire/iana.ts'
import { UpdateReader } from '../../../bgp/wire/update-reader.ts'
import { plainContext } from '../../bgp/wire/plain-session.ts'

export interface Digest {
  readonly routes: number
  /** Two sums of 32-bit hashes, modulo 2^32. */
  readonly sums: readonly [number, number]
}

export const nothing: Digest = { routes: 0, sums: [0, 0] }

export function isSame(one: Digest, other: Digest): boolean {
  return one.routes === other.routes && one.sums.every((sum, at) => sum === other.sums[at])
}

/** The digest of a table without the routes of another one that it holds. */
export function difference(whole: Digest, part: Digest): Digest {
  const [first, second] = whole.sums.map((sum, at) => (sum - part.sums[at]!) >>> 0)
  return { routes: whole.routes - part.routes, sums: [first!, second!] }
}

/** What counts of a route beside its prefix: AS_PATH, ORIGIN and communities, or the next hop. */
export type TableKind = 'path' | 'next hop'

/** Read as from an internal session, where no attribute is dropped for coming from outside. */
const asInternal = plainContext({ fourOctetAs: true, internal: true, families: [4, 6], localAs: 0, peerAs: 0 })

/** What the listener is to the router that tells it. */
export interface Listener {
  /** Put in front of each path by the router; such a number does not count. */
  readonly routerAs?: number
  /** Of the listener itself: a route with it as ORIGINATOR_ID is one of its own (RFC 4456 §8). */
  readonly routerId?: string
}

export class Table {
  readonly #kind: TableKind
  readonly #listener: Listener
  readonly #routes = new Map<string, string>()
  readonly #framer = new Framer()
  readonly #reader = new UpdateReader(asInternal)
  #sums: [number, number] = [0, 0]

  constructor(kind: TableKind, listener: Listener = {}) {
    this.#kind = kind
    this.#listener = listener
  }

  get digest(): Digest {
    return { routes: this.#routes.size, sums: [...this.#sums] }
  }

  /** Takes the next octets of a stream of messages; those that are no UPDATE say nothing. */
  take(octets: Uint8Array): void {
    const framer = this.#framer
    framer.push(octets)
    while (framer.next()) if (framer.type === messageType.update) this.#update(framer.buffer, framer.start, framer.end)
  }

  #update(buffer: Uint8Array, start: number, end: number): void {
    const reader = this.#reader
    reader.read(buffer, start, end)
    this.#each(buffer, reader.withdrawnStart, reader.withdrawnEnd, prefix => this.#put(`4${prefix}`, undefined))
    this.#each(buffer, reader.mpUnreachStart, reader.mpUnreachEnd, prefix => this.#put(`6${prefix}`, undefined))
    if (reader.nlriEnd > reader.nlriStart) {
      const value = this.#valueOf(reader, String(reader.nextHop4))
      this.#each(buffer, reader.nlriStart, reader.nlriEnd, prefix => this.#put(`4${prefix}`, value))
    }
    if (reader.mpReachEnd > reader.mpReachStart) {
      const value = this.#valueOf(reader, reader.mpNextHop.toString())
      this.#each(buffer, reader.mpReachStart, reader.mpReachEnd, prefix =>
        this.#put(`${reader.mpReachFamily}${prefix}`, value),
      )
    }
  }

  /** @param visit takes length and octets of a prefix as a string */
  #each(buffer: Uint8Array, start: number, end: number, visit: (prefix: string) => void): void {
    for (let at = start; at < end; ) {
      const next = at + 1 + ((buffer[at]! + 7) >> 3)
      visit(String.fromCharCode(...buffer.subarray(at, next)))
      at = next
    }
  }

  /** Undefined: the listener's own route come back, which it does not take. */
  #valueOf(reader: UpdateReader, nextHop: string): string | undefined {
    const { routerAs, routerId } = this.#listener
    const values = decodeAttributes(reader.attributes, 0, reader.attributesEnd)
    if (routerId !== undefined && values.originatorId?.toString() === routerId) return undefined
    if (this.#kind === 'next hop') return nextHop
    const path = values.asPath ?? []
    // a router that does not put itself in front tells another path
    const told = routerAs === undefined ? path : path[0] === routerAs ? path.slice(1) : ['bare', ...path]
    // their order means nothing, and some routers sort them
    return JSON.stringify([told, values.origin, values.communities?.toSorted(), values.largeCommunities?.toSorted()])
  }

  /** @param value undefined: withdrawn */
  #put(prefix: string, value: string | undefined): void {
    const before = this.#routes.get(prefix)
    if (before === value) return
    if (before !== undefined) this.#add(`${prefix} ${before}`, -1)
    if (value === undefined) this.#routes.delete(prefix)
    else {
      this.#add(`${prefix} ${value}`, 1)
      this.#routes.set(prefix, value)
    }
  }

  #add(route: string, sign: 1 | -1): void {
    let [first, second] = [0x811c9dc5, 0x9e3779b9]
    for (let at = 0; at < route.length; at++) {
      const code = route.charCodeAt(at)
      first = Math.imul(first ^ code, 0x01000193)
      second = Math.imul(second ^ code, 0x85ebca6b) ^ (second >>> 15)
    }
    this.#sums = [(this.#sums[0] + sign * (first >>> 0)) >>> 0, (this.#sums[1] + sign * (second >>> 0)) >>> 0]
  }
}
