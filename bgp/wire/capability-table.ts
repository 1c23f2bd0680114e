/** THE capability table: how the value octets of each capability that this speaker understands decode, encode and read. */
import type { AddPathFamily, CapabilityRow, FamilyNumbers, KnownCapability, PeerRole } from './capability.ts'
import { capabilityCode, familyOf } from './iana.ts'
import { noOctets, readUint16, readUint32, writeUint16, writeUint32 } from './octets.ts'
import { decodeText, encodeText } from './text.ts'

type Row<Type extends KnownCapability['type']> = CapabilityRow<Extract<KnownCapability, { type: Type }>>

const restartingBit = 0x8000
const notificationBit = 0x4000
const forwardingBit = 0x80
/** Both for add-path: RFC 7911 §4. */
const receiveBit = 1
const sendBit = 2

/** By the number of RFC 9234 §4.1. */
const roles: readonly PeerRole[] = ['provider', 'rs', 'rsClient', 'customer', 'peer']

/** Octets of text in a capability that has at most two lengths before it. */
const mostText = 253

export const capabilityTable: { readonly [Type in KnownCapability['type']]: Row<Type> } = {
  multiprotocol: {
    code: capabilityCode.multiprotocol,
    decode: value =>
      value.length === 4 ? { type: 'multiprotocol', afi: readUint16(value, 0), safi: value[3]! } : undefined,
    encode: ({ afi, safi }) => Uint8Array.of(afi >>> 8, afi, 0, safi),
    render: renderFamily,
  },
  routeRefresh: {
    code: capabilityCode.routeRefresh,
    decode: value => (value.length === 0 ? { type: 'routeRefresh' } : undefined),
    encode: () => noOctets,
  },
  extendedNextHop: {
    code: capabilityCode.extendedNextHop,
    // AFI 2, SAFI 2, AFI of the next hop 2: here a SAFI has two octets
    decode(value) {
      const families = decodeEntries(value, 0, 6, at => ({
        afi: readUint16(value, at),
        safi: readUint16(value, at + 2),
        nextHopAfi: readUint16(value, at + 4),
      }))
      return families && { type: 'extendedNextHop', families }
    },
    encode: ({ families }) =>
      encodeEntries(0, 6, families, (bytes, at, { afi, safi, nextHopAfi }) => {
        writeUint16(bytes, at, afi)
        writeUint16(bytes, at + 2, safi)
        writeUint16(bytes, at + 4, nextHopAfi)
      }),
    render: ({ families }) => families.map(one => `${renderFamily(one)} over AFI ${one.nextHopAfi}`).join(', '),
  },
  extendedMessage: {
    code: capabilityCode.extendedMessage,
    decode: value => (value.length === 0 ? { type: 'extendedMessage' } : undefined),
    encode: () => noOctets,
  },
  role: {
    code: capabilityCode.role,
    decode: value => (value.length === 1 ? { type: 'role', role: roles[value[0]!] ?? value[0]! } : undefined),
    encode: ({ role }) => Uint8Array.of(typeof role === 'number' ? role : roles.indexOf(role)),
    render: ({ role }) => String(role),
  },
  gracefulRestart: {
    code: capabilityCode.gracefulRestart,
    // flags and restart time 2, then AFI 2, SAFI 1, flags 1 for each family
    decode(value) {
      const families = decodeEntries(value, 2, 4, at => ({
        ...familyAt(value, at),
        forwarding: (value[at + 3]! & forwardingBit) !== 0,
      }))
      if (families === undefined) return undefined
      const head = readUint16(value, 0)
      return {
        type: 'gracefulRestart',
        restarting: (head & restartingBit) !== 0,
        notification: (head & notificationBit) !== 0,
        restartTime: head & 0x0fff,
        families,
      }
    },
    encode(capability) {
      const bytes = encodeEntries(2, 4, capability.families, (bytes, at, family) => {
        writeFamily(bytes, at, family)
        bytes[at + 3] = family.forwarding ? forwardingBit : 0
      })
      const bits = (capability.restarting ? restartingBit : 0) | (capability.notification ? notificationBit : 0)
      writeUint16(bytes, 0, bits | capability.restartTime)
      return bytes
    },
    render: ({ restartTime, restarting, notification }) =>
      `${restartTime} s${restarting ? ', restarting' : ''}${notification ? ', also after a NOTIFICATION' : ''}`,
  },
  fourOctetAs: {
    code: capabilityCode.fourOctetAs,
    decode: value => (value.length === 4 ? { type: 'fourOctetAs', asNumber: readUint32(value, 0) } : undefined),
    encode({ asNumber }) {
      const value = new Uint8Array(4)
      writeUint32(value, 0, asNumber)
      return value
    },
    render: ({ asNumber }) => String(asNumber),
  },
  addPath: {
    code: capabilityCode.addPath,
    decode(value) {
      const families = decodeEntries(value, 0, 4, at => ({
        ...familyAt(value, at),
        send: (value[at + 3]! & sendBit) !== 0,
        receive: (value[at + 3]! & receiveBit) !== 0,
      }))
      // RFC 7911 §4: any other value than 1, 2 and 3 makes the capability one that was not understood
      const odd = families?.some((_, index) => value[4 * index + 3]! < 1 || value[4 * index + 3]! > 3)
      return odd ? undefined : families && { type: 'addPath', families }
    },
    encode: ({ families }) =>
      encodeEntries(0, 4, families, (bytes, at, family) => {
        writeFamily(bytes, at, family)
        bytes[at + 3] = (family.send ? sendBit : 0) | (family.receive ? receiveBit : 0)
      }),
    render: ({ families }) => families.map(one => `${renderFamily(one)} ${renderAddPath(one)}`).join(', '),
  },
  enhancedRouteRefresh: {
    code: capabilityCode.enhancedRouteRefresh,
    decode: value => (value.length === 0 ? { type: 'enhancedRouteRefresh' } : undefined),
    encode: () => noOctets,
  },
  longLivedGracefulRestart: {
    code: capabilityCode.longLivedGracefulRestart,
    // AFI 2, SAFI 1, flags 1, stale time 3 for each family
    decode(value) {
      const families = decodeEntries(value, 0, 7, at => ({
        ...familyAt(value, at),
        forwarding: (value[at + 3]! & forwardingBit) !== 0,
        staleTime: readUint32(value, at + 3) & 0xffffff,
      }))
      return families && { type: 'longLivedGracefulRestart', families }
    },
    encode: ({ families }) =>
      encodeEntries(0, 7, families, (bytes, at, family) => {
        writeUint32(bytes, at + 3, family.staleTime)
        writeFamily(bytes, at, family)
        bytes[at + 3] = family.forwarding ? forwardingBit : 0
      }),
    render: ({ families }) => families.map(one => `${renderFamily(one)} ${one.staleTime} s`).join(', '),
  },
  hostName: {
    code: capabilityCode.hostName,
    // length 1, host, length 1, domain
    decode(value) {
      const domainAt = 1 + (value[0] ?? 0)
      if (domainAt >= value.length || domainAt + 1 + value[domainAt]! !== value.length) return undefined
      const host = decodeText(value.subarray(1, domainAt))
      const domain = decodeText(value.subarray(domainAt + 1))
      return host === undefined || domain === undefined ? undefined : { type: 'hostName', host, domain }
    },
    encode({ host, domain }) {
      const name = encodeText(host, mostText)
      const zone = encodeText(domain, mostText - name.length)
      return Uint8Array.of(name.length, ...name, zone.length, ...zone)
    },
    render: ({ host, domain }) => [host, domain].filter(Boolean).join('.'),
  },
  softwareVersion: {
    code: capabilityCode.softwareVersion,
    // length 1, version
    decode(value) {
      if (value.length < 2 || value[0] !== value.length - 1) return undefined
      const version = decodeText(value.subarray(1))
      return version === undefined ? undefined : { type: 'softwareVersion', version }
    },
    encode({ version }) {
      const text = encodeText(version, mostText)
      return Uint8Array.of(text.length, ...text)
    },
    render: ({ version }) => version,
  },
}

