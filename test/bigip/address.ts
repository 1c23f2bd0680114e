/**
 * Addresses as a device writes them: with the id of a route domain and a length, `10.1.1.1%20/16`. Stored form: RFC 5952 text,
 * the id always there. Shown form: without the id where it is the default one of the object's partition.
 */
import { parseAddress } from '../../lib/base/ip.ts'

export interface RoutedAddress {
  /** RFC 5952. */
  readonly address: string
  readonly family: 4 | 6
  readonly routeDomain: number
  readonly length?: number
}

/** Undefined for what is no address. @param routeDomain for text that names none */
export function parseRouted(text: string, routeDomain = 0): RoutedAddress | undefined {
  const [, host, id, length] = /^([^%/]+)(?:%(\d{1,5}))?(?:\/(\d{1,3}))?$/.exec(text) ?? []
  if (host === undefined) return undefined
  try {
    const address = parseAddress(host)
    const bits = address.family === 4 ? 32 : 128
    if (length !== undefined && Number(length) > bits) return undefined
    return {
      address: address.toString(),
      family: address.family,
      routeDomain: id === undefined ? routeDomain : Number(id),
      ...(length === undefined ? {} : { length: Number(length) }),
    }
  } catch {
    return undefined
  }
}

/** The stored form. */
export function renderRouted({ address, routeDomain, length }: RoutedAddress): string {
  return `${address}%${routeDomain}${length === undefined ? '' : `/${length}`}`
}

/** Of text in stored form. */
export function routedOf(stored: unknown): RoutedAddress {
  const routed = parseRouted(String(stored))
  if (routed === undefined) throw new Error(`"${stored}" is no stored address`)
  return routed
}

/** The shown form of a stored one. */
export function shown(stored: unknown, routeDomain: number): string {
  return String(stored).replace(`%${routeDomain}`, match => (String(stored).match(/%\d+/)?.[0] === match ? '' : match))
}

/** Address and length alone. */
export function withoutDomain(stored: unknown): string {
  return String(stored).replace(/%\d+/, '')
}

/** Lower case, two digits an octet; undefined for what is none. */
export function parseMac(text: string): string | undefined {
  const octets = text.split(':')
  if (octets.length !== 6 || !octets.every(octet => /^[0-9a-f]{1,2}$/i.test(octet))) return undefined
  return octets.map(octet => octet.toLowerCase().padStart(2, '0')).join(':')
}
