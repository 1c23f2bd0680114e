/** All cases of the comparison. */
import type { Case } from '../scene.ts'
import { accessCases } from './access.ts'
import { customResourceCases } from './custom-resources.ts'
import { discoveryCases } from './discovery.ts'
import { kindCases } from './kinds.ts'
import { listCases } from './lists.ts'
import { objectCases } from './objects.ts'
import { patchCases } from './patches.ts'
import { tableCases } from './tables.ts'
import { watchCases } from './watches.ts'

export const cases: readonly Case[] = [
  ...objectCases,
  ...kindCases,
  ...patchCases,
  ...listCases,
  ...watchCases,
  ...tableCases,
  ...discoveryCases,
  ...accessCases,
  ...customResourceCases,
]
