/**
 * What route selection asks of an attribute set (RFC 4271 §9.1.2, RFC 4456 §9), read out of canonical attribute bytes.
 * To be read once per interned set and kept beside it; never per route.
 */

import { asPathCount } from './as-path.ts'
import { attributeEnd, attributeValueStart } from './attribute-header.ts'
import { attributeCode, wellKnownCommunity } from './iana.ts'
import { readUint32 } from './octets.ts'

/** Bits of `communities`. */
export const communityBit = {
  noExport: 1,
  noAdvertise: 2,
  noExportSubconfed: 4,
  gracefulShutdown: 8,
  blackhole: 16,
  llgrStale: 32,
  noLlgr: 64,
} as const

export class DecisionKeys {
  /** 0 IGP, 1 EGP, 2 INCOMPLETE. */
  origin = 2
  /** An AS_SET counts as one (RFC 4271 §9.1.2.2 a). */
  pathLength = 0
  /** First AS of the path; 0 when the path is empty (a route of this AS). */
  neighborAs = 0
  /** -1 when absent. */
  localPref = -1
  med = -1
  /** 0 when absent. */
  originatorId = 0
  clusterListLength = 0
  /** Which of the well-known communities are present: bits of `communityBit`. */
  communities = 0
  /** The AS number of ONLY_TO_CUSTOMER (RFC 9234 §5); 0 when absent. */
  otc = 0

  /** Fills all fields from canonical attribute bytes `[start, end)`. */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.#forget()
    for (let at = start; at < end; ) {
      const valueStart = attributeValueStart(bytes, at)
      const next = attributeEnd(bytes, at)
      this.#readAttribute(bytes, bytes[at + 1]!, valueStart, next)
      at = next
    }
  }

  #forget(): void {
    this.origin = 2
    this.pathLength = 0
    this.neighborAs = 0
    this.localPref = -1
    this.med = -1
    this.originatorId = 0
    this.clusterListLength = 0
    this.communities = 0
    this.otc = 0
  }

  #readAttribute(bytes: Uint8Array, code: number, start: number, end: number): void {
    switch (code) {
      case attributeCode.origin:
        this.origin = bytes[start]!
        break
      case attributeCode.asPath:
        if (start === end) break
        this.pathLength = asPathCount(bytes, start, end, 4)
        this.neighborAs = readUint32(bytes, start + 2)
        break
      case attributeCode.med:
        this.med = readUint32(bytes, start)
        break
      case attributeCode.localPref:
        this.localPref = readUint32(bytes, start)
        break
      case attributeCode.communities:
        for (let at = start; at < end; at += 4) this.communities |= bitOf(readUint32(bytes, at))
        break
      case attributeCode.originatorId:
        this.originatorId = readUint32(bytes, start)
        break
      case attributeCode.clusterList:
        this.clusterListLength = (end - start) / 4
        break
      case attributeCode.onlyToCustomer:
        this.otc = readUint32(bytes, start)
        break
    }
  }
}

/** Whether the AS_PATH of canonical attribute bytes holds this AS number (RFC 4271 §9.1.2: a loop when it is ours). */
export function pathContains(bytes: Uint8Array, start: number, end: number, asNumber: number): boolean {
  const at = find(bytes, start, end, attributeCode.asPath)
  if (at === -1) return false
  const pathEnd = attributeEnd(bytes, at)
  for (let from = attributeValueStart(bytes, at); from < pathEnd; ) {
    const segmentEnd = from + 2 + 4 * bytes[from + 1]!
    for (from += 2; from < segmentEnd; from += 4) if (readUint32(bytes, from) === asNumber) return true
  }
  return false
}

/** Whether the CLUSTER_LIST holds this cluster id (RFC 4456 §8). */
export function clusterListContains(bytes: Uint8Array, start: number, end: number, clusterId: number): boolean {
  const at = find(bytes, start, end, attributeCode.clusterList)
  if (at === -1) return false
  const listEnd = attributeEnd(bytes, at)
  for (let from = attributeValueStart(bytes, at); from < listEnd; from += 4)
    if (readUint32(bytes, from) === clusterId) return true
  return false
}

/** Where the attribute of this code begins, else -1. */
function find(bytes: Uint8Array, start: number, end: number, code: number): number {
  for (let at = start; at < end; at = attributeEnd(bytes, at)) if (bytes[at + 1] === code) return at
  return -1
}

function bitOf(community: number): number {
  switch (community) {
    case wellKnownCommunity.noExport:
      return communityBit.noExport
    case wellKnownCommunity.noAdvertise:
      return communityBit.noAdvertise
    case wellKnownCommunity.noExportSubconfed:
      return communityBit.noExportSubconfed
    case wellKnownCommunity.gracefulShutdown:
      return communityBit.gracefulShutdown
    case wellKnownCommunity.blackhole:
      return communityBit.blackhole
    case wellKnownCommunity.llgrStale:
      return communityBit.llgrStale
    case wellKnownCommunity.noLlgr:
      return communityBit.noLlgr
    default:
      return 0
  }
}
