/**
 * `npm start`: the lab for a person, or for a program with `--once --json`. Decides where it may run, what is printed, when
 * it ends and with which code; what the lab is stands in lab.ts.
 */
import { parseArgs } from 'node:util'
import { InputFault, reasonOf, WorldFault } from '../../lib/base/failure.ts'
import { BigIpLab } from './bigip-lab.ts'
import { LAB_MODES, type LabMode } from './lab-mode.ts'
import { removeLab } from './leftovers.ts'
import { isWell, type Outcome, renderJson, renderReport } from './report.ts'
import { isRootless, mayBuild, runInUserNamespace, settleIn } from './rootless.ts'
import { ROUTER_KINDS, type RouterKind } from './router.ts'
import { renderSuggestions } from './suggestions.ts'

const USAGE = `npm start -- [--mode M] [--nodes N] [--router podpeer|frr|bird] [--once [--json]]

Builds a small cluster and an empty BIG-IP out of network namespaces, runs podpeer's controller and agents in it, and
shows what they do.

  --mode M      how BIG-IP reaches the pods: bgp (default), flannel-vxlan, flannel-host-gw, cilium-vxlan,
                podpeer-vxlan or static
  --nodes N     how many nodes (2)
  --router R    BIG-IP's BGP daemon: podpeer (default), frr or bird
  --once        show it, tear it down, exit 0 only if all is well
  --json        with --once: print one JSON document and nothing else
                (npm start --silent -- … keeps npm's own lines away, too)
`

interface Wish {
  readonly mode: LabMode
  readonly nodes: number
  readonly router: RouterKind
  readonly once: boolean
  readonly json: boolean
  readonly help: boolean
}

const options = {
  mode: { type: 'string', default: 'bgp' },
  nodes: { type: 'string', default: '2' },
  router: { type: 'string', default: 'podpeer' },
  once: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** @throws InputFault */
function parseWish(args: readonly string[]): Wish {
  const { mode, nodes, router, once, json, help } = values(args)
  if (json && !once) throw new InputFault('--json', 'goes with --once only')
  const wish = { mode: choice('--mode', mode, LAB_MODES), router: choice('--router', router, ROUTER_KINDS) }
  return { ...wish, nodes: Number(nodes), once, json, help }
}

function choice<Word extends string>(option: string, word: string, words: readonly Word[]): Word {
  const known = words.find(known => known === word)
  if (known === undefined) throw new InputFault(option, `"${word}" is none`, `choose ${words.join(', ')}`)
  return known
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
  const { mode, nodes, router } = wish
  const lab = await Promise.race([BigIpLab.prepare({ mode, nodes, router, progress }), ended])
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
async function observe(lab: BigIpLab, begun: number): Promise<Outcome> {
  await lab.startPodpeer()
  try {
    await lab.settled()
  } catch (thrown) {
    if (!(thrown instanceof WorldFault)) throw thrown
    process.stderr.write(`${thrown.message}\n`)
  }
  const pings = await lab.pingAll()
  const missing = await lab.missing()
  const { mode, plan } = lab
  return {
    mode,
    ...(plan.played !== undefined && { played: plan.played }),
    objects: await lab.objects(),
    sessions: await lab.sessions(),
    routes: lab.routes(),
    pings,
    missing,
    seconds: seconds(begun),
  }
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
