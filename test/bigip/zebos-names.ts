/**
 * Names between ZebOS and the objects that hold its state: ZebOS has them per route domain and, in legacy mode, without
 * partitions; in tmos mode it shows the full paths.
 */
import type { Box } from './box.ts'
import { hasTmosRouting } from './routing-mode.ts'

/** Full path of what ZebOS calls by a name. */
export function pathOf(box: Box, routeDomain: number, name: string): string {
  if (name.startsWith('/') || hasTmosRouting(box)) return name.startsWith('/') ? name : `/Common/${name}`
  return `/Common/${name}${suffix(routeDomain)}`
}

/** What ZebOS calls an object. */
export function nameOf(box: Box, routeDomain: number, path: string): string {
  if (hasTmosRouting(box)) return path
  const name = path.slice('/Common/'.length)
  return routeDomain === 0 ? name : name.slice(0, -suffix(routeDomain).length)
}

const suffix = (routeDomain: number) => (routeDomain === 0 ? '' : `@${routeDomain}`)
