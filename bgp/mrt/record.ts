/**
 * Records of MRT files (RFC 6396 §2): a header and a body, one after another. Reading takes a file in chunks of any size and holds
 * at most one record; what a body says is told elsewhere.
 */
import { InputFault } from '../../lib/base/failure.ts'
import { readUint16, readUint32, writeUint16, writeUint32 } from '../wire/octets.ts'

/** RFC 6396 §4, RFC 8050 §4. */
export const mrtType = { tableDumpV2: 13, bgp4mp: 16, bgp4mpEt: 17 } as const

export interface MrtRecord {
  readonly type: number
  readonly subtype: number
  /** Milliseconds since the epoch; whole seconds but in the types with extended time. */
  readonly at: number
  readonly body: Uint8Array
}

const headerLength = 12

/** A record of all paths of a prefix is longer than any other: one of four thousand peers has a megabyte. */
const LONGEST = 4 << 20

/** BGP4MP_ET has microseconds before the body. */
export function encodeMrtRecord({ type, subtype, at, body }: MrtRecord): Uint8Array {
  const extended = type === mrtType.bgp4mpEt
  const start = extended ? headerLength + 4 : headerLength
  const bytes = new Uint8Array(start + body.length)
  writeUint32(bytes, 0, Math.floor(at / 1000))
  writeUint16(bytes, 4, type)
  writeUint16(bytes, 6, subtype)
  writeUint32(bytes, 8, bytes.length - headerLength)
  if (extended) writeUint32(bytes, headerLength, Math.round((at % 1000) * 1000))
  bytes.set(body, start)
  return bytes
}

export class MrtFramer {
  #held: Uint8Array = new Uint8Array(0)
  /** Octets of the file before those held. */
  #before = 0

  /** Takes the next chunk, once `next` has given all records of the one before. */
  push(chunk: Uint8Array): void {
    if (this.#held.length === 0) this.#held = chunk
    else this.#held = Buffer.concat([this.#held, chunk])
  }

  /**
   * The next whole record, its body a view; undefined: more of the file is needed.
   * @throws InputFault where there is no record
   */
  next(): MrtRecord | undefined {
    const held = this.#held
    if (held.length < headerLength) return undefined
    const length = readUint32(held, 8)
    const type = readUint16(held, 4)
    if (length > LONGEST)
      throw new InputFault('', `at octet ${this.#before} there is no MRT record`, 'is this an MRT file, uncompressed?')
    const end = headerLength + length
    if (held.length < end) return undefined
    const extended = type === mrtType.bgp4mpEt && length >= 4
    const at = 1000 * readUint32(held, 0) + (extended ? Math.floor(readUint32(held, headerLength) / 1000) : 0)
    this.#held = held.subarray(end)
    this.#before += end
    const body = held.subarray(extended ? headerLength + 4 : headerLength, end)
    return { type, subtype: readUint16(held, 6), at, body }
  }

  /** @throws InputFault where the file ends within a record */
  end(): void {
    if (this.#held.length > 0)
      throw new InputFault('', `the file ends within a record, ${this.#held.length} octets after its begin`)
  }
}
