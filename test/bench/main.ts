// The benchmark: `npm run bench -- [--runs N] [--json] [ROW…]`. Each run of a row is a process of its own, so that every row
// pays for a cold start and its peak memory is its own; medians are shown. In-process rows: no sockets, one thread.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { codecRows } from './codec.ts'
import { exportRows } from './export.ts'
import { ribRows } from './rib.ts'
import type { Row } from './row.ts'

const rows: readonly Row[] = [...codecRows, ...ribRows, ...exportRows]

interface Measured {
  readonly seconds: number
  readonly cpuSeconds: number
  /** Resident memory at its highest, and how much of it the run added. */
  readonly peakRssMib: number
  readonly grownMib: number
  readonly ok: boolean
}

/** Runs one row here and now. */
function measure(row: Row): Measured {
  const prepared = row.prepare()
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  const cpu = process.cpuUsage()
  const start = performance.now()
  prepared.run()
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const peak = process.memoryUsage().rss
  return {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    peakRssMib: peak / 2 ** 20,
    grownMib: (peak - before) / 2 ** 20,
    ok: prepared.check(),
  }
}

function measureApart(row: Row): Measured {
  const args = ['--expose-gc', import.meta.filename, '--measure', row.name]
  const child = spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  if (child.status !== 0) throw new Error(`${row.name} ended with status ${child.status}`)
  return JSON.parse(child.stdout) as Measured
}

function median(runs: readonly Measured[], value: (run: Measured) => number): number {
  const sorted = runs.map(value).sort((one, other) => one - other)
  return sorted[sorted.length >> 1]!
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, runs: { type: 'string', default: '3' }, measure: { type: 'string' } },
})

if (values.measure !== undefined) {
  console.log(JSON.stringify(measure(rows.find(row => row.name === values.measure)!)))
} else {
  const unknown = positionals.filter(name => !rows.some(row => row.name === name))
  if (unknown.length > 0) {
    console.error(`no row ${unknown.join(', ')}; there are ${rows.map(row => row.name).join(', ')}`)
    process.exit(2)
  }
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const results = []
  for (const row of rows) {
    if (positionals.length > 0 && !positionals.includes(row.name)) continue
    const runs = Array.from({ length: Number(values.runs) }, () => measureApart(row))
    const seconds = median(runs, run => run.seconds)
    const result = {
      scenario: row.name,
      dut: 'podpeer (in process)',
      version,
      seconds: round(seconds, 4),
      peakRssMib: round(
        median(runs, run => run.peakRssMib),
        1,
      ),
      grownMib: round(
        median(runs, run => run.grownMib),
        1,
      ),
      cpuSeconds: round(
        median(runs, run => run.cpuSeconds),
        4,
      ),
      ok: runs.every(run => run.ok),
    }
    results.push(result)
    if (values.json) continue
    const bytes = Math.round((result.grownMib * 2 ** 20) / row.prefixes)
    const perPrefix = `${Math.round((seconds * 1e9) / row.prefixes)} ns and ${bytes} bytes a prefix`
    console.log(
      `${row.name.padEnd(13)} ${(1000 * seconds).toFixed(0).padStart(6)} ms  cpu ${(1000 * result.cpuSeconds).toFixed(0).padStart(5)} ms  ` +
        `peak ${result.peakRssMib.toFixed(0).padStart(4)} MiB (+${result.grownMib.toFixed(0)})  ${perPrefix.padEnd(34)} ${result.ok ? 'ok' : 'WRONG'}  ${row.title}`,
    )
  }
  if (values.json) console.log(JSON.stringify(results, undefined, 2))
  if (results.some(result => !result.ok)) process.exitCode = 1
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
