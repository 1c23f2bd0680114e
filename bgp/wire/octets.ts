/** Octets, copies of them, and unsigned integers in network order. Bounds are the caller's duty: every decoder judges the length before it reads. */

/** None, for all who have none yet: an empty array of its own would cost each of a thousand peers a hundred octets. */
export const noOctets: Uint8Array = new Uint8Array(0)

export function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

export function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}

export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

/** Copies without making a view, which for the short ranges of a route costs more than the copy. Returns the end in `target`. */
export function copyOctets(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  for (let from = start; from < end; from++) target[at++] = source[from]!
  return at
}
