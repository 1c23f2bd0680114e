/** What the licence of a BIG-IP allows, from `/mgmt/tm/sys/license`. Pure. */
import type { JsonObject } from './exchange.ts'
import { statisticsOf } from './stats.ts'

/** Modules are listed under what they came with; those that could be bought are listed apart. */
const ACTIVE = /active-?modules/i
const ROUTING = /\brouting(?: |%20|\+)bundle\b/i

/** Whether dynamic routing is among the active modules. A device without a licence has none. */
export function hasRoutingBundle(document: JsonObject): boolean {
  for (const { path, value = '' } of statisticsOf(document)) {
    const at = path.findIndex(key => ACTIVE.test(key))
    if (at >= 0 && [...path.slice(at), value].some(text => ROUTING.test(text))) return true
  }
  return false
}
