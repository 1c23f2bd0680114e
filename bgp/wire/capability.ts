/**
 * Capabilities (RFC 5492): one row per capability that this speaker understands (capability-table.ts). Every other, and an
 * understood one with malformed content, stays as its octets, so that nothing an OPEN said is lost and a broken extra costs
 * no session.
 */
import { capabilityTable } from './capability-table.ts'
import { capabilityName } from './iana.ts'

/** A family as capabilities name it. */
export interface FamilyNumbers {
  readonly afi: number
  readonly safi: number
}

export type Capability =
  | ({ readonly type: 'multiprotocol' } & FamilyNumbers)
  | { readonly type: 'routeRefresh' }
  /** RFC 8950 §4: next hops of another family than the NLRI. */
  | {
      readonly type: 'extendedNextHop'
      readonly families: readonly (FamilyNumbers & { readonly nextHopAfi: number })[]
    }
  /** RFC 8654. */
  | { readonly type: 'extendedMessage' }
  /** RFC 9234 §4.1: what the sender is to the receiver; a number that is not assigned stays a number, and fits no role. */
  | { readonly type: 'role'; readonly role: PeerRole | number }
  | GracefulRestartCapability
  | { readonly type: 'fourOctetAs'; readonly asNumber: number }
  /** RFC 7911 §4: what the sender is able to do. */
  | { readonly type: 'addPath'; readonly families: readonly AddPathFamily[] }
  /** RFC 7313. */
  | { readonly type: 'enhancedRouteRefresh' }
  /** RFC 9494 §3.1. `forwarding` is the F bit, `staleTime` in seconds (24 bits). */
  | {
      readonly type: 'longLivedGracefulRestart'
      readonly families: readonly (FamilyNumbers & { readonly forwarding: boolean; readonly staleTime: number })[]
    }
  /** draft-walton-bgp-hostname-capability. */
  | { readonly type: 'hostName'; readonly host: string; readonly domain: string }
  /** draft-abraitis-bgp-version-capability. */
  | { readonly type: 'softwareVersion'; readonly version: string }
  | { readonly type: 'unknown'; readonly code: number; readonly value: Uint8Array }

export type PeerRole = 'provider' | 'rs' | 'rsClient' | 'customer' | 'peer'

export interface AddPathFamily extends FamilyNumbers {
  readonly send: boolean
  readonly receive: boolean
}

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
  readonly families: readonly (FamilyNumbers & { readonly forwarding: boolean })[]
}

export type KnownCapability = Exclude<Capability, { type: 'unknown' }>

export interface CapabilityRow<Value extends KnownCapability> {
  readonly code: number
  /** Undefined when the value octets are malformed. */
  decode(value: Uint8Array): Value | undefined
  encode(capability: Value): Uint8Array
  /** What it says beyond its name. */
  render?(capability: Value): string
}

const rowOfCode = new Map<number, CapabilityRow<KnownCapability>>(
  Object.values(capabilityTable).map(row => [row.code, row as CapabilityRow<KnownCapability>]),
)

/** Never fails: what it cannot read stays `unknown`. `value` is copied where it is kept. */
export function decodeCapability(code: number, value: Uint8Array): Capability {
  return rowOfCode.get(code)?.decode(value) ?? { type: 'unknown', code, value: value.slice() }
}

/** Code, length, value. */
export function encodeCapability(capability: Capability): Uint8Array {
  const value = capability.type === 'unknown' ? capability.value : rowOf(capability).encode(capability)
  return Uint8Array.of(codeOf(capability), value.length, ...value)
}

/** For people: `multiprotocol ipv6 unicast`, `4-octet AS 70000`, `host name pe1`. */
export function renderCapability(capability: Capability): string {
  const code = codeOf(capability)
  const name = capabilityName[code] ?? `capability ${code}`
  const more = capability.type === 'unknown' ? undefined : rowOf(capability).render?.(capability)
  return more ? `${name} ${more}` : name
}

function codeOf(capability: Capability): number {
  return capability.type === 'unknown' ? capability.code : rowOf(capability).code
}

function rowOf(capability: KnownCapability): CapabilityRow<KnownCapability> {
  return capabilityTable[capability.type] as CapabilityRow<KnownCapability>
}
