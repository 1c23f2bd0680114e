/** First in, first out, of ids. Whoever pushes sees to it that an id is in it once. */
import { resized } from '../../lib/base/typed-array.ts'

const FIRST_LENGTH = 64
/** Room that a queue keeps at rest, for the next wave: the kernel need not clear it again. */
const KEPT_LENGTH = 16_384

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
    if (this.#start === this.#end) this.#start = this.#end = 0
    return id
  }

  /** As `AttributeStore.trim`. Not a part of `shift`: V8 would throw away all code with a `shift` in it at the first long wave. */
  trim(): void {
    if (this.#ids.length <= KEPT_LENGTH || this.length > KEPT_LENGTH) return
    this.#ids = resized(this.#ids.subarray(this.#start, this.#end), KEPT_LENGTH)
    this.#end -= this.#start
    this.#start = 0
  }

  #makeRoom(): void {
    if (this.#start > this.#ids.length / 2) this.#ids.copyWithin(0, this.#start, this.#end)
    else this.#ids = resized(this.#ids.subarray(this.#start), 2 * this.#ids.length)
    this.#end -= this.#start
    this.#start = 0
  }
}
