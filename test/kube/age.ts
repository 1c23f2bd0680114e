/** Ages as kubectl prints them: two units at most, coarser the older. */

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365 * DAY

/** Below `under` seconds an age is told in `unit`s, with the rest in `rest` units where there is one and it is not zero. */
const steps: readonly { under: number; unit: [number, string]; rest?: [number, string] }[] = [
  { under: 2 * MINUTE, unit: [1, 's'] },
  { under: 10 * MINUTE, unit: [MINUTE, 'm'], rest: [1, 's'] },
  { under: 3 * HOUR, unit: [MINUTE, 'm'] },
  { under: 8 * HOUR, unit: [HOUR, 'h'], rest: [MINUTE, 'm'] },
  { under: 48 * HOUR, unit: [HOUR, 'h'] },
  { under: 8 * DAY, unit: [DAY, 'd'], rest: [HOUR, 'h'] },
  { under: 2 * YEAR, unit: [DAY, 'd'] },
  { under: 8 * YEAR, unit: [YEAR, 'y'], rest: [DAY, 'd'] },
  { under: Number.POSITIVE_INFINITY, unit: [YEAR, 'y'] },
]

/**
 * @param since RFC 3339; empty for an object that never had the time
 * @param now milliseconds since 1970
 */
export function renderAge(since: string, now: number): string {
  if (since === '') return '<unknown>'
  const seconds = Math.floor((now - Date.parse(since)) / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  const { unit, rest } = steps.find(step => seconds < step.under)!
  const head = `${Math.floor(seconds / unit[0])}${unit[1]}`
  const tail = rest === undefined ? 0 : Math.floor((seconds % unit[0]) / rest[0])
  return rest === undefined || tail === 0 ? head : `${head}${tail}${rest[1]}`
}
