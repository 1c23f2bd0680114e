/**
 * Who claims what, over lists that change little from one time to the next: what is contested is known without looking at all
 * again. What one claims must follow from its value alone. Who is right is not decided here.
 */

export class ClaimIndex<T extends object> {
  readonly #claimsOf: (one: T) => readonly string[]
  #list: readonly T[] = []
  readonly #holders = new Map<string, T | Set<T>>()
  readonly #contested = new Map<string, ReadonlySet<T>>()

  constructor(claimsOf: (one: T) => readonly string[]) {
    this.#claimsOf = claimsOf
  }

  /** The claims that several of the list have, with those that have them. Each is in the list once. */
  contested(list: readonly T[]): ReadonlyMap<string, ReadonlySet<T>> {
    const { gone, come } = difference(this.#list, list)
    for (const one of gone) for (const claim of this.#claimsOf(one)) this.#drop(claim, one)
    for (const one of come) for (const claim of this.#claimsOf(one)) this.#add(claim, one)
    this.#list = list
    return this.#contested
  }

  #add(claim: string, one: T): void {
    const held = this.#holders.get(claim)
    if (held === undefined || held === one) this.#holders.set(claim, one)
    else if (held instanceof Set) held.add(one)
    else {
      const holders = new Set([held, one])
      this.#holders.set(claim, holders)
      this.#contested.set(claim, holders)
    }
  }

  #drop(claim: string, one: T): void {
    const held = this.#holders.get(claim)
    if (held === one) this.#holders.delete(claim)
    if (!(held instanceof Set) || !held.delete(one) || held.size > 1) return
    this.#contested.delete(claim)
    for (const last of held) this.#holders.set(claim, last)
  }
}

/** What differs between two lists, each without repetitions; what they begin and end with in common costs a comparison. */
function difference<T>(before: readonly T[], after: readonly T[]): { gone: readonly T[]; come: readonly T[] } {
  let first = 0
  while (first < before.length && first < after.length && before[first] === after[first]) first++
  let last = 0
  const room = Math.min(before.length, after.length) - first
  while (last < room && before[before.length - 1 - last] === after[after.length - 1 - last]) last++
  const [old, young] = [before.slice(first, before.length - last), after.slice(first, after.length - last)]
  if (old.length <= 1 || young.length <= 1)
    return { gone: old.filter(one => !young.includes(one)), come: young.filter(one => !old.includes(one)) }
  const [olds, youngs] = [new Set(old), new Set(young)]
  return { gone: old.filter(one => !youngs.has(one)), come: young.filter(one => !olds.has(one)) }
}
