/**
 * What route selection asks of an attribute set (RFC 4271 §9.1.2, RFC 4456 §9), read out of canonical attribute bytes.
 * To be read once per interned set and kept beside it; never per route.
 */

/** Bits of `communities`. */
export const communityBit = { noExport: 1, noAdvertise: 2, noExportSubconfed: 4, gracefulShutdown: 8 } as const

export class DecisionKeys {
  /** 0 IGP, 1 EGP, 2 INCOMPLETE. */
  origin = 2
  /** An AS_SET counts as one (RFC 4271 §9.1.2.2 a). */
  pathLength = 0
  /** First AS of the path; 0 when the path is empty (a route of this AS). */
  neighborAs = 0
  /** Last AS of the path; 0 when the path is empty. */
  originAs = 0
  /** -1 when absent. */
  localPref = -1
  med = -1
  /** 0 when absent. */
  originatorId = 0
  clusterListLength = 0
  /** Which of the well-known communities are present: bits of `communityBit`. */
  communities = 0

  /** Fills all fields from canonical attribute bytes `[start, end)`. */
  read(_bytes: Uint8Array, _start: number, _end: number): void {}
}

/** Whether the AS_PATH of canonical attribute bytes holds this AS number (RFC 4271 §9.1.2: a loop when it is ours). */
export function pathContains(_bytes: Uint8Array, _start: number, _end: number, _asNumber: number): boolean {
  return false
}

/** Whether the CLUSTER_LIST holds this cluster id (RFC 4456 §8). */
export function clusterListContains(_bytes: Uint8Array, _start: number, _end: number, _clusterId: number): boolean {
  return false
}