/** The entries of `width` octets behind a head; undefined when the value is cut short. */
function decodeEntries<Entry>(
  value: Uint8Array,
  head: number,
  width: number,
  entryAt: (at: number) => Entry,
): Entry[] | undefined {
  if (value.length < head || (value.length - head) % width !== 0) return undefined
  return Array.from({ length: (value.length - head) / width }, (_, index) => entryAt(head + width * index))
}

function encodeEntries<Entry>(
  head: number,
  width: number,
  entries: readonly Entry[],
  write: (bytes: Uint8Array, at: number, entry: Entry) => void,
): Uint8Array {
  const bytes = new Uint8Array(head + width * entries.length)
  for (const [index, entry] of entries.entries()) write(bytes, head + width * index, entry)
  return bytes
}

function familyAt(bytes: Uint8Array, at: number): FamilyNumbers {
  return { afi: readUint16(bytes, at), safi: bytes[at + 2]! }
}

function writeFamily(bytes: Uint8Array, at: number, { afi, safi }: FamilyNumbers): void {
  writeUint16(bytes, at, afi)
  bytes[at + 2] = safi
}

function renderFamily({ afi, safi }: FamilyNumbers): string {
  const family = familyOf(afi, safi)
  return family === 0 ? `AFI ${afi} SAFI ${safi}` : `ipv${family} unicast`
}

function renderAddPath({ send, receive }: AddPathFamily): string {
  return [send && 'send', receive && 'receive'].filter(Boolean).join(' and ')
}
