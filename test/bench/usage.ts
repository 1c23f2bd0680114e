/** What processes and their children have used so far, together, as the kernel counts (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs'

/** Linux tells times in hundredths of a second, whatever its own clock. */
const TICK = 0.01

export interface Usage {
  readonly cpuSeconds: number
  readonly rssMib: number
  /** The most that each of them has ever held, summed up. */
  readonly peakRssMib: number
}

export function usageOf(pids: readonly number[]): Usage {
  const all = pids.flatMap(withDescendants).map(usageOfOne)
  const sum = (value: (usage: Usage) => number) => all.reduce((total, usage) => total + value(usage), 0)
  return {
    cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds),
    rssMib: sum(({ rssMib }) => rssMib),
    peakRssMib: sum(({ peakRssMib }) => peakRssMib),
  }
}

function usageOfOne(pid: number): Usage {
  const fields = statOf(pid)
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) * TICK,
    rssMib: mib('VmRSS'),
    peakRssMib: mib('VmHWM'),
  }
}

function withDescendants(pid: number): number[] {
  if (pid === process.pid) return [pid]
  const children = readdirSync(`/proc/${pid}/task`).flatMap(thread =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(withDescendants)]
}

/** The fields after the command's name, which may hold anything: state is the first, utime and stime the 12th and 13th. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}
