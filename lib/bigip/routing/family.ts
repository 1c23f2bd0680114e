/** The address families as BGP on BIG-IP calls them, IPv4 first. Pure. */
import type { Family } from '../../base/ip.ts'

export type BgpFamily = 'ipv4' | 'ipv6'

export const FAMILIES: readonly BgpFamily[] = ['ipv4', 'ipv6']

/** Of an address or a prefix. */
export function bgpFamilyOf(text: string): BgpFamily {
  return text.includes(':') ? 'ipv6' : 'ipv4'
}

export function familyName(family: Family): BgpFamily {
  return family === 4 ? 'ipv4' : 'ipv6'
}
