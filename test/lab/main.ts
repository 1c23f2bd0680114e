/**
 * `npm start`: the lab for a person, or for a program with `--once --json`. Decides where it may run, what is printed, when
 * it ends and with which code; what the lab is stands in lab.ts.
 */
import { parseArgs } from 'node:util'
import { InputFault, reasonOf, WorldFault } from '../../lib/base/failure.ts'
import { Lab } from './lab.ts'
import { removeLab } from './leftovers.ts'
import { isWell, type Outcome, renderJson, renderReport } from './report.ts'
import { isRootless, mayBuild, runInUserNamespace, settleIn } from './rootless.ts'
import { ROUTER_KINDS, type RouterKind } from './router.ts'
import { renderSuggestions } from './suggestions.ts'

const USAGE = `npm start -- [--nodes N] [--router podpeer|frr|bird] [--once [--json]]

Builds a small cluster out of network namespaces, runs podpeer's agents in it, and shows what they do.

  --nodes N     how many nodes (2)
  --router R    the router's BGP daemon: podpeer (default), frr or bird
  --once        show it, tear it down, exit 0 only if all is well
  --json        with --once: print one JSON document and nothing else
                (npm start --silent -- … keeps npm's own lines away, too)
`

interface Wish {
  readonly nodes: number
  readonly router: RouterKind
  readonly once: boolean
  readonly json: boolean
  readonly help: boolean
}

const options = {
  nodes: { type: 'string', default: '2' },
  router: { type: 'string', default: 'podpeer' },
  once: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** @throws InputFault */
function parseWish(args: readonly string[]): Wish {
  const { nodes, router, once, json, help } = values(args)
  const kind = ROUTER_KINDS.find(known => known === router)
  if (kind === undefined) throw new InputFault('--router', `"${router}" is none`, `choose ${ROUTER_KINDS.join(', ')}`)
  if (json && !once) throw new InputFault('--json', 'goes with --once only')
  return { nodes: Number(nodes), router: kind, once, json, help }
}

function values(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values
  } catch (thrown) {
    throw new InputFault('', reasonOf(thrown), 'see --help')
  }
}

async function main(): Promise<number> {
  const wish = parseWish(process.argv.slice(2))
  if (wish.help) {
    process.stdout.write(USAGE)
    return 0
  }
  if (isRootless()) settleIn()
  else if (!mayBuild()) return await runInUserNamespace()
  const ended = endOfWishes()
  const begun = performance.now()
  const progress = (what: string) => process.stderr.write(`${seconds(begun).toFixed(1).padStart(6)} s  ${what}\n`)
  const { nodes, router } = wish
  const lab = await Promise.race([Lab.prepare({ nodes, router, progress }), ended])
  if (lab === undefined) return INTERRUPTED
  try {
    const outcome = await Promise.race([observe(lab, begun), ended])
    if (outcome === undefined) return INTERRUPTED
    show(outcome, wish)
    if (wish.once) return isWell(outcome) ? 0 : 1
    process.stdout.write(renderSuggestions(lab))
    await ended
    return 0
  } finally {
    progress('tearing down')
    await lab.close()
  }
}

const INTERRUPTED = 130

/** Resolves when somebody wants the lab to end; a second time ends it at once. */
function endOfWishes(): Promise<undefined> {
  return new Promise(resolve => {
    let asked = false
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        if (asked) process.exit(INTERRUPTED)
        asked = true
        resolve(undefined)
      })
    process.on('exit', () => removeLab())
  })
}

/** A lab that does not settle is a result as well: it is shown with what is missing. */
async function observe(lab: Lab, begun: number): Promise<Outcome> {
  await lab.startAgents()
  try {
    await lab.settled()
  } catch (thrown) {
    if (!(thrown instanceof WorldFault)) throw thrown
    process.stderr.write(`${thrown.message}\n`)
  }
  const pings = await lab.pingAll()
  const missing = await lab.missing()
  return { sessions: await lab.sessions(), routes: lab.routes(), pings, missing, seconds: seconds(begun) }
}

function show(outcome: Outcome, { json }: Wish): void {
  const colour = process.stdout.isTTY && !process.env['NO_COLOR']
  process.stdout.write(`${json ? renderJson(outcome) : `\n${renderReport(outcome, colour)}`}\n`)
}

function seconds(begun: number): number {
  return (performance.now() - begun) / 1000
}

try {
  // not by running out of work: a lab that is interrupted while it is built still has some
  process.exit(await main())
} catch (thrown) {
  // what is wrong with the world or the words is one sentence; a stack is for our own faults
  const known = thrown instanceof InputFault || thrown instanceof WorldFault
  process.stderr.write(`lab: ${known ? thrown.message : thrown instanceof Error ? thrown.stack : String(thrown)}\n`)
  process.exit(thrown instanceof InputFault ? 2 : 1)
}
