/** Where a router tells a listener something else than podpeer does. */
import type { TestAttributes } from '../bgp/rib/messages.ts'
import { type Actor, LISTENERS } from './cast.ts'
import type { Outcome } from './play.ts'
import type { SaidPath } from './stream.ts'

export interface Difference {
  readonly listener: Actor
  readonly prefix: string
  /** Undefined: the listener is not told the prefix. */
  readonly ours: TestAttributes | undefined
  readonly theirs: TestAttributes | undefined
  /** What the senders say of the prefix. */
  readonly paths: readonly SaidPath[]
}

/** @param said of each prefix, at the time of the outcomes */
export function differencesOf(
  said: ReadonlyMap<string, readonly SaidPath[]>,
  ours: Outcome,
  theirs: Outcome,
): Difference[] {
  return LISTENERS.flatMap((listener, number) =>
    [...said].flatMap(([prefix, paths]) => {
      const [our, their] = [ours[number]!.get(prefix), theirs[number]!.get(prefix)]
      return isSame(our, their) ? [] : [{ listener, prefix, ours: our, theirs: their, paths }]
    }),
  )
}

type Field = keyof TestAttributes

/** Whether both are told, or neither; with the same attributes but perhaps for these. */
export function isSame(
  one: TestAttributes | undefined,
  other: TestAttributes | undefined,
  but: readonly Field[] = [],
): boolean {
  if (one === undefined || other === undefined) return one === other
  const fields = [...new Set([...Object.keys(one), ...Object.keys(other)])] as Field[]
  return fields.every(field => but.includes(field) || String(one[field]) === String(other[field]))
}
