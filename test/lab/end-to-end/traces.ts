/** What BIG-IP has of the nodes, in whichever mode: in its configuration, and in the kernel behind it. */
import type { BigIpLab } from '../bigip-lab.ts'
import { BIGIP } from '../bigip-topology.ts'
import { learnedRoutes, rowsOf, staticRoutes } from '../network.ts'
import type { LabNode } from '../topology.ts'

export interface Trace {
  /** As the stand-in's `hand` takes it. */
  readonly path: string
  /** What names the node or its pods in it. */
  readonly text: string
}

async function traces({ bigip }: BigIpLab): Promise<Trace[]> {
  const inside = async (collection: string, part: string) =>
    (await bigip.list(collection).catch(() => [])).map(
      ({ fullPath }) => `${collection}/${String(fullPath).replaceAll('/', '~')}/${part}`,
    )
  const collections = [
    ...['/tm/net/arp', '/tm/net/ndp', '/tm/net/route'],
    ...(await inside('/tm/net/fdb/tunnel', 'records')),
    ...(await inside('/tm/net/routing/bgp', 'neighbor')),
  ]
  const found = collections.map(async collection => {
    const rows = await bigip.list(collection)
    return rows.map(({ name, fullPath, endpoint, ipAddress, network, gw }) => ({
      path: `${collection}/${String(fullPath).replaceAll('/', '~')}`,
      text: JSON.stringify([name, endpoint, ipAddress, network, gw]),
    }))
  })
  return (await Promise.all(found)).flat()
}

/** @param place as it is or was: by its addresses and those of its pods */
export async function tracesOf(lab: BigIpLab, place: LabNode): Promise<Trace[]> {
  const ours = [place.address, ...place.pods.map(({ address }) => address)].flatMap(address => Object.values(address))
  return (await traces(lab)).filter(({ text }) => ours.some(address => new RegExp(`"${address}(%\\d+)?"`).test(text)))
}

/** What the kernel behind BIG-IP has. */
export function kernelOf({ device }: BigIpLab): string[] {
  const tunnels = device.kernel.tunnels.flatMap(name => rowsOf(BIGIP, name))
  const routes = [...staticRoutes(BIGIP), ...learnedRoutes(BIGIP)]
  return [...tunnels, ...routes.map(({ prefix, via }) => `${prefix} via ${via}`)].sort()
}
