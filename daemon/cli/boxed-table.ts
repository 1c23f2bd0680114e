/**
 * The boxed table of `calicoctl node status` up to v3.32, which people and scripts know: centred upper-case titles, cells on
 * the left, wrapped at 30 columns onto continuation rows.
 */

const MOST = 30

export function renderBoxed(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map(row => row.map(wrap))
  const widths = titles.map((title, at) =>
    Math.max(title.length, ...cells.flatMap(row => row[at]!.map(line => line.length))),
  )
  const rule = `+${widths.map(width => '-'.repeat(width + 2)).join('+')}+\n`
  const line = (texts: readonly string[]): string =>
    `|${texts.map((text, at) => ` ${text.padEnd(widths[at]!)} `).join('|')}|\n`
  const body = cells.flatMap(row => {
    const height = Math.max(...row.map(lines => lines.length))
    return Array.from({ length: height }, (_, at) => line(row.map(lines => lines[at] ?? '')))
  })
  return [rule, line(titles.map((title, at) => centre(title, widths[at]!))), rule, ...body, rule].join('')
}

/** What is left over goes to the right. */
function centre(text: string, width: number): string {
  return text.padStart(text.length + Math.floor((width - text.length) / 2))
}

/**
 * Into lines of at most 30 columns, or the longest word where that is longer, so that the squares of what stays empty are
 * least; the last line costs nothing. Where two splits cost the same the earlier break wins.
 */
function wrap(text: string): string[] {
  const words = text.split(/\s+/).filter(Boolean)
  const limit = Math.max(MOST, ...words.map(word => word.length))
  /** From word `at` on: what the best split costs, and where its first line ends. */
  const best: { cost: number; end: number }[] = []
  for (let at = words.length - 1; at >= 0; at--) {
    best[at] = { cost: Infinity, end: words.length }
    for (let end = at + 1; end <= words.length; end++) {
      const length = words.slice(at, end).join(' ').length
      if (length > limit) break
      const cost = end === words.length ? 0 : (limit - length) ** 2 + best[end]!.cost
      if (cost < best[at]!.cost || end === words.length) best[at] = { cost, end }
    }
  }
  const lines: string[] = []
  for (let at = 0; at < words.length; at = best[at]!.end) lines.push(words.slice(at, best[at]!.end).join(' '))
  return lines
}
