/**
 * Memory of tables that are typed arrays: the one place that makes and copies them as they grow and shrink.
 *
 * It is shared memory, though nobody shares it. V8 takes the octets of an ArrayBuffer for garbage to come: for each 64 MiB by
 * which tables grow it looks through the whole heap, while the routes come that they grow for. Shared memory it does not count.
 */

type TypedArray = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float64Array

interface Kind<T extends TypedArray> {
  readonly BYTES_PER_ELEMENT: number
  new (memory: SharedArrayBuffer): T
}

export function zeroed<T extends TypedArray>(kind: Kind<T>, length: number): T {
  return new kind(new SharedArrayBuffer(length * kind.BYTES_PER_ELEMENT))
}

/** A zeroed array of the same kind with `length` elements and as much of the content as fits. */
export function resized<T extends TypedArray>(array: T, length: number): T {
  const copy = zeroed(array.constructor as unknown as Kind<T>, length)
  copy.set(array.length > length ? (array.subarray(0, length) as T) : array)
  return copy
}
