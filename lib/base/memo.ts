/** Values that follow from an object, kept as long as the object lives and as long as what else they follow from is the same. */

export class Memo<K extends object, V> {
  readonly #kept = new WeakMap<K, { readonly inputs: readonly unknown[]; readonly value: V }>()

  /** The value made for `key` from the same `inputs` (compared by identity), or the one that `make` makes now. */
  of(key: K, inputs: readonly unknown[], make: () => V): V {
    const kept = this.#kept.get(key)
    if (kept !== undefined && same(kept.inputs, inputs)) return kept.value
    const value = make()
    this.#kept.set(key, { inputs, value })
    return value
  }
}

function same(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false
  return true
}
