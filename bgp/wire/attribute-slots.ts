/**
 * Where the attributes of one UPDATE lie, by type code, and how they become canonical attribute bytes (see UpdateReader).
 * Used again for each message. It judges nothing: what is kept here has been judged.
 */
import { asPathCount, canonicalPathLength, isPlainPath, writeCanonicalPath } from './as-path.ts'
import { attributeRow } from './attribute.ts'
import { writeAttributeHeader } from './attribute-header.ts'
import { asTrans, attributeCode } from './iana.ts'
import { copyOctets, readUint16, writeUint16 } from './octets.ts'

const unseen = 0
const dropped = 1
const kept = 2

/** Codes that are no part of the canonical bytes. */
const carriedApart = Uint8Array.from(attributeRow, row =>
  row !== undefined && row.value === undefined && !row.passedOn ? 1 : 0,
)

export class AttributeSlots {
  readonly #state = new Uint8Array(256)
  readonly #flags = new Uint8Array(256)
  readonly #starts = new Int32Array(256)
  readonly #ends = new Int32Array(256)
  /** Codes seen, ascending. */
  readonly #order = new Uint8Array(256)
  /** How many different codes were seen. */
  count = 0

  clear(): void {
    for (let i = 0; i < this.count; i++) this.#state[this.#order[i]!] = unseen
    this.count = 0
  }

  seen(code: number): boolean {
    return this.#state[code] !== unseen
  }

  kept(code: number): boolean {
    return this.#state[code] === kept
  }

  /** Notes the first appearance of a code. */
  see(code: number): void {
    this.#state[code] = dropped
    let at = this.count++
    // senders go by type, so this hardly ever moves anything
    for (; at > 0 && this.#order[at - 1]! > code; at--) this.#order[at] = this.#order[at - 1]!
    this.#order[at] = code
  }

  /** Keeps a code that was seen: its flags in normal form and the range of its value. */
  keep(code: number, flags: number, start: number, end: number): void {
    this.#state[code] = kept
    this.#flags[code] = flags
    this.#starts[code] = start
    this.#ends[code] = end
  }

  /** Where the value of a kept attribute begins. */
  start(code: number): number {
    return this.#starts[code]!
  }

  /** Writes the canonical attribute bytes of what was kept from `buffer`; returns their end. */
  write(buffer: Uint8Array, fourOctetAs: boolean, target: Uint8Array): number {
    let at = 0
    for (let i = 0; i < this.count; i++) {
      const code = this.#order[i]!
      if (this.#state[code] !== kept || carriedApart[code] === 1) continue
      const start = this.#starts[code]!
      const end = this.#ends[code]!
      if (code === attributeCode.asPath && !(fourOctetAs && isPlainPath(buffer, start, end))) {
        at = this.#writePath(buffer, fourOctetAs ? 4 : 2, target, at)
      } else if (code === attributeCode.aggregator && !fourOctetAs) {
        at = this.#writeAggregator(buffer, target, at)
      } else {
        at = writeAttributeHeader(target, at, this.#flags[code]!, code, end - start)
        at = copyOctets(buffer, start, end, target, at)
      }
    }
    return at
  }

  #writePath(buffer: Uint8Array, width: 2 | 4, target: Uint8Array, at: number): number {
    const code = attributeCode.asPath
    const start = this.#starts[code]!
    const end = this.#ends[code]!
    const as4 = this.kept(attributeCode.as4Path) && this.#as4Counts(buffer)
    const as4Start = as4 ? this.#starts[attributeCode.as4Path]! : 0
    const as4End = as4 ? this.#ends[attributeCode.as4Path]! : 0
    const length = canonicalPathLength(asPathCount(buffer, start, end, width))
    const valueStart = writeAttributeHeader(target, at, this.#flags[code]!, code, length)
    return writeCanonicalPath(buffer, start, end, width, as4Start, as4End, target, valueStart)
  }

  #writeAggregator(buffer: Uint8Array, target: Uint8Array, at: number): number {
    const code = attributeCode.aggregator
    const start = this.#starts[code]!
    const valueStart = writeAttributeHeader(target, at, this.#flags[code]!, code, 8)
    if (this.kept(attributeCode.as4Aggregator) && this.#as4Counts(buffer)) {
      const as4Start = this.#starts[attributeCode.as4Aggregator]!
      return copyOctets(buffer, as4Start, as4Start + 8, target, valueStart)
    }
    writeUint16(target, valueStart, 0)
    return copyOctets(buffer, start, start + 6, target, valueStart + 2)
  }

  /**
   * RFC 6793 §4.2.3: an AGGREGATOR whose AS is not AS_TRANS was made by a speaker that did not know AS4_AGGREGATOR, so the AS4_
   * attributes beside it are out of date.
   */
  #as4Counts(buffer: Uint8Array): boolean {
    if (!this.kept(attributeCode.as4Aggregator) || !this.kept(attributeCode.aggregator)) return true
    return readUint16(buffer, this.#starts[attributeCode.aggregator]!) === asTrans
  }
}
