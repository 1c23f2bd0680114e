/** Bodies of MRT records as they are read and written, field by field. A body that ends too early is the file's fault. */
import { InputFault } from '../../lib/base/failure.ts'
import { Address } from '../../lib/base/ip.ts'
import { readUint16, readUint32 } from '../wire/octets.ts'

export class BodyReader {
  readonly bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get rest(): number {
    return this.bytes.length - this.at
  }

  /** Moves on; returns where it was. @throws InputFault */
  #take(count: number): number {
    if (count > this.rest) throw new InputFault('', 'a record is cut short')
    this.at += count
    return this.at - count
  }

  uint8(): number {
    return this.bytes[this.#take(1)]!
  }

  uint16(): number {
    return readUint16(this.bytes, this.#take(2))
  }

  uint32(): number {
    return readUint32(this.bytes, this.#take(4))
  }

  /** A view. */
  octets(count: number): Uint8Array {
    const start = this.#take(count)
    return this.bytes.subarray(start, start + count)
  }

  address(isIpv6: boolean): Address {
    return new Address(this.octets(isIpv6 ? 16 : 4).slice())
  }

  asNumber(isWide: boolean): number {
    return isWide ? this.uint32() : this.uint16()
  }
}

/** In network order. */
export function uint16(value: number): number[] {
  return [(value >>> 8) & 0xff, value & 0xff]
}

export function uint32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]
}
