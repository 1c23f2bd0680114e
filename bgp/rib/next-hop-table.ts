/**
 * Next hops as small integers, with the reason why one cannot be used: no neighbour can be reached by it (RFC 4271
 * §6.3, RFC 6890), it is our own, or somebody who knows the host said so. 0 is `self`: the next hop of our own routes. Counted
 * by references, so that next hops that nobody uses cost nothing. A verdict outlives its next hop's paths.
 *
 * It can tell which next hops come into use and go out of it. One that was told is held until it is told to be unused, so
 * that its number stays its own, and one that goes and comes back in between is not worth a word.
 */
import { Address, bitsOf, type Family } from '../../lib/base/ip.ts'
import { PrefixTable } from '../../lib/base/prefix-table.ts'
import { resized } from '../../lib/base/typed-array.ts'

export const SELF = 0

/** Where an octet of a link-local address is that is always 0, and the one behind it. */
const ZONE = 2

/** A next hop that paths have begun to use, or that none uses any more. */
export interface NextHopChange {
  readonly address: Address
  readonly used: boolean
}

/** What somebody who knows the host found out about a next hop. */
export interface NextHopVerdict {
  readonly address: Address
  /** In words: `no route to it`; undefined: it can be used. */
  readonly reason: string | undefined
}

export class NextHopTable {
  readonly #tables: Readonly<Record<Family, PrefixTable>>
  /** By id: `2 × (id in the family's table + 1)`, plus one for IPv6. */
  #references = new Uint32Array(64)
  /** 1 where the next hop cannot be used. */
  unusable = new Uint8Array(64)
  readonly #tells: boolean
  /** 1 where the next hop was told to be in use; we hold a reference to it then. */
  #told = new Uint8Array(64)
  /** Ids that may have something to tell. */
  readonly #changed = new Set<number>()
  readonly #reasons = new Map<string, string>()
  /** Our own addresses: how many peers' last sessions had each. */
  readonly #own = new Map<string, number>()
  readonly #quad = new Uint8Array(4)
  /** Interfaces of link-local next hops; the table knows them by their places here, from 1. */
  readonly #zones: string[] = []
  readonly #zoned = new Uint8Array(16)

  /** @param tells whether changes are kept for `takeChanges` */
  constructor(seed: number, tells: boolean) {
    this.#tells = tells
    this.#tables = { 4: new PrefixTable(4, seed), 6: new PrefixTable(6, seed) }
  }

  /** Next hops that are referred to. */
  get size(): number {
    return this.#tables[4].size + this.#tables[6].size
  }

