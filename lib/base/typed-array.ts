/** Memory of tables that are typed arrays: the one place that makes and copies them as they grow and shrink. */

type TypedArray = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float64Array

type Kind<T extends TypedArray> = new (length: number) => T

export function zeroed<T extends TypedArray>(kind: Kind<T>, length: number): T {
  return new kind(length)
}

/** A zeroed array of the same kind with `length` elements and as much of the content as fits. */
export function resized<T extends TypedArray>(array: T, length: number): T {
  const copy = zeroed(array.constructor as Kind<T>, length)
  copy.set(array.length > length ? (array.subarray(0, length) as T) : array)
  return copy
}
