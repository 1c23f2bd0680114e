/**
 * Capabilities that the peer has refused, and our OPEN without them (RFC 5492 §3, §5): after 2/4 all of them, after 2/7
 * the ones it names. Kept until the session that follows has ended, or the peer refuses even that, so that a peer that was
 * mended gets them back.
 */
import { type Capability, decodeCapability, encodeCapability, renderCapability } from '../wire/capability.ts'
import { errorCode, type Notification, openError } from '../wire/notification.ts'
import type { Open } from '../wire/open.ts'
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
    return this.#withheld.map(renderCapability)
  }

  /** `open` without what was refused. */
  without(open: Open): Open {
    const capabilities = open.capabilities.filter(one => !this.#withheld.some(other => isNamed(one, other)))
    return { ...open, capabilities }
  }

  /** Reads a NOTIFICATION that answers `offered`; undefined when it is not about capabilities. */
  refused(notification: Notification, offered: Open): Refusal | undefined {
    if (notification.code !== errorCode.open) return undefined
    if (notification.subcode === openError.unsupportedParameter)
      return this.#withhold(offered, offered.capabilities, 'the peer takes no capabilities')
    if (notification.subcode !== openError.unsupportedCapability) return undefined
    const named = decodeNamed(notification.data)
    if (named.length === 0)
      return this.#withhold(offered, offered.capabilities, 'the peer refuses a capability and names none')
    const withheld = offered.capabilities.filter(one => named.some(name => isNamed(one, name)))
    const names = named.map(renderCapability).join(', ')
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

/** The data of 2/7: capabilities as in an OPEN. Reads what is whole and stops there: a NOTIFICATION is never at fault. */
function decodeNamed(data: Uint8Array): Capability[] {
  const named: Capability[] = []
  for (let at = 0; at + 2 <= data.length; ) {
    const end = at + 2 + data[at + 1]!
    if (end > data.length) break
    named.push(decodeCapability(data[at]!, data.subarray(at + 2, end)))
    at = end
  }
  return named
}

/** Whether `name` means `capability`: the value counts only where it tells several of one code apart. */
function isNamed(capability: Capability, name: Capability): boolean {
  if (capability.type === 'multiprotocol' && name.type === 'multiprotocol')
    return capability.afi === name.afi && capability.safi === name.safi
  return codeOf(capability) === codeOf(name)
}

function codeOf(capability: Capability): number {
  return encodeCapability(capability)[0]!
}
