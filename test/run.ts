// Runs every test of the project on node:test, a few files at a time, and ends with its exit code.
// Files of test/differential, test/interop and test/lab build networks: they run after all the others, and one after the other,
// but for the end to end ones and those of test/interop, each of which is a long row of waits in a network of its own.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { cannotInteroperate } from './lab/daemons.ts'

const chosen = process.argv.slice(2)
const files = chosen.length > 0 ? chosen : globSync('test/**/*.test.ts').sort()
const network = (file: string) => /^test\/(differential|interop|lab)\//.test(file)
const waiting = (file: string) => /^test\/(interop|lab\/end-to-end)\//.test(file)

function run(some: string[], concurrency: number): number {
  if (some.length === 0) return 0
  const args = ['--test', `--test-concurrency=${concurrency}`, '--test-reporter=spec', ...some]
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1
}

// before two files at a time find that a router is missing
if (files.some(waiting)) cannotInteroperate('gobgpd', 'bgpdump', 'pmacct')

const codes = [
  run(
    files.filter(file => !network(file)),
    2,
  ),
  run(files.filter(waiting), 2),
  run(
    files.filter(file => network(file) && !waiting(file)),
    1,
  ),
]
process.exit(Math.max(...codes))
