/** When and how far tables of counted ids give memory back. */

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
