#!/usr/bin/env node
/** The one program of the package, `podpeer`: the command line decides what it is this time. */
import { run } from './cli/program.ts'

process.exitCode = await run(process.argv.slice(2))
