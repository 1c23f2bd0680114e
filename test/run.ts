// Runs every test of the project on node:test, a few files at a time, and ends with its exit code.
// Files of test/differential, test/interop and test/lab build networks: they run one after the other, after all the others, but
// for the end to end ones, each of which is a long row of waits in a lab of its own.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

const chosen = process.argv.slice(2)
const files = chosen.length > 0 ? chosen : globSync('test/**/*.test.ts').sort()
const network = (file: string) => /^test\/(differential|interop|lab)\//.test(file)
const endToEnd = (file: string) => file.startsWith('test/lab/end-to-end/')

function run(some: string[], concurrency: number): number {
  if (some.length === 0) return 0
  const args = ['--test', `--test-concurrency=${concurrency}`, '--test-reporter=spec', ...some]
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1
}

const codes = [
  run(
    files.filter(file => !network(file)),
    2,
  ),
  run(files.filter(endToEnd), 2),
  run(
    files.filter(file => network(file) && !endToEnd(file)),
    1,
  ),
]
process.exit(Math.max(...codes))
