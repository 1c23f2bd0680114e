/** Floods the log for a while, then tells on standard error how it went, and ends. Run by log.test.ts. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openLog } from '../../daemon/log.ts'

const log = openLog('info')
let latest = 0
let last = performance.now()
for (let turn = 0; turn < 200; turn++) {
  for (let line = 0; line < 100; line++) log.info('flood', { turn, line, padding: 'x'.repeat(100) })
  await sleep(1)
  latest = Math.max(latest, performance.now() - last)
  last = performance.now()
}
const { dropped } = log
await log.close(200)
process.stderr.write(JSON.stringify({ dropped, latest }))
