// The benchmark: `npm run bench -- [--runs N] [--json] [ROW | SCENARIO…]`. Each run of a row is a process of its own, so that
// every row pays for a cold start and its peak memory is its own; the rows take turns, run by run, and medians are shown. Slow
// rows run only where they or their scenario are named. `--json` prints a list of Results (result.ts).
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { bfdRows } from './bfd.ts'
import { bigIpRows } from './bigip.ts'
import { codecRows } from './codec.ts'
import { exportRows } from './export.ts'
import { kernelRows } from './kernel.ts'
import { kubeRows } from './kube.ts'
import { latenessRows } from './lateness.ts'
import { overlayRows } from './overlay.ts'
import { type Measured, measure, renderResult, summary } from './result.ts'
import { ribRows } from './rib.ts'
import { comparisonRows } from './routers/comparison.ts'
import { renderComparison } from './routers/table-of-results.ts'
import type { Row } from './row.ts'

const rows: readonly Row[] = [
  ...codecRows,
  ...ribRows,
  ...exportRows,
  ...kernelRows,
  ...overlayRows,
  ...latenessRows,
  ...bfdRows,
  ...kubeRows,
  ...bigIpRows,
  ...comparisonRows,
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, runs: { type: 'string', default: '3' }, measure: { type: 'string' } },
})

if (values.measure !== undefined) {
  console.log(JSON.stringify(await measure(rows.find(row => row.name === values.measure)!)))
} else {
  const scenarioOf = (row: Row) => row.scenario ?? row.name
  const unknown = positionals.filter(name => !rows.some(row => row.name === name || row.scenario === name))
  if (unknown.length > 0) {
    const names = new Set(rows.flatMap(row => [scenarioOf(row), row.name]))
    console.error(`no row ${unknown.join(', ')}; there are ${[...names].join(', ')}`)
    process.exit(2)
  }
  const isAsked = (row: Row) =>
    positionals.length === 0 ? !row.slow : positionals.includes(row.name) || positionals.includes(scenarioOf(row))
  const asked = rows.filter(isAsked).filter(row => {
    const obstacle = row.impossible?.()
    if (obstacle !== undefined) console.error(`${row.name} is left out: ${obstacle}`)
    return obstacle === undefined
  })
  const results = [...Map.groupBy(asked, scenarioOf).values()].flatMap(compared => {
    const runs = Array.from({ length: Number(values.runs) }, () => compared.map(measureApart))
    return compared.map((row, at) => {
      const result = summary(
        row,
        runs.map(run => run[at]!),
      )
      if (!values.json) console.log(renderResult(row, result))
      return result
    })
  })
  if (values.json) console.log(JSON.stringify(results, undefined, 2))
  else console.log(renderComparison(results))
  if (results.some(({ ok }) => !ok)) process.exitCode = 1
}

function measureApart(row: Row): Measured {
  const args = ['--expose-gc', import.meta.filename, '--measure', row.name]
  const child = spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  if (child.status !== 0) throw new Error(`${row.name} ended with status ${child.status}`)
  return JSON.parse(child.stdout) as Measured
}
