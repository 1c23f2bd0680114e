/**
 * NOTIFICATION (RFC 4271 §4.5), and its codes and names as one table that decoders, log, CLI and tests share. Decoding cannot
 * fail: a NOTIFICATION is never answered by another (RFC 4271 §6.4), whatever it holds.
 */

/** 7 from RFC 7313 §5, 8 from RFC 9687 §4. */
export const errorCode = {
  header: 1,
  open: 2,
  update: 3,
  holdTimer: 4,
  fsm: 5,
  cease: 6,
  routeRefresh: 7,
  sendHoldTimer: 8,
} as const

export const headerError = { notSynchronized: 1, badLength: 2, badType: 3 } as const

export const openError = {
  unspecific: 0,
  unsupportedVersion: 1,
  badPeerAs: 2,
  badIdentifier: 3,
  unsupportedParameter: 4,
  unacceptableHoldTime: 6,
  unsupportedCapability: 7,
  /** RFC 9234 §4.2. */
  roleMismatch: 11,
} as const

export const updateError = {
  malformedAttributeList: 1,
  unrecognizedWellKnown: 2,
  missingWellKnown: 3,
  attributeFlags: 4,
  attributeLength: 5,
  invalidOrigin: 6,
  invalidNextHop: 8,
  optionalAttribute: 9,
  invalidNetworkField: 10,
  malformedAsPath: 11,
} as const

/** RFC 7313 §5. */
export const refreshError = { invalidLength: 1 } as const

/** RFC 6608 §3. */
export const fsmError = { unspecified: 0, inOpenSent: 1, inOpenConfirm: 2, inEstablished: 3 } as const

/** RFC 4486 §3, RFC 8538 §3, RFC 9384 §3. */
export const cease = {
  maximumPrefixes: 1,
  administrativeShutdown: 2,
  peerDeconfigured: 3,
  administrativeReset: 4,
  connectionRejected: 5,
  otherConfigurationChange: 6,
  connectionCollision: 7,
  outOfResources: 8,
  hardReset: 9,
  bfdDown: 10,
} as const

const names: Readonly<Record<number, { readonly name: string; readonly subcodes: Readonly<Record<number, string>> }>> =
  {
    1: {
      name: 'Message Header Error',
      subcodes: { 1: 'Connection Not Synchronized', 2: 'Bad Message Length', 3: 'Bad Message Type' },
    },
    2: {
      name: 'OPEN Message Error',
      subcodes: {
        1: 'Unsupported Version Number',
        2: 'Bad Peer AS',
        3: 'Bad BGP Identifier',
        4: 'Unsupported Optional Parameter',
        5: 'Authentication Failure',
        6: 'Unacceptable Hold Time',
        7: 'Unsupported Capability',
        11: 'Role Mismatch',
      },
    },
    3: {
      name: 'UPDATE Message Error',
      subcodes: {
        1: 'Malformed Attribute List',
        2: 'Unrecognized Well-known Attribute',
        3: 'Missing Well-known Attribute',
        4: 'Attribute Flags Error',
        5: 'Attribute Length Error',
        6: 'Invalid ORIGIN Attribute',
        7: 'AS Routing Loop',
        8: 'Invalid NEXT_HOP Attribute',
        9: 'Optional Attribute Error',
        10: 'Invalid Network Field',
        11: 'Malformed AS_PATH',
      },
    },
    4: { name: 'Hold Timer Expired', subcodes: {} },
    5: {
      name: 'Finite State Machine Error',
      subcodes: {
        1: 'Unexpected Message in OpenSent',
        2: 'Unexpected Message in OpenConfirm',
        3: 'Unexpected Message in Established',
      },
    },
    6: {
      name: 'Cease',
      subcodes: {
        1: 'Maximum Number of Prefixes Reached',
        2: 'Administrative Shutdown',
        3: 'Peer De-configured',
        4: 'Administrative Reset',
        5: 'Connection Rejected',
        6: 'Other Configuration Change',
        7: 'Connection Collision Resolution',
        8: 'Out of Resources',
        9: 'Hard Reset',
        10: 'BFD Down',
      },
    },
    7: { name: 'ROUTE-REFRESH Message Error', subcodes: { 1: 'Invalid Message Length' } },
    8: { name: 'Send Hold Timer Expired', subcodes: {} },
  }

/** Such as `Cease / Administrative Shutdown (6/2)`; an unassigned number shows as the number alone. */
export function notificationName(code: number, subcode: number): string {
  const row = names[code]
  const text = [row?.name, row?.subcodes[subcode]].filter(Boolean).join(' / ')
  return `${text || 'Unknown Error'} (${code}/${subcode})`
}

export interface Notification {
  readonly type: 'notification'
  readonly code: number
  readonly subcode: number
  readonly data: Uint8Array
}

/** A body of at least 2 octets; the data is copied. */
export function decodeNotification(bytes: Uint8Array, start: number, end: number): Notification {
  return { type: 'notification', code: bytes[start]!, subcode: bytes[start + 1]!, data: bytes.slice(start + 2, end) }
}

/** The body. */
export function encodeNotification({ code, subcode, data }: Notification): Uint8Array {
  const bytes = new Uint8Array(2 + data.length)
  bytes[0] = code
  bytes[1] = subcode
  bytes.set(data, 2)
  return bytes
}
