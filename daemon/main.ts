#!/usr/bin/env node
/** The one program of the package, `podpeer`: the command line decides what it is this time. */
import { complaintAboutNode } from './node-version.ts'

const complaint = complaintAboutNode(process.versions.node)
if (complaint === undefined) {
  const { run } = await import('./cli/program.ts')
  process.exitCode = await run(process.argv.slice(2))
} else {
  process.stderr.write(`podpeer: ${complaint}\n`)
  process.exitCode = 5
}
