/**
 * Capabilities that the peer has refused, and our OPEN without them (RFC 5492 §3, §5): after 2/4 all of them, after 2/7
 * the ones it names. Kept until the session that follows has ended, or the peer refuses even that, so that a peer that was
 * mended gets them back.
 */
import type { Capability } from '../wire/capability.ts'
import { capabilityCode } from '../wire/iana.ts'
import { errorCode, type Notification, openError } from '../wire/notification.ts'
import type { Open } from '../wire/open.ts'
import { codeOf, multiprotocolName, nameOf, nameOfCode } from './capability-name.ts'
import { familiesOf } from './negotiation.ts'

export interface Refusal {
  /** What the peer does not take, in words. */
  readonly text: string
  /** Whether an OPEN without it can be tried. */
  readonly retry: boolean
}

export class RefusedCapabilities {
  #withheld: readonly Capability[] = []

  get names(): string[] {
    return this.#withheld.map(nameOf)
  }

  /** `open` without what was refused. */
  without(open: Open): Open {
    const capabilities = open.capabilities.filter(one => !this.#withheld.some(other => isSame(one, other)))
    return { ...open, capabilities }
  }

  /** Reads a NOTIFICATION that answers `offered`; undefined when it is not about capabilities. */
  refused(notification: Notification, offered: Open): Refusal | undefined {
    if (notification.code !== errorCode.open) return undefined
    if (notification.subcode === openError.unsupportedParameter)
      return this.#withhold(offered, offered.capabilities, 'the peer takes no capabilities')
    if (notification.subcode !== openError.unsupportedCapability) return undefined
    const named = parseNamed(notification.data)
    if (named.length === 0)
      return this.#withhold(offered, offered.capabilities, 'the peer refuses a capability and names none')
    const withheld = offered.capabilities.filter(one => named.some(name => isNamed(one, name)))
    const names = named.map(renderNamed).join(', ')
    if (withheld.length === 0)
      return this.#withhold(offered, [], `the peer asks for ${names}, which this session does not offer`)
    return this.#withhold(offered, withheld, `the peer refuses ${names}`)
  }

  forget(): void {
    this.#withheld = []
  }

  #withhold(offered: Open, more: readonly Capability[], text: string): Refusal {
    const before = familiesOf(offered)
    const next = { ...offered, capabilities: offered.capabilities.filter(one => !more.includes(one)) }
    // without any multiprotocol capability IPv4 unicast is what the session would carry, wanted or not
    const retry = more.length > 0 && familiesOf(next).some(family => before.includes(family))
    this.#withheld = retry ? [...this.#withheld, ...more] : []
    return { text, retry }
  }
}

interface Named {
  readonly code: number
  readonly value: Uint8Array
}

/** The data of 2/7: capabilities as in an OPEN. Reads what is whole and stops there: a NOTIFICATION is never at fault. */
function parseNamed(data: Uint8Array): Named[] {
  const named: Named[] = []
  for (let at = 0; at + 2 <= data.length; ) {
    const end = at + 2 + data[at + 1]!
    if (end > data.length) break
    named.push({ code: data[at]!, value: data.subarray(at + 2, end) })
    at = end
  }
  return named
}

function isNamed(capability: Capability, { code, value }: Named): boolean {
  if (codeOf(capability) !== code) return false
  if (capability.type !== 'multiprotocol' || value.length !== 4) return true
  return capability.afi === afiIn(value) && capability.safi === value[3]
}

function isSame(one: Capability, other: Capability): boolean {
  if (one.type === 'multiprotocol' && other.type === 'multiprotocol')
    return one.afi === other.afi && one.safi === other.safi
  return codeOf(one) === codeOf(other)
}

function afiIn(value: Uint8Array): number {
  return (value[0]! << 8) | value[1]!
}

function renderNamed({ code, value }: Named): string {
  const isFamily = code === capabilityCode.multiprotocol && value.length === 4
  return isFamily ? multiprotocolName(afiIn(value), value[3]!) : nameOfCode(code)
}
