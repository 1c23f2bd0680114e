/** Pings from inside a namespace of a running lab, once a second: `node test/lab/ping-from.ts NAMESPACE ADDRESS`. */
import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '../../lib/base/failure.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { Pinger } from '../../lib/linux/icmp.ts'
import { inNamespace, namespacePath } from '../../lib/linux/namespace.ts'

const [name, target] = process.argv.slice(2)
if (name === undefined || target === undefined) {
  console.error('usage: node test/lab/ping-from.ts NAMESPACE ADDRESS')
  process.exit(2)
}
try {
  const pinger = inNamespace(namespacePath(name), () => new Pinger(parseAddress(target)))
  for (;;) {
    const answer = await pinger.ping().then(
      milliseconds => `${target} answered in ${milliseconds.toFixed(2)} ms`,
      thrown => reasonOf(thrown),
    )
    console.log(answer)
    await sleep(1000)
  }
} catch (thrown) {
  console.error(`ping-from: ${reasonOf(thrown)}`)
  process.exitCode = 1
}
