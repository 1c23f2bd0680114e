/** Everything about one prefix in words: its paths, whom it is announced to, and what the kernel makes of it. */
import type { RouteExplanation, Speaker } from '../../bgp/index.ts'
import { renderVerdict } from '../../bgp/rib/policy-edit.ts'
import { LOCAL_PEER } from '../../bgp/rib/rib.ts'
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import type { ForeignRoute } from '../../lib/linux/table/state.ts'
import type { Explanation, KernelExplanation, PathExplanation } from '../control/document.ts'
import { routeRow } from './route-listing.ts'
import type { KernelTable } from './world.ts'

const ORDER = ['best', 'multipath', 'not best', 'ineligible', 'rejected']

/** @param metric of our own routes */
export async function explain(
  target: Prefix,
  speaker: Speaker,
  table: KernelTable | undefined,
  metric: number,
): Promise<Explanation> {
  const found = speaker.explain(target)
  const nameOf = (peer: number) => speaker.peerName(peer)
  const paths = (found?.paths ?? []).map(
    (path): PathExplanation => ({
      ...routeRow(path, nameOf),
      ...(path.importVerdict && { importPolicy: renderVerdict(path.importVerdict) }),
    }),
  )
  return {
    target: target.toString(),
    ...(found && { prefix: found.prefix.toString() }),
    paths: paths.sort((one, other) => ORDER.indexOf(one.verdict) - ORDER.indexOf(other.verdict)),
    advertised: (found?.advertised ?? []).map(({ peer, pathId, advertised, reason }) => ({
      peer: nameOf(peer) ?? '',
      ...(pathId !== undefined && { pathId }),
      advertised,
      reason,
    })),
    kernel: await explainKernel(found?.prefix ?? target, found, table, metric),
  }
}

async function explainKernel(
  prefix: Prefix,
  found: RouteExplanation | undefined,
  table: KernelTable | undefined,
  metric: number,
): Promise<KernelExplanation> {
  const nextHops = (found?.kernelNextHops ?? []).map(String)
  if (table === undefined)
    return { installed: false, reason: 'learned routes are not installed: kernel.install is false', nextHops }
  const state = table.state(prefix)
  const installed = state.status === 'installed'
  const winner = await winnerOf(prefix, table)
  const foreign = typeof winner === 'object' ? { foreign: renderForeign(winner) } : {}
  if (typeof winner === 'string') return { installed, reason: winner, nextHops }
  if (!installed) return { installed, reason: absence(found, state.reason), nextHops, ...foreign }
  const here = `installed ${state.path}`
  if (winner === undefined || winner.metric > metric) return { installed, reason: here, nextHops }
  return {
    installed,
    reason: `${here}, but a route of ${winner.protocol} wins: its metric is lower`,
    nextHops,
    ...foreign,
  }
}

/** The best route of others at this prefix; a text: why it cannot be told. */
async function winnerOf(prefix: Prefix, table: KernelTable): Promise<ForeignRoute | string | undefined> {
  try {
    const [winner] = await table.foreignRoutes(prefix)
    return winner
  } catch (thrown) {
    if (!(thrown instanceof WorldFault)) throw thrown
    return `the kernel's table cannot be read: ${reasonOf(thrown)}`
  }
}

function absence(found: RouteExplanation | undefined, reason: string): string {
  if (found === undefined) return reason || 'no route is known, so none is wanted'
  if (found.paths.some(({ peer, verdict }) => peer === LOCAL_PEER && verdict === 'best'))
    return 'it originates here: the way to it is not ours to install'
  return reason || 'no path can be used, so none is wanted'
}

/** In the words of `ip route`. */
export function renderForeign({ prefix, path, protocol, metric }: ForeignRoute): string {
  return `${prefix} ${path} proto ${protocol} metric ${metric}`
}
