/** One run of a row measured, several runs summed up, and the line that tells of them. */
import { version } from '../../daemon/version.ts'
import type { DeviceFigures, Lateness, Row } from './row.ts'
import { usageOf } from './usage.ts'

export interface Measured {
  readonly seconds: number
  /** Of all threads. */
  readonly cpuSeconds: number
  /** Of this process, and of those that rest, the resident memory at the end of the run; of others the most that they ever held. */
  readonly peakRssMib: number
  /** Resident memory that the run added. */
  readonly grownMib: number
  readonly ok: boolean
  /** By thread. */
  readonly lateness?: Readonly<Record<string, Lateness>>
  readonly device?: DeviceFigures
}

/** Medians of all runs of a row; `ok` when each of them was. What `--json` prints is a list of these. */
export interface Result extends Measured {
  readonly scenario: string
  readonly dut: string
  readonly version: string
}

/** Runs a row here and now. */
export async function measure(row: Row): Promise<Measured> {
  const prepared = await row.prepare()
  try {
    globalThis.gc?.()
    const subjects = prepared.subjects ?? [process.pid]
    const before = usageOf(subjects)
    const start = performance.now()
    await prepared.run()
    const elapsed = (performance.now() - start) / 1000
    const seconds = prepared.seconds?.() ?? elapsed
    const after = usageOf(subjects)
    return {
      seconds,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      peakRssMib: prepared.subjects === undefined || prepared.resting ? after.rssMib : after.peakRssMib,
      grownMib: after.rssMib - before.rssMib,
      ok: await prepared.check(),
      ...(prepared.lateness && { lateness: prepared.lateness() }),
      ...(prepared.device && { device: prepared.device() }),
    }
  } finally {
    await prepared.close?.()
  }
}

export function summary(row: Row, runs: readonly Measured[]): Result {
  const middle = (value: (run: Measured) => number, digits: number) => round(median(runs.map(value)), digits)
  const threads = Object.keys(runs[0]?.lateness ?? {})
  const late = (thread: string, figure: keyof Lateness) => middle(run => run.lateness![thread]![figure], 2)
  const lateness = threads.map(thread => [
    thread,
    { medianMs: late(thread, 'medianMs'), p99Ms: late(thread, 'p99Ms'), worstMs: late(thread, 'worstMs') },
  ])
  return {
    scenario: row.scenario ?? row.name,
    dut: row.dut ?? 'podpeer (in process)',
    version: row.version ?? version,
    seconds: middle(run => run.seconds, 4),
    peakRssMib: middle(run => run.peakRssMib, 1),
    grownMib: middle(run => run.grownMib, 1),
    cpuSeconds: middle(run => run.cpuSeconds, 4),
    ok: runs.every(run => run.ok),
    ...(threads.length > 0 && { lateness: Object.fromEntries(lateness) }),
    ...(runs[0]?.device && { device: deviceSummary(runs.map(({ device }) => device!)) }),
  }
}

/** Calls of the run with the most writes: they should be the same in each. */
function deviceSummary(runs: readonly DeviceFigures[]): DeviceFigures {
  const most = runs.reduce((one, other) => (other.writes > one.writes ? other : one))
  return {
    calls: most.calls,
    writes: most.writes,
    boundSeconds: round(most.boundSeconds, 4),
    peakHeapMib: round(median(runs.map(({ peakHeapMib }) => peakHeapMib)), 1),
    ...(most.changes && {
      changes: {
        medianMs: round(median(runs.map(({ changes }) => changes!.medianMs)), 1),
        worstMs: round(Math.max(...runs.map(({ changes }) => changes!.worstMs)), 1),
      },
    }),
  }
}

export function renderResult(row: Row, result: Result): string {
  const { seconds, cpuSeconds, peakRssMib, grownMib, ok, lateness, device } = result
  const milliseconds = (value: number, width: number) => `${(1000 * value).toFixed(0).padStart(width)} ms`
  const each = Math.round((seconds * 1e9) / row.count)
  const bytes = Math.round((grownMib * 2 ** 20) / row.count)
  const line = [
    row.name.padEnd(14),
    milliseconds(seconds, 6),
    ` cpu ${milliseconds(cpuSeconds, 5)}`,
    ` peak ${peakRssMib.toFixed(0).padStart(4)} MiB (+${grownMib.toFixed(0)})`,
    ` ${`${each} ns and ${bytes} bytes a ${row.unit}`.padEnd(34)}`,
    ok ? 'ok' : 'WRONG',
    ` ${row.title}`,
  ].join(' ')
  const late = Object.entries(lateness ?? {}).map(
    ([thread, { medianMs, p99Ms, worstMs }]) =>
      `\n  timers of ${thread}: late by ${medianMs} ms (median), ${p99Ms} ms (of 100 the worst), ${worstMs} ms (the worst)`,
  )
  return line + late.join('') + (device === undefined ? '' : renderDevice(device, seconds))
}

function renderDevice({ calls, writes, boundSeconds, peakHeapMib, changes }: DeviceFigures, seconds: number): string {
  const bound = `${boundSeconds} s at the least, ${(seconds / boundSeconds).toFixed(2)} times that`
  const time = changes === undefined ? bound : `a change ${changes.medianMs} ms, the slowest ${changes.worstMs} ms`
  const each = Object.entries(calls).map(([call, count]) => `${count} ${call}`)
  return [
    `\n  ${writes === 0 ? 'no writes' : `${writes} writes: ${time}`}; heap at most ${peakHeapMib} MiB`,
    `\n  ${each.join(', ')}`,
  ].join('')
}

function median(values: number[]): number {
  return values.sort((one, other) => one - other)[values.length >> 1]!
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
