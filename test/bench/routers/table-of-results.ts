/** Results of several routers side by side, as the Markdown table of docs/bgp.md. */
import type { Result } from '../result.ts'

/** A line per scenario that more than one router ran; empty where there is none. */
export function renderComparison(results: readonly Result[]): string {
  const scenarios = [...Map.groupBy(results, ({ scenario }) => scenario).values()].filter(rows => rows.length > 1)
  if (scenarios.length === 0) return ''
  const duts = [...new Set(scenarios.flat().map(nameOf))]
  const cell = (rows: readonly Result[], dut: string) => {
    const row = rows.find(result => nameOf(result) === dut)
    if (row === undefined) return '–'
    return row.ok ? `${row.seconds.toFixed(2)} s, ${Math.round(row.peakRssMib)} MiB` : 'wrong'
  }
  const ratio = (rows: readonly Result[]) => {
    const [ours, ...others] = rows.filter(({ ok }) => ok)
    if (ours === undefined || others.length === 0) return '–'
    const best = others.reduce((one, other) => (other.seconds < one.seconds ? other : one))
    return `${(ours.seconds / best.seconds).toFixed(2)} of ${best.dut}'s`
  }
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    line(['scenario', ...duts, 'time']),
    line(['---', ...duts.map(() => '---:'), '---']),
    ...scenarios.map(rows => line([rows[0]!.scenario, ...duts.map(dut => cell(rows, dut)), ratio(rows)])),
  ].join('\n')
}

function nameOf({ dut, version }: Result): string {
  return `${dut} ${version}`
}
