/**
 * Pings from inside a namespace of a running lab, once a second, and counts: `node test/lab/ping-from.ts NAMESPACE ADDRESS
 * [--count N]`. Ends with code 0 when there was an answer, 1 when there was none, 2 on words that make no sense.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { InputFault, reasonOf } from '../../lib/base/failure.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { Pinger } from '../../lib/linux/icmp.ts'
import { inNamespace, namespacePath } from '../../lib/linux/namespace.ts'

const INTERVAL = 1000

function words() {
  try {
    return parseArgs({ options: { count: { type: 'string', default: '5' } }, allowPositionals: true })
  } catch (thrown) {
    throw new InputFault('', reasonOf(thrown))
  }
}

function wish() {
  const { values, positionals } = words()
  const [name, target] = positionals
  const count = Number(values.count)
  if (name === undefined || target === undefined || positionals.length > 2)
    throw new InputFault('', 'usage: node test/lab/ping-from.ts NAMESPACE ADDRESS [--count N]')
  if (!Number.isInteger(count) || count < 1)
    throw new InputFault('--count', `"${values.count}" is no number of requests`, 'give a whole number from 1 on')
  return { name, target: parseAddress(target), count }
}

/** Returns how many were answered. */
async function ping(pinger: Pinger, target: string, count: number): Promise<number> {
  let answered = 0
  for (let sent = 0; sent < count; sent++) {
    if (sent > 0) await sleep(INTERVAL)
    try {
      console.log(`${target} answered in ${(await pinger.ping()).toFixed(2)} ms`)
      answered++
    } catch (thrown) {
      console.log(reasonOf(thrown))
    }
  }
  return answered
}

try {
  const { name, target, count } = wish()
  const pinger = inNamespace(namespacePath(name), () => new Pinger(target))
  const answered = await ping(pinger, String(target), count)
  pinger.close()
  console.log(`${answered} of ${count} answered`)
  process.exitCode = answered > 0 ? 0 : 1
} catch (thrown) {
  console.error(`ping-from: ${reasonOf(thrown)}`)
  process.exitCode = thrown instanceof InputFault ? 2 : 1
}
