/** The machine's monotonic clock and chance, for the engine. */
import { performance } from 'node:perf_hooks'
import type { Clock } from '../transport.ts'

/** `setTimeout` counts milliseconds in 31 bits. */
const LONGEST = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  random: () => Math.random(),
  wake(at, run) {
    let timer: NodeJS.Timeout
    // a timer may come a fraction of a millisecond early, and reaches no further than LONGEST
    const arm = () => {
      const wait = Math.ceil(at - performance.now())
      timer = setTimeout(() => (performance.now() < at ? arm() : run()), Math.min(LONGEST, Math.max(0, wait)))
    }
    arm()
    return () => clearTimeout(timer)
  },
  yield: run => void setImmediate(run),
}
