/** Growth and shrinking of typed arrays: the one place that copies them. */

type TypedArray = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float64Array

/** A zeroed array of the same kind with `length` elements and as much of the content as fits. */
export function resized<T extends TypedArray>(array: T, length: number): T {
  const copy = new (array.constructor as new (length: number) => T)(length)
  copy.set(array.length > length ? (array.subarray(0, length) as T) : array)
  return copy
}
