/** Sets of attributes that were judged before: what a known one says need not be read again. Types, and a memory of nothing. */
import type { UpdateContext } from './update-context.ts'

export interface AttributeMemory {
  /** The number of a kind of session: all on which the judgement of attributes depends is equal. 0: nothing is remembered of it. */
  kindOf(context: UpdateContext): number
  /**
   * The set whose canonical octets are `bytes[start, gap)`, which are whole attributes, and `bytes[gapEnd, end)`, which may be
   * anything, and which was good on a session of this kind before; 0: none. Good as long as nothing is given back to the memory.
   */
  recall(kind: number, bytes: Uint8Array, start: number, gap: number, gapEnd: number, end: number): number
}

export const noMemory: AttributeMemory = { kindOf: () => 0, recall: () => 0 }
