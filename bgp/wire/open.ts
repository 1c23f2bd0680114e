/**
 * OPEN (RFC 4271 §4.2, RFC 5492, RFC 9072): what it says, judged as far as it can be without knowing whom one
 * expects: the AS number and router id of this very peer are the session's affair.
 */
import { type Capability, decodeCapability, encodeCapability } from './capability.ts'
import { PeerFault } from './fault.ts'
import { asTrans, capabilityCode } from './iana.ts'
import { errorCode, openError } from './notification.ts'
import { readUint16, readUint32, writeUint16, writeUint32 } from './octets.ts'

export interface Open {
  readonly type: 'open'
  /** The My Autonomous System field, 2 octets; AS_TRANS when the real one is larger (`asNumberOf` gives the real one). */
  readonly asNumber: number
  /** Seconds: 0, or 3 to 65535. */
  readonly holdTime: number
  /** BGP Identifier, uint32, never 0. */
  readonly routerId: number
  /** In wire order; where one repeats, the last counts. */
  readonly capabilities: readonly Capability[]
}

const version = 4
const capabilitiesParameter = 2
/** RFC 9072 §2: this type in the place of the first parameter says that lengths have two octets. */
const extendedParameters = 255

/** Version 1, AS 2, hold time 2, identifier 4, parameters length 1. */
const fixedLength = 10

/** The AS number a speaker claims (RFC 6793 §4.1). */
export function asNumberOf(open: Open): number {
  return open.capabilities.findLast(capability => capability.type === 'fourOctetAs')?.asNumber ?? open.asNumber
}

/**
 * The OPEN in a body `bytes[start, end)` of at least 10 octets.
 * @throws PeerFault 2/0, 2/1, 2/2, 2/3, 2/4, 2/6
 */
export function decodeOpen(bytes: Uint8Array, start: number, end: number): Open {
  if (bytes[start] !== version) {
    // RFC 4271 §6.2: the version that is spoken here, in two octets
    const reason = `version ${bytes[start]}`
    throw new PeerFault(errorCode.open, openError.unsupportedVersion, reason, Uint8Array.of(0, version))
  }
  const open: Open = {
    type: 'open',
    asNumber: readUint16(bytes, start + 1),
    holdTime: readUint16(bytes, start + 3),
    routerId: readUint32(bytes, start + 5),
    capabilities: decodeParameters(bytes, start + fixedLength - 1, end),
  }
  judge(open)
  return open
}

function judge(open: Open): void {
  const claimed = asNumberOf(open)
  if (open.asNumber === 0 || claimed === 0) throw openFault(openError.badPeerAs, 'AS number 0')
  if (claimed === asTrans) throw openFault(openError.badPeerAs, 'AS_TRANS for an AS number')
  if (open.holdTime === 1 || open.holdTime === 2)
    throw openFault(openError.unacceptableHoldTime, `a hold time of ${open.holdTime} s`)
  if (open.routerId === 0) throw openFault(openError.badIdentifier, 'router id 0.0.0.0')
}

/** @param at where the length of the parameters is */
function decodeParameters(bytes: Uint8Array, at: number, end: number): Capability[] {
  const extended = end - at >= 4 && bytes[at] !== 0 && bytes[at + 1] === extendedParameters
  const first = extended ? at + 4 : at + 1
  const length = extended ? readUint16(bytes, at + 2) : bytes[at]!
  if (first + length !== end) throw openFault(openError.unspecific, `${length} octets of parameters in ${end - first}`)
  const capabilities: Capability[] = []
  const headLength = extended ? 3 : 2
  for (let from = first; from < end; ) {
    const valueStart = from + headLength
    if (valueStart > end) throw openFault(openError.unspecific, 'a parameter is cut short')
    const next = valueStart + (extended ? readUint16(bytes, from + 1) : bytes[from + 1]!)
    if (next > end) throw openFault(openError.unspecific, 'a parameter is cut short')
    if (bytes[from] !== capabilitiesParameter)
      throw openFault(openError.unsupportedParameter, `parameter type ${bytes[from]}`)
    decodeCapabilities(bytes, valueStart, next, capabilities)
    from = next
  }
  return capabilities
}

function decodeCapabilities(bytes: Uint8Array, start: number, end: number, capabilities: Capability[]): void {
  for (let at = start; at < end; ) {
    const next = at + 1 < end ? at + 2 + bytes[at + 1]! : end + 1
    if (next > end) throw openFault(openError.unspecific, 'a capability is cut short')
    const capability = decodeCapability(bytes[at]!, bytes.subarray(at + 2, next))
    if (capability.type === 'unknown' && capability.code === capabilityCode.fourOctetAs)
      throw openFault(openError.unspecific, `a 4-octet AS capability of ${next - at - 2} octets`)
    capabilities.push(capability)
    at = next
  }
}

/** The body. All capabilities go into one parameter (RFC 5492 §4); without any there is no parameter at all. */
export function encodeOpen(open: Open): Uint8Array {
  const parameters = encodeParameters(open.capabilities.flatMap(capability => [...encodeCapability(capability)]))
  const bytes = new Uint8Array(fixedLength - 1 + parameters.length)
  bytes[0] = version
  writeUint16(bytes, 1, open.asNumber)
  writeUint16(bytes, 3, open.holdTime)
  writeUint32(bytes, 5, open.routerId)
  bytes.set(parameters, fixedLength - 1)
  return bytes
}

/** Their length and they themselves; in the extended form (RFC 9072 §2) only where they need it. */
function encodeParameters(capabilities: readonly number[]): number[] {
  const length = capabilities.length
  if (length === 0) return [0]
  if (length <= 253) return [length + 2, capabilitiesParameter, length, ...capabilities]
  const all = length + 3
  const form = [255, extendedParameters, all >>> 8, all & 0xff]
  return [...form, capabilitiesParameter, length >>> 8, length & 0xff, ...capabilities]
}

function openFault(subcode: number, reason: string): PeerFault {
  return new PeerFault(errorCode.open, subcode, reason)
}
