/**
 * Classic BPF programs for sockets, as the octets that `attachFilter` takes (linux/filter.h). Pure; what a program is for
 * is the affair of whoever writes it.
 */
import { LITTLE_ENDIAN } from './libc.ts'

/** Loads read network order. */
export const LOAD_WORD = 0x20
export const LOAD_OCTET = 0x30
export const AND = 0x54
export const JUMP_EQUAL = 0x15
export const JUMP_AT_LEAST = 0x35
export const RETURN = 0x06

/** Returned: the whole packet is kept. */
export const KEEP = 0xffffffff
/** Returned: the packet is dropped. */
export const DROP = 0

/** Added to an offset: it counts from the network header, and not from the start of what the socket sees. */
export const FROM_NETWORK_HEADER = 0xfff00000

/** The jumps (0 to 255 instructions, skipped after this one) are those of comparisons. */
export type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number]

/** An array of struct sock_filter. */
export function encodeFilter(program: readonly Instruction[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(8 * program.length))
  for (const [at, [code, ifTrue, ifFalse, value]] of program.entries()) {
    bytes.setUint16(8 * at, code, LITTLE_ENDIAN)
    bytes.setUint8(8 * at + 2, ifTrue)
    bytes.setUint8(8 * at + 3, ifFalse)
    bytes.setUint32(8 * at + 4, value, LITTLE_ENDIAN)
  }
  return new Uint8Array(bytes.buffer)
}
