/**
 * The two ways of dynamic routing, of which a device has one at a time: objects of tmsh (`tmos`, by a database variable) or
 * ZebOS (`legacy`, by protocols of a route domain). What one of them configured is lost when it is switched off.
 */
import type { Box } from './box.ts'
import type { Entry } from './kind.ts'
import { type RestError, refused } from './rest-error.ts'

export const ROUTING_VARIABLE = 'tmrouted.tmos.routing'
/** Those that refer to others first. */
const COLLECTIONS = ['/net/routing/bgp', '/net/routing/route-map', '/net/routing/prefix-list'] as const
const CHILDREN: Readonly<Record<string, readonly string[]>> = {
  '/net/routing/bgp': ['/net/routing/bgp/neighbor', '/net/routing/bgp/peer-group'],
  '/net/routing/route-map': ['/net/routing/route-map/entries'],
  '/net/routing/prefix-list': ['/net/routing/prefix-list/entries'],
}

export const hasTmosRouting = (box: Box) => box.db(ROUTING_VARIABLE) === 'enable'

export function protocolsOf({ values }: Entry): readonly string[] {
  return (values['routingProtocol'] ?? []) as string[]
}

const mixed = (path: string) =>
  refused('01071c3f:3', `Cannot mix routing-protocol Legacy and TMOS mode for route-domain (${path}).`)

/** @throws RestError */
export function checkLegacyRouting(box: Box, routeDomain: Entry): void {
  if (hasTmosRouting(box)) throw mixed(routeDomain.path)
}

/** @throws RestError */
export function checkTmosRouting(box: Box): void {
  const legacy = box.store.list('/net/route-domain').find(entry => protocolsOf(entry).length > 0)
  if (legacy !== undefined) throw mixed(legacy.path)
}

/** Why there are no objects of dynamic routing in REST. */
export function noTmosRouting(box: Box): RestError | undefined {
  if (!box.machine.routingBundle) return refused('01070719:3', 'Dynamic routing is not licensed.')
  if (hasTmosRouting(box)) return undefined
  const legacy = box.store.list('/net/route-domain').find(entry => protocolsOf(entry).length > 0)
  return legacy === undefined
    ? refused('01071c40:3', `TMOS routing is not enabled: sys db ${ROUTING_VARIABLE} is "disable".`)
    : mixed(legacy.path)
}

/** Of a route domain: without BGP its ZebOS configuration is gone. */
export function routingChanged(box: Box, before: Entry | undefined, after: Entry | undefined): void {
  const had = before !== undefined && protocolsOf(before).includes('BGP')
  if (!had || (after !== undefined && protocolsOf(after).includes('BGP'))) return
  dropRouting(box, before.path)
  if (after === undefined) return
  const { extendedAsnCap: _, ...values } = after.values
  box.store.put({ ...after, values })
}

/** @param routeDomain all where absent */
export function dropRouting(box: Box, routeDomain?: string): void {
  for (const collection of COLLECTIONS)
    for (const entry of box.store.list(collection)) {
      if (routeDomain !== undefined && entry.values['routeDomain'] !== routeDomain) continue
      for (const child of CHILDREN[collection]!)
        for (const inner of box.store.list(child, entry.path)) box.store.remove(inner)
      box.store.remove(entry)
    }
}
