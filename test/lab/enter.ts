/**
 * Runs a command inside a namespace of a running lab, for machines without iproute2:
 * `node test/lab/enter.ts NAMESPACE COMMAND [ARGUMENT…]`. Ends with the command's exit code.
 */
import { spawn } from 'node:child_process'
import { reasonOf } from '../../lib/base/failure.ts'
import { inNamespace, namespacePath } from '../../lib/linux/namespace.ts'

const [name, command, ...args] = process.argv.slice(2)
if (name === undefined || command === undefined) {
  console.error('usage: node test/lab/enter.ts NAMESPACE COMMAND [ARGUMENT…]')
  process.exit(2)
}
try {
  const child = inNamespace(namespacePath(name), () => spawn(command, args, { stdio: 'inherit' }))
  child.on('error', error => {
    console.error(`enter: ${error.message}`)
    process.exitCode = 127
  })
  child.on('exit', code => {
    process.exitCode = code ?? 1
  })
} catch (thrown) {
  console.error(`enter: ${reasonOf(thrown)}`)
  process.exitCode = 1
}
