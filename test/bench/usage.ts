/** What a process has used so far: this one, or a child of it, as the kernel counts (proc(5)). */
import { readFileSync } from 'node:fs'

/** Linux tells times in hundredths of a second, whatever its own clock. */
const TICK = 0.01

export interface Usage {
  readonly cpuSeconds: number
  readonly rssMib: number
}

export function usageOf(pid: number): Usage {
  const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8')
  // after the command's name, which may hold anything: state is field 3, utime and stime are 14 and 15
  const stat = read('stat')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const kib = Number(/^VmRSS:\s+(\d+)/m.exec(read('status'))?.[1])
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) * TICK, rssMib: kib / 1024 }
}
