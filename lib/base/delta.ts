/**
 * Desired against actual, the one primitive under every reconciler: what to create, replace and delete. Pure; says nothing
 * about order, ownership or effects: the caller holds back what it may not do.
 */

export interface Delta<Desired, Actual> {
  readonly create: Desired[]
  readonly replace: { desired: Desired; actual: Actual }[]
  readonly remove: Actual[]
}

/** @param same whether what exists is already as wanted; both maps share one kind of key */
export function delta<Key, Desired, Actual>(
  desired: ReadonlyMap<Key, Desired>,
  actual: ReadonlyMap<Key, Actual>,
  same: (desired: Desired, actual: Actual) => boolean,
): Delta<Desired, Actual> {
  const result: Delta<Desired, Actual> = { create: [], replace: [], remove: [] }
  for (const [key, want] of desired) {
    const have = actual.get(key)
    if (have === undefined) result.create.push(want)
    else if (!same(want, have)) result.replace.push({ desired: want, actual: have })
  }
  for (const [key, have] of actual) if (!desired.has(key)) result.remove.push(have)
  return result
}
