/** Lengths of time as operators read them: the two largest units. */

/** `47s`, `3m05s`, `2h03m`, `5d04h`; what lies ahead of `now` is 0s. */
export function renderDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const two = (count: number): string => String(count).padStart(2, '0')
  if (whole < 60) return `${whole}s`
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`
  return `${Math.floor(whole / 86_400)}d${two(Math.floor((whole % 86_400) / 3600))}h`
}

/** From an ISO 8601 time until `now` (ms since the epoch). */
export function renderSince(since: string, now: number): string {
  return renderDuration((now - Date.parse(since)) / 1000)
}
