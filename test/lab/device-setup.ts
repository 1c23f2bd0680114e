/**
 * A BIG-IP's BGP objects as what the daemon behind them is told. Pure. Rule: of virtual addresses only those go out that the
 * device advertises and whose family is redistributed, as far as the route map lets them, as ZebOS has it of kernel routes.
 */
import { parsePrefix } from '../../lib/base/prefix.ts'
import type {
  IpFamily,
  WorldBgp,
  WorldBgpNeighbor,
  WorldPrefixList,
  WorldVirtualAddress,
} from '../bigip/device-world.ts'
import type { RouterPeer, RouterSetup } from './router-setup.ts'
import { FAMILIES, type FamilyName } from './topology.ts'

/** @param routerId where the process names none */
export function deviceSetup(
  bgp: WorldBgp,
  virtualAddresses: readonly WorldVirtualAddress[],
  routerId: string,
): RouterSetup {
  const vips = virtualAddresses.filter(({ advertised }) => advertised).map(({ address }) => address)
  const { asNumber, gracefulRestart } = bgp
  return {
    asNumber,
    routerId: bgp.routerId ?? routerId,
    originated: { ipv4: redistributed(bgp, 'ipv4', vips), ipv6: redistributed(bgp, 'ipv6', vips) },
    ...(gracefulRestart && { restartTime: gracefulRestart.restartTime }),
    peers: bgp.neighbors.filter(({ shutdown }) => !shutdown).map(neighbor => peerOf(bgp, neighbor)),
  }
}

function peerOf(bgp: WorldBgp, neighbor: WorldBgpNeighbor): RouterPeer {
  const { address, asNumber, families, ebgpMultihop, passive, password } = neighbor
  return {
    name: `neighbor-${address}`,
    address,
    asNumber,
    families: FAMILIES.filter(family => families.includes(family)),
    holdTime: neighbor.holdTime ?? bgp.holdTime,
    keepaliveTime: neighbor.keepaliveTime ?? bgp.keepaliveTime,
    passive,
    // 1 is what the device says of a neighbour on a network of its own
    ...(ebgpMultihop !== undefined && ebgpMultihop > 1 && { multihop: ebgpMultihop }),
    ...(password !== undefined && { password }),
  }
}

function redistributed(bgp: WorldBgp, family: FamilyName, vips: readonly string[]): string[] {
  const rule = bgp.redistribute.find(one => one.family === family && one.from === 'kernel')
  if (rule === undefined) return []
  return vips
    .map(text => parsePrefix(text))
    .filter(prefix => prefix.family === (family === 'ipv4' ? 4 : 6))
    .map(String)
    .filter(vip => rule.routeMap === undefined || passes(bgp, rule.routeMap, family, vip))
    .sort()
}

function passes({ routeMaps, prefixLists }: WorldBgp, name: string, family: IpFamily, vip: string): boolean {
  const entries = routeMaps.find(map => map.name === name)?.entries ?? []
  const first = entries
    .toSorted((one, other) => one.sequence - other.sequence)
    .find(({ prefixLists: { [family]: wanted } }) => {
      const list = prefixLists.find(list => list.name === wanted)
      return wanted === undefined || (list !== undefined && permits(list, vip))
    })
  return first?.action === 'permit'
}

function permits({ entries }: WorldPrefixList, vip: string): boolean {
  const prefix = parsePrefix(vip)
  const first = entries
    .toSorted((one, other) => one.sequence - other.sequence)
    .find(entry => {
      const around = parsePrefix(entry.prefix)
      const [from = around.length, to = from] = entry.lengths?.split(':').map(Number) ?? []
      return around.contains(prefix) && prefix.length >= from && prefix.length <= to
    })
  return first?.action === 'permit'
}
