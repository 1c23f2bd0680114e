/**
 * Next hops as small integers, with the reason why one cannot be used. 0 is `self`: the next hop of our own routes. Counted
 * by references, so that next hops that nobody uses cost nothing. A verdict outlives its next hop's paths.
 */
import { Address, bitsOf, type Family } from '../../lib/base/ip.ts'
import { PrefixTable } from '../../lib/base/prefix-table.ts'
import { resized } from './typed-array.ts'

export const SELF = 0

export class NextHopTable {
  readonly #tables: Readonly<Record<Family, PrefixTable>>
  /** By id: `2 × (id in the family's table + 1)`, plus one for IPv6. */
  #references = new Uint32Array(64)
  /** 1 where the next hop cannot be used. */
  unusable = new Uint8Array(64)
  readonly #reasons = new Map<string, string>()
  readonly #quad = new Uint8Array(4)

  constructor(seed: number) {
    this.#tables = { 4: new PrefixTable(4, seed), 6: new PrefixTable(6, seed) }
  }

  /** Next hops that are referred to. */
  get size(): number {
    return this.#tables[4].size + this.#tables[6].size
  }

  /** The id of an address of 4 or 16 octets, with one reference more; given back by `release`. */
  intern(bytes: Uint8Array, family: Family): number {
    const id = 2 * (this.#tables[family].intern(bytes, 0, bitsOf(family)) + 1) + (family === 6 ? 1 : 0)
    if (id >= this.unusable.length) {
      const length = Math.max(id + 1, 2 * this.unusable.length)
      this.#references = resized(this.#references, length)
      this.unusable = resized(this.unusable, length)
    }
    if (this.#references[id]!++ === 0)
      this.unusable[id] = this.#reasons.size > 0 && this.#reasons.has(String(this.address(id))) ? 1 : 0
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

  retain(id: number): void {
    if (id !== SELF) this.#references[id]!++
  }

  release(id: number): void {
    if (id === SELF || --this.#references[id]! > 0) return
    this.#tables[familyOf(id)].release((id >> 1) - 1)
  }

  /** Keeps the verdict on an address; returns the id whose paths must be judged again, undefined when there is none. */
  judge(address: Address, reason: string | undefined): number | undefined {
    const known = this.#reasons.get(String(address))
    if (reason === undefined) this.#reasons.delete(String(address))
    else this.#reasons.set(String(address), reason)
    const at = this.#tables[address.family].find(address.bytes, 0, bitsOf(address.family))
    if (at === -1 || (known === undefined) === (reason === undefined)) return undefined
    const id = 2 * (at + 1) + (address.family === 6 ? 1 : 0)
    this.unusable[id] = reason === undefined ? 0 : 1
    return id
  }

  /** Why paths over it are ineligible, in words. */
  reason(id: number): string | undefined {
    return this.#reasons.get(String(this.address(id)))
  }

  address(id: number): Address {
    const family = familyOf(id)
    const bytes = new Uint8Array(bitsOf(family) / 8)
    this.write(id, bytes)
    return new Address(bytes)
  }

  /** Writes the 4 or 16 octets of the address. */
  write(id: number, target: Uint8Array): void {
    this.#tables[familyOf(id)].write((id >> 1) - 1, target, 0)
  }
}

export function familyOf(id: number): Family {
  return (id & 1) === 1 ? 6 : 4
}
