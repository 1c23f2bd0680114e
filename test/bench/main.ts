// The benchmark: `npm run bench -- [--runs N] [--json] [ROW…]`. Each run of a row is a process of its own, so that every row
// pays for a cold start and its peak memory is its own; medians are shown. Slow rows run only where they are named. `--json`
// prints a list of Results (result.ts).
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { bigIpRows } from './bigip.ts'
import { codecRows } from './codec.ts'
import { exportRows } from './export.ts'
import { kernelRows } from './kernel.ts'
import { kubeRows } from './kube.ts'
import { latenessRows } from './lateness.ts'
import { overlayRows } from './overlay.ts'
import { type Measured, measure, type Result, renderResult, summary } from './result.ts'
import { ribRows } from './rib.ts'
import type { Row } from './row.ts'

const rows: readonly Row[] = [
  ...codecRows,
  ...ribRows,
  ...exportRows,
  ...kernelRows,
  ...overlayRows,
  ...latenessRows,
  ...kubeRows,
  ...bigIpRows,
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, runs: { type: 'string', default: '3' }, measure: { type: 'string' } },
})

if (values.measure !== undefined) {
  console.log(JSON.stringify(await measure(rows.find(row => row.name === values.measure)!)))
} else {
  const unknown = positionals.filter(name => !rows.some(row => row.name === name))
  if (unknown.length > 0) {
    console.error(`no row ${unknown.join(', ')}; there are ${rows.map(row => row.name).join(', ')}`)
    process.exit(2)
  }
  const results: Result[] = []
  for (const row of rows) {
    if (positionals.length === 0 ? row.slow : !positionals.includes(row.name)) continue
    const obstacle = row.impossible?.()
    if (obstacle !== undefined) {
      console.error(`${row.name} is left out: ${obstacle}`)
      continue
    }
    const result = summary(
      row,
      Array.from({ length: Number(values.runs) }, () => measureApart(row)),
    )
    results.push(result)
    if (!values.json) console.log(renderResult(row, result))
  }
  if (values.json) console.log(JSON.stringify(results, undefined, 2))
  if (results.some(({ ok }) => !ok)) process.exitCode = 1
}

function measureApart(row: Row): Measured {
  const args = ['--expose-gc', import.meta.filename, '--measure', row.name]
  const child = spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  if (child.status !== 0) throw new Error(`${row.name} ended with status ${child.status}`)
  return JSON.parse(child.stdout) as Measured
}
