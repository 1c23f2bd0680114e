/** Growth and shrinking of typed arrays: the one place that copies them. */

type TypedArray = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float64Array

/** A zeroed array of the same kind with `length` elements and as much of the content as fits. */
export function resized<T extends TypedArray>(array: T, length: number): T {
  const copy = new (array.constructor as new (length: number) => T)(length)
  copy.set(array.length > length ? (array.subarray(0, length) as T) : array)
  return copy
}

/** A table that is emptier than one part in so many may be trimmed. */
const TRIM_PART = 16

/** Whether a table of counted ids is so empty that a look for memory to give back is worth it. */
export function isTrimDue(size: number, capacity: number): boolean {
  return size < capacity / TRIM_PART
}

/**
 * The power of two that holds the highest id in use; undefined where that would save less than half. Looks at ids from the top.
 * @param references 0 where an id is free; @param fresh ids below have been handed out; @param least is returned at least
 */
export function trimmedCapacity(references: Uint32Array, fresh: number, least: number): number | undefined {
  const most = references.length / 2
  let end = fresh
  while (end > 1 && references[end - 1] === 0) end--
  if (end > most || most < least) return undefined
  return Math.max(least, 2 ** Math.ceil(Math.log2(end)))
}

const FIRST_LENGTH = 64
/** A drained queue longer than this gives its memory back; up to it the next wave finds room that the kernel need not clear again. */
const KEPT_LENGTH = 16_384

/** First in, first out, of ids. Whoever pushes sees to it that an id is in it once. */
export class IdQueue {
  #ids = new Int32Array(FIRST_LENGTH)
  #start = 0
  #end = 0

  get length(): number {
    return this.#end - this.#start
  }

  push(id: number): void {
    if (this.#end === this.#ids.length) this.#makeRoom()
    this.#ids[this.#end++] = id
  }

  shift(): number {
    const id = this.#ids[this.#start++]!
    if (this.#start === this.#end) {
      this.#start = this.#end = 0
      if (this.#ids.length > KEPT_LENGTH) this.#ids = new Int32Array(FIRST_LENGTH)
    }
    return id
  }

  #makeRoom(): void {
    if (this.#start > this.#ids.length / 2) this.#ids.copyWithin(0, this.#start, this.#end)
    else this.#ids = resized(this.#ids.subarray(this.#start), 2 * this.#ids.length)
    this.#end -= this.#start
    this.#start = 0
  }
}