  /** The id of an address of 4 or 16 octets, with one reference more; given back by `release`. */
  intern(bytes: Uint8Array, family: Family): number {
    const id = idOf(this.#tables[family].intern(bytes, 0, bitsOf(family)), family)
    if (id >= this.unusable.length) {
      const length = Math.max(id + 1, 2 * this.unusable.length)
      this.#references = resized(this.#references, length)
      this.unusable = resized(this.unusable, length)
      this.#told = resized(this.#told, length)
    }
    if (this.#references[id]!++ === 0) {
      this.unusable[id] = this.reason(id) === undefined ? 0 : 1
      if (this.#tells) this.#changed.add(id)
    }
    return id
  }

  internUint32(value: number): number {
    const quad = this.#quad
    quad[0] = value >>> 24
    quad[1] = value >>> 16
    quad[2] = value >>> 8
    quad[3] = value
    return this.intern(quad, 4)
  }

  /** A link-local address on the link of an interface. */
  internLinkLocal(bytes: Uint8Array, zone: string): number {
    return this.intern(this.#withZone(bytes, zone), 6)
  }

  /** Whether it means something on one link alone: it is told to nobody (RFC 2545 §2). */
  isLinkLocal(id: number): boolean {
    if (familyOf(id) === 4) return false
    this.#tables[6].write((id >> 1) - 1, this.#zoned, 0)
    return isLinkLocal(this.#zoned)
  }

  retain(id: number): void {
    if (id !== SELF) this.#references[id]!++
  }

  release(id: number): void {
    if (id === SELF || --this.#references[id]! > 1) return
    if (this.#references[id] === 0) this.#tables[familyOf(id)].release((id >> 1) - 1)
    else if (this.#told[id] === 1) this.#changed.add(id)
  }

  /** What came into use or went out of it since last taken, at most `limit`. */
  takeChanges(limit: number): NextHopChange[] {
    const changes: NextHopChange[] = []
    for (const id of this.#changed) {
      if (changes.length === limit) break
      this.#changed.delete(id)
      const told = this.#told[id]!
      const used = this.#references[id]! > told
      if (used === (told === 1)) continue
      changes.push({ address: this.address(id), used })
      this.#told[id] = used ? 1 : 0
      if (used) this.retain(id)
      else this.release(id)
    }
    return changes
  }

  /** Keeps the verdict on an address; returns the id whose paths must be judged again, undefined when there is none. */
  judge({ address, reason }: NextHopVerdict): number | undefined {
    if (reason === undefined) this.#reasons.delete(String(address))
    else this.#reasons.set(String(address), reason)
    return this.#judgeAgain(address)
  }

  /** One peer more has a session from this address of ours; returns what `judge` returns. */
  own(address: Address): number | undefined {
    this.#own.set(String(address), (this.#own.get(String(address)) ?? 0) + 1)
    return this.#judgeAgain(address)
  }

  /** The reverse of `own`. */
  disown(address: Address): number | undefined {
    const peers = (this.#own.get(String(address)) ?? 0) - 1
    if (peers > 0) this.#own.set(String(address), peers)
    else this.#own.delete(String(address))
    return this.#judgeAgain(address)
  }

  /** Why paths over it are ineligible, in words. */
  reason(id: number): string | undefined {
    const address = this.address(id)
    const text = String(address)
    return martianReason(address) ?? (this.#own.has(text) ? 'our own address' : this.#reasons.get(text))
  }

  address(id: number): Address {
    const family = familyOf(id)
    const bytes = new Uint8Array(bitsOf(family) / 8)
    this.#tables[family].write((id >> 1) - 1, bytes, 0)
    const zone = isLinkLocal(bytes) ? (bytes[ZONE]! << 8) | bytes[ZONE + 1]! : 0
    if (zone !== 0) bytes.fill(0, ZONE, ZONE + 2)
    return new Address(bytes, this.#zones[zone - 1])
  }

  /** Writes the 4 or 16 octets of the address, which is not link-local. */
  write(id: number, target: Uint8Array): void {
    this.#tables[familyOf(id)].write((id >> 1) - 1, target, 0)
  }

  /** In the octets of a link-local address that are always 0 (RFC 4291 §2.5.6) the table has the place of the interface. */
  #withZone(bytes: Uint8Array, zone: string): Uint8Array {
    let place = this.#zones.indexOf(zone) + 1
    if (place === 0) place = this.#zones.push(zone)
    this.#zoned.set(bytes)
    this.#zoned[ZONE] = place >>> 8
    this.#zoned[ZONE + 1] = place
    return this.#zoned
  }

  #judgeAgain(address: Address): number | undefined {
    const { family, zone } = address
    const bytes = zone === undefined ? address.bytes : this.#withZone(address.bytes, zone)
    const at = this.#tables[family].find(bytes, 0, bitsOf(family))
    if (at === -1) return undefined
    const id = idOf(at, family)
    const unusable = this.reason(id) === undefined ? 0 : 1
    if (unusable === this.unusable[id]) return undefined
    this.unusable[id] = unusable
    return id
  }
}

/** Why no packet can be sent to a neighbour with this address; undefined: it can. */
function martianReason({ bytes, family, zone }: Address): string | undefined {
  const first = bytes[0]!
  if (family === 4) {
    if (first === 0) return 'in 0.0.0.0/8, "this network"'
    if (first === 127) return 'a loopback address'
    return first >= 224 ? 'multicast or reserved' : undefined
  }
  if (first === 0xff) return 'multicast'
  if (isLinkLocal(bytes)) return zone === undefined ? 'a link-local address without an interface' : undefined
  if (bytes.subarray(0, 10).some(octet => octet !== 0)) return undefined
  if (bytes[10] === 0xff && bytes[11] === 0xff) return 'an IPv4 address mapped into IPv6'
  if (bytes.subarray(10, 15).some(octet => octet !== 0) || bytes[15]! > 1) return undefined
  return bytes[15] === 0 ? 'the unspecified address' : 'the loopback address'
}

/** fe80::/10 */
export function isLinkLocal(bytes: Uint8Array): boolean {
  return bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80
}

function idOf(at: number, family: Family): number {
  return 2 * (at + 1) + (family === 6 ? 1 : 0)
}

export function familyOf(id: number): Family {
  return (id & 1) === 1 ? 6 : 4
}
