/** Why routes are kept and never chosen, whatever policy says: they have been here before, which attributes tell, or they are leaks. */
import { clusterListContains, type DecisionKeys, pathContains } from '../wire/decision-keys.ts'

/** Who we are, as far as loops go. */
export interface RibIdentity {
  readonly asNumber: number
  /** uint32 */
  readonly routerId: number
  /** uint32; RFC 4456 §7 */
  readonly clusterId: number
}

/** Why an announcement is kept, but never chosen (RFC 4271 §9.1.2, RFC 4456 §8, RFC 9234 §5). Index 0: it may be. */
export const loops = [
  '',
  'our own AS is in AS_PATH',
  'ORIGINATOR_ID is our router id',
  'our cluster id is in CLUSTER_LIST',
  'a route leak: it is for customers only (OTC)',
] as const

/** Index into `loops` of a leak, which attributes alone do not tell. */
export const LEAK = 4

/** Index into `loops` of what canonical attribute bytes tell. @param keys as read from the same bytes */
export function loopOf(
  bytes: Uint8Array,
  start: number,
  end: number,
  { originatorId, clusterListLength }: DecisionKeys,
  { asNumber, routerId, clusterId }: RibIdentity,
): 0 | 1 | 2 | 3 {
  if (pathContains(bytes, start, end, asNumber)) return 1
  if (originatorId === routerId) return 2
  return clusterListLength > 0 && clusterListContains(bytes, start, end, clusterId) ? 3 : 0
}
