/** Families as the control API calls them. */
import type { Family } from '../../lib/base/ip.ts'
import type { FamilyName } from '../control/document.ts'

export function familyName(family: Family): FamilyName {
  return family === 4 ? 'ipv4' : 'ipv6'
}
