/** Counters and live state: what the world knows, in the nested form of `…/stats`. */
import type { JsonObject } from '../kube/json.ts'
import type { BgpNeighborState } from './device-world.ts'
import { parseTarget, targetOf } from './kinds.ts'
import type { Unit } from './unit.ts'
import { find } from './verbs.ts'
import { worldBgp } from './world-bgp.ts'

const HOST = 'https://localhost/mgmt/tm'

/** Undefined where the path asks for none. @param path below `/mgmt`. @throws RestError */
export async function readStatistics(unit: Unit, path: string): Promise<JsonObject | undefined> {
  const target = path.startsWith('/tm/') && path.includes('/stats') ? parseTarget(path.slice('/tm'.length)) : undefined
  if (target === undefined || !target.stats) return undefined
  const { kind } = target
  if (kind.collection === '/net/tunnels/tunnel') return tunnelStatistics(unit, target.path)
  const process =
    kind.collection === '/net/routing/bgp'
      ? target.path
      : kind.collection === '/net/routing/bgp/neighbor'
        ? target.parent
        : undefined
  if (process === undefined || kind.absent?.(unit.box) !== undefined) return undefined
  const bgp = find(unit.box, targetOf('/net/routing/bgp', process))
  const routeDomain = Number(unit.box.store.get('/net/route-domain', String(bgp.values['routeDomain']))?.values['id'])
  const states = await neighborStates(unit, routeDomain)
  const one = kind.collection === '/net/routing/bgp' ? undefined : target.path
  const chosen = states.filter(({ address }) => one === undefined || address === one)
  return nested(
    `/net/routing/bgp/${process.replaceAll('/', '~')}/neighbor`,
    Object.fromEntries(chosen.map(state => [state.address, neighborEntries(state)])),
  )
}

/** As the world's daemon sees them; without a world each neighbour that is not shut down is established. */
export async function neighborStates(unit: Unit, routeDomain: number): Promise<readonly BgpNeighborState[]> {
  const told = await unit.bgpNeighbors(routeDomain)
  if (told !== undefined) return told
  return (worldBgp(unit.box, routeDomain)?.neighbors ?? []).map(({ address, shutdown }) => ({
    ...{ address, state: shutdown ? 'Idle' : 'Established', since: 60 },
    ...{ prefixesReceived: shutdown ? 0 : 1, prefixesSent: 0, messagesReceived: 4, messagesSent: 4 },
  }))
}

function tunnelStatistics({ box }: Unit, path: string | undefined): JsonObject {
  const tunnels =
    path === undefined ? box.store.list('/net/tunnels/tunnel') : [find(box, targetOf('/net/tunnels/tunnel', path))]
  return nested(
    '/net/tunnels/tunnel',
    Object.fromEntries(
      tunnels.map(tunnel => [
        tunnel.path.replaceAll('/', '~'),
        {
          tmName: { description: tunnel.path },
          macAddr: { description: String(tunnel.values['mac']) },
          mtu: { value: Number(tunnel.values['mtu']) || 1450 },
          status: { description: 'up' },
        },
      ]),
    ),
  )
}

function neighborEntries(state: BgpNeighborState): JsonObject {
  return {
    neighborAddress: { description: state.address },
    state: { description: state.state },
    upTime: { value: state.since },
    prefixesAccepted: { value: state.prefixesReceived },
    prefixesAnnounced: { value: state.prefixesSent },
    messagesReceived: { value: state.messagesReceived },
    messagesSent: { value: state.messagesSent },
  }
}

function nested(path: string, inner: Readonly<Record<string, JsonObject>>): JsonObject {
  const url = `${HOST}${path}`
  const rows = Object.entries(inner).map(([name, entries]) => [`${url}/${name}/stats`, { nestedStats: { entries } }])
  return { kind: 'tm:stats', selfLink: `${url}/stats`, entries: Object.fromEntries(rows) }
}
