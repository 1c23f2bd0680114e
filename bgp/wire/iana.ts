/** The numbers IANA and the RFCs assign to BGP-4: numbers and their names only, no behaviour beyond looking one up. */
import type { Family } from '../../lib/base/ip.ts'

export const messageType = { open: 1, update: 2, notification: 3, keepalive: 4, routeRefresh: 5 } as const

/** RFC 4271 §4.1; the length counts the header. */
export const headerLength = 19
export const maxMessageLength = 4096
/** RFC 8654 §4: of UPDATE, NOTIFICATION and ROUTE-REFRESH between peers that both offered it. */
export const maxExtendedMessageLength = 65535

/** RFC 6793 §9: stands for an AS number that does not fit two octets. */
export const asTrans = 23456

export const attributeFlag = { optional: 0x80, transitive: 0x40, partial: 0x20, extendedLength: 0x10 } as const

export const attributeCode = {
  origin: 1,
  asPath: 2,
  nextHop: 3,
  med: 4,
  localPref: 5,
  atomicAggregate: 6,
  aggregator: 7,
  communities: 8,
  originatorId: 9,
  clusterList: 10,
  mpReach: 14,
  mpUnreach: 15,
  extendedCommunities: 16,
  as4Path: 17,
  as4Aggregator: 18,
  pmsiTunnel: 22,
  tunnelEncapsulation: 23,
  ipv6ExtendedCommunities: 25,
  aigp: 26,
  largeCommunities: 32,
  onlyToCustomer: 35,
  prefixSid: 40,
} as const

/** RFC 4271 §4.3 b and RFC 5065 §3. */
export const segmentType = { set: 1, sequence: 2, confederationSequence: 3, confederationSet: 4 } as const

export const originCode = { igp: 0, egp: 1, incomplete: 2 } as const

/** RFC 1997, RFC 8326, RFC 9494 §4.1, RFC 7999. */
export const wellKnownCommunity = {
  gracefulShutdown: 0xffff0000,
  llgrStale: 0xffff0006,
  noLlgr: 0xffff0007,
  blackhole: 0xffff029a,
  noExport: 0xffffff01,
  noAdvertise: 0xffffff02,
  noExportSubconfed: 0xffffff03,
} as const

export const capabilityCode = {
  multiprotocol: 1,
  routeRefresh: 2,
  extendedNextHop: 5,
  extendedMessage: 6,
  role: 9,
  gracefulRestart: 64,
  fourOctetAs: 65,
  addPath: 69,
  enhancedRouteRefresh: 70,
  longLivedGracefulRestart: 71,
  hostName: 73,
  softwareVersion: 75,
} as const

/** Of ROUTE-REFRESH (RFC 7313 §3.2): please send again; what follows is everything; that was everything. */
export const refreshSubtype = { request: 0, begin: 1, end: 2 } as const

/** Names of capabilities for people, those we only recognise included. */
export const capabilityName: Readonly<Record<number, string>> = {
  1: 'multiprotocol',
  2: 'route refresh',
  3: 'outbound route filtering',
  5: 'extended next hop',
  6: 'extended message',
  8: 'multiple labels',
  9: 'role',
  64: 'graceful restart',
  65: '4-octet AS',
  67: 'dynamic capability',
  69: 'add-path',
  70: 'enhanced route refresh',
  71: 'long-lived graceful restart',
  73: 'host name',
  75: 'software version',
  76: 'paths limit',
  77: 'link-local next hop',
  128: 'route refresh (pre-standard)',
}

export const afi = { ipv4: 1, ipv6: 2 } as const
export const safi = { unicast: 1 } as const

export function afiOf(family: Family): number {
  return family === 4 ? afi.ipv4 : afi.ipv6
}

/** The unicast family that an AFI and SAFI name; 0 for any that this speaker does not carry. */
export function familyOf(afiNumber: number, safiNumber: number): Family | 0 {
  if (safiNumber !== safi.unicast) return 0
  return afiNumber === afi.ipv4 ? 4 : afiNumber === afi.ipv6 ? 6 : 0
}
