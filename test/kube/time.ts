/** Times as the API writes them. */

/**
 * RFC 3339, in whole seconds.
 * @param time milliseconds since 1970
 */
export function renderTime(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
}
