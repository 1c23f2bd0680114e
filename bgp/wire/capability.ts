/**
 * Capabilities (RFC 5492): one row per capability that this speaker understands. Every other, and an understood one with
 * malformed content, stays as its octets, so that nothing an OPEN said is lost and a broken extra costs no session.
 */
import { capabilityCode, capabilityName, familyOf } from './iana.ts'
import { readUint16, readUint32, writeUint16, writeUint32 } from './octets.ts'

export type Capability =
  | { readonly type: 'multiprotocol'; readonly afi: number; readonly safi: number }
  | { readonly type: 'routeRefresh' }
  | GracefulRestartCapability
  | { readonly type: 'fourOctetAs'; readonly asNumber: number }
  | { readonly type: 'unknown'; readonly code: number; readonly value: Uint8Array }

/** RFC 4724 §3, with the N bit of RFC 8538 §2. */
export interface GracefulRestartCapability {
  readonly type: 'gracefulRestart'
  /** R bit: this speaker has restarted. */
  readonly restarting: boolean
  /** N bit: graceful restart also after a NOTIFICATION. */
  readonly notification: boolean
  /** Seconds, 0 to 4095. */
  readonly restartTime: number
  /** `forwarding` is the F bit: forwarding state of the family was kept. */
  readonly families: readonly { readonly afi: number; readonly safi: number; readonly forwarding: boolean }[]
}

interface CapabilityRow<Value extends Capability> {
  readonly code: number
  /** Undefined when the value octets are malformed. */
  decode(value: Uint8Array): Value | undefined
  encode(capability: Value): Uint8Array
}

type Known = Exclude<Capability, { type: 'unknown' }>

const restartingBit = 0x8000
const notificationBit = 0x4000
const forwardingBit = 0x80

const rows: { readonly [Type in Known['type']]: CapabilityRow<Extract<Known, { type: Type }>> } = {
  multiprotocol: {
    code: capabilityCode.multiprotocol,
    decode: value =>
      value.length === 4 ? { type: 'multiprotocol', afi: readUint16(value, 0), safi: value[3]! } : undefined,
    encode: ({ afi, safi }) => Uint8Array.of(afi >>> 8, afi, 0, safi),
  },
  routeRefresh: {
    code: capabilityCode.routeRefresh,
    decode: value => (value.length === 0 ? { type: 'routeRefresh' } : undefined),
    encode: () => new Uint8Array(0),
  },
  gracefulRestart: {
    code: capabilityCode.gracefulRestart,
    decode: decodeGracefulRestart,
    encode: encodeGracefulRestart,
  },
  fourOctetAs: {
    code: capabilityCode.fourOctetAs,
    decode: value => (value.length === 4 ? { type: 'fourOctetAs', asNumber: readUint32(value, 0) } : undefined),
    encode: ({ asNumber }) => {
      const value = new Uint8Array(4)
      writeUint32(value, 0, asNumber)
      return value
    },
  },
}

const rowOfCode = new Map<number, CapabilityRow<Capability>>(
  Object.values(rows).map(row => [row.code, row as CapabilityRow<Capability>]),
)

/** Flags and restart time 2, then AFI 2, SAFI 1, flags 1 for each family. */
function decodeGracefulRestart(value: Uint8Array): GracefulRestartCapability | undefined {
  if (value.length < 2 || (value.length - 2) % 4 !== 0) return undefined
  const head = readUint16(value, 0)
  return {
    type: 'gracefulRestart',
    restarting: (head & restartingBit) !== 0,
    notification: (head & notificationBit) !== 0,
    restartTime: head & 0x0fff,
    families: Array.from({ length: (value.length - 2) / 4 }, (_, index) => {
      const at = 2 + 4 * index
      return { afi: readUint16(value, at), safi: value[at + 2]!, forwarding: (value[at + 3]! & forwardingBit) !== 0 }
    }),
  }
}

function encodeGracefulRestart(capability: GracefulRestartCapability): Uint8Array {
  const value = new Uint8Array(2 + 4 * capability.families.length)
  const bits = (capability.restarting ? restartingBit : 0) | (capability.notification ? notificationBit : 0)
  writeUint16(value, 0, bits | capability.restartTime)
  for (const [index, { afi, safi, forwarding }] of capability.families.entries()) {
    const at = 2 + 4 * index
    writeUint16(value, at, afi)
    value[at + 2] = safi
    value[at + 3] = forwarding ? forwardingBit : 0
  }
  return value
}

/** Never fails: what it cannot read stays `unknown`. `value` is copied where it is kept. */
export function decodeCapability(code: number, value: Uint8Array): Capability {
  return rowOfCode.get(code)?.decode(value) ?? { type: 'unknown', code, value: value.slice() }
}

/** Code, length, value. */
export function encodeCapability(capability: Capability): Uint8Array {
  const value =
    capability.type === 'unknown'
      ? capability.value
      : (rows[capability.type] as CapabilityRow<Capability>).encode(capability)
  return Uint8Array.of(codeOf(capability), value.length, ...value)
}

function codeOf(capability: Capability): number {
  return capability.type === 'unknown' ? capability.code : rows[capability.type].code
}

/** For people: `multiprotocol ipv6 unicast`, `4-octet AS 70000`, `host name`. */
export function renderCapability(capability: Capability): string {
  const code = codeOf(capability)
  const name = capabilityName[code] ?? `capability ${code}`
  switch (capability.type) {
    case 'multiprotocol':
      return `${name} ${renderFamily(capability.afi, capability.safi)}`
    case 'fourOctetAs':
      return `${name} ${capability.asNumber}`
    case 'gracefulRestart':
      return `${name} ${capability.restartTime} s${capability.restarting ? ', restarting' : ''}`
    default:
      return name
  }
}

function renderFamily(afi: number, safi: number): string {
  const family = familyOf(afi, safi)
  return family === 0 ? `AFI ${afi} SAFI ${safi}` : `ipv${family} unicast`
}
