/**
 * What is read of one node, piece by piece: each piece is a value or a lack with its reason. Every CNI fills one of these.
 * Rules: no text that an object holds makes it throw; addresses and prefixes leave it as RFC 5952 text.
 */
import { InputFault } from '../base/failure.ts'
import { type Address, bitsOf, type Family, parseAddress } from '../base/ip.ts'
import { type Prefix, parsePrefix } from '../base/prefix.ts'
import type { NodeView } from '../kube/object.ts'
import type { NodeLack, NodeNetwork } from './network.ts'

type What = NodeLack['what']
type Mutable<T> = T extends readonly (infer E)[] ? E[] : never

export const FAMILIES: readonly Family[] = [4, 6]

export class NodeReading {
  readonly node: NodeView
  readonly addresses: Mutable<NodeNetwork['addresses']> = []
  readonly podCIDRs: Mutable<NodeNetwork['podCIDRs']> = []
  readonly vteps: Mutable<NodeNetwork['vteps']> = []
  readonly lacks: NodeLack[] = []
  asNumber: number | undefined

  constructor(node: NodeView) {
    this.node = node
    this.asNumber = this.#asNumber('podpeer.io/as-number')
  }

  lack(what: What, reason: string, message: string, family?: Family): void {
    this.lacks.push({ what, reason, message, ...(family === undefined ? {} : { family }) })
  }

  /** Unless another annotation has told it. */
  asNumberFrom(annotation: string): void {
    this.asNumber ??= this.#asNumber(annotation)
  }

  /** The first of its family counts; a length (`192.0.2.1/24`) is left aside. False when it says nothing of use. */
  address(text: string | undefined, origin: string, family?: Family): boolean {
    const address = this.#parse(text, origin, 'address', family, bare => parseAddress(bare.split('/')[0]!))
    if (address === undefined) return false
    if (!this.addresses.some(known => known.family === address.family))
      this.addresses.push({ family: address.family, address: address.toString() })
    return true
  }

  /** The addresses of the Node itself, for families that no annotation has told. */
  nodeAddresses(): void {
    for (const wanted of ['InternalIP', 'ExternalIP'])
      for (const { type, address } of this.node.addresses)
        if (type === wanted) this.address(address, `status.addresses of type ${type}`)
    if (this.addresses.length === 0)
      this.lack('address', 'NoAddress', `Node ${this.node.name} has no InternalIP: see whether its kubelet runs`)
  }

  podCIDR(text: string | undefined, origin: string, object?: string): void {
    const prefix = this.#parse(text, origin, 'podCIDR', undefined, parsePrefix)
    if (prefix === undefined || this.podCIDRs.some(known => known.prefix === prefix.toString())) return
    this.podCIDRs.push({
      family: prefix.family,
      prefix: prefix.toString(),
      ...(object === undefined ? {} : { origin: object }),
    })
  }

  /** `spec.podCIDRs`, for CNIs that keep to them. */
  nodePodCIDRs(): void {
    for (const text of this.node.podCIDRs) this.podCIDR(text, 'spec.podCIDRs')
    if (this.podCIDRs.length === 0 && !this.lacks.some(({ what }) => what === 'podCIDR'))
      this.lack(
        'podCIDR',
        'NoPodCIDR',
        `Node ${this.node.name} has no pod CIDR: start kube-controller-manager with --allocate-node-cidrs`,
      )
  }

  /** The object that the text of an annotation stands for; anything but a JSON object is a lack. */
  json(annotation: string, what: What, family?: Family): Readonly<Record<string, unknown>> | undefined {
    const text = this.node.annotations[annotation]
    if (text === undefined) return undefined
    const value = parseJson(text)
    if (value !== undefined) return value
    this.lack(
      what,
      'BadAnnotation',
      `annotation ${annotation} of Node ${this.node.name} is no JSON object: ${quoted(text)}`,
      family,
    )
    return undefined
  }

  /** All that was read; nodes that say little lack little. */
  done(): NodeNetwork {
    const { name, uid, ready, labels } = this.node
    return {
      name,
      uid,
      ready,
      labels,
      addresses: this.addresses,
      podCIDRs: this.podCIDRs,
      vteps: this.vteps,
      ...(this.asNumber === undefined ? {} : { asNumber: this.asNumber }),
      lacks: this.lacks,
    }
  }

  #parse<T extends Address | Prefix>(
    text: string | undefined,
    origin: string,
    what: What,
    family: Family | undefined,
    parse: (text: string) => T,
  ): T | undefined {
    if (!text) return undefined
    try {
      const value = parse(text)
      if (family === undefined || value.family === family) return value
      this.lack(
        what,
        'BadAddress',
        `${origin} of Node ${this.node.name} is not of IPv${family}: ${quoted(text)}`,
        family,
      )
    } catch (thrown) {
      if (!(thrown instanceof InputFault)) throw thrown
      this.lack(what, 'BadAddress', `${origin} of Node ${this.node.name}: ${thrown.message}`, family)
    }
    return undefined
  }

  #asNumber(annotation: string): number | undefined {
    return parseAsNumber(this.node.annotations[annotation]?.trim() ?? '')
  }
}

/** `64512`, or asdot (RFC 5396 §2) as `1.10`; undefined for anything but 1 to 4294967295. */
function parseAsNumber(text: string): number | undefined {
  const [, high = '0', low] = /^(?:(\d{1,5})\.)?(\d{1,10})$/.exec(text) ?? []
  if (low === undefined || (text.includes('.') && (Number(high) > 0xffff || Number(low) > 0xffff))) return undefined
  const number = Number(high) * 0x1_0000 + Number(low)
  return number >= 1 && number <= 0xffff_ffff ? number : undefined
}

export function parseJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined
  } catch {
    return undefined
  }
}

/** Lower case, two digits an octet; undefined where the text is no unicast MAC address. */
export function parseMac(text: unknown): string | undefined {
  if (typeof text !== 'string' || !/^[0-9a-f]{1,2}(?:[:-][0-9a-f]{1,2}){5}$/i.test(text)) return undefined
  const octets = text
    .toLowerCase()
    .split(/[:-]/)
    .map(octet => octet.padStart(2, '0'))
  if (Number.parseInt(octets[0]!, 16) % 2 === 1 || octets.every(octet => octet === '00')) return undefined
  return octets.join(':')
}

/** RFC 5952 text of each prefix that can be read; what cannot is left out. */
export function readPrefixes(texts: readonly unknown[]): string[] {
  return texts.flatMap(text => {
    try {
      return typeof text === 'string' && text !== '' ? [parsePrefix(text).toString()] : []
    } catch (thrown) {
      if (thrown instanceof InputFault) return []
      throw thrown
    }
  })
}

/** A length in range, from a number or its text. */
export function readLength(value: unknown, family: Family): number | undefined {
  const length = Number(value)
  return Number.isInteger(length) && length > 0 && length <= bitsOf(family) ? length : undefined
}

/** Foreign text as it may stand in a message: bounded. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
