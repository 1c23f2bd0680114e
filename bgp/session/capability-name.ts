/** What people call a capability, and which code it has: for log, CLI and the refusals of a peer. */
import type { Capability } from '../wire/capability.ts'
import { capabilityCode, capabilityName, familyOf } from '../wire/iana.ts'

export function codeOf(capability: Capability): number {
  return capability.type === 'unknown' ? capability.code : capabilityCode[capability.type]
}

/** Such as `graceful restart`, `multiprotocol ipv6 unicast`, `capability 200`. */
export function nameOf(capability: Capability): string {
  if (capability.type === 'multiprotocol') return multiprotocolName(capability.afi, capability.safi)
  return nameOfCode(codeOf(capability))
}

export function nameOfCode(code: number): string {
  return capabilityName[code] ?? `capability ${code}`
}

export function multiprotocolName(afi: number, safi: number): string {
  const family = familyOf(afi, safi)
  return `multiprotocol ${family === 0 ? `AFI ${afi} SAFI ${safi}` : `ipv${family} unicast`}`
}
