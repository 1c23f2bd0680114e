/**
 * The normal form of what a device says, and the way back: so that equal things have equal text. Pure. A text that is no
 * address, such as `any6`, stays as it is: what another object says need not make sense to us.
 *
 * `own` is the default route domain of our partition: its addresses go without `%id` in rows. `shown` is the one that an address
 * without `%id` is in: the default of the partition that the object is in. On the way back `%id` is written out unless
 * both are 0, for AS3 resets the default of a partition at will (reference: §3.5).
 */
import { parseAddress } from '../base/ip.ts'

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/

/** `10.1.1.1%20` → `10.1.1.1` in route domain 20; IPv6 as RFC 5952 has it. */
export function readAddress(text: string, shown: number, own = shown): string {
  const [name = '', id] = text.split('%')
  const address = addressText(name)
  // words such as any6 are in no route domain
  return id === undefined && address === name && !isAddress(name) ? name : address + suffix(id, shown, own)
}

/** `10.1.0.0%20/16` → `10.1.0.0/16` in route domain 20; also for an address with the length of its subnet. */
export function readNetwork(text: string, shown: number, own = shown): string {
  const [head = '', length] = text.split('/')
  const [name = '', id] = head.split('%')
  const domain = suffix(id, shown, own)
  if (name === 'default') return `0.0.0.0${domain}/0`
  if (name === 'default-inet6') return `::${domain}/0`
  return `${addressText(name)}${domain}/${length ?? (name.includes(':') ? 128 : 32)}`
}

export function writeAddress(text: string, own: number, shown = own): string {
  return (own === 0 && shown === 0) || text.includes('%') ? text : `${text}%${own}`
}

export function writeNetwork(text: string, own: number, shown = own): string {
  const at = text.indexOf('/')
  return writeAddress(text.slice(0, at), own, shown) + text.slice(at)
}

/** `0A:A:C0:A8:C8:41` → `0a:0a:c0:a8:c8:41` */
export function readMac(text: string): string {
  return text
    .toLowerCase()
    .split(':')
    .map(octet => octet.padStart(2, '0'))
    .join(':')
}

function suffix(id: string | undefined, shown: number, own: number): string {
  const domain = id === undefined ? shown : Number(id)
  return domain === own ? '' : `%${domain}`
}

function isAddress(text: string): boolean {
  return IPV4.test(text) || text.includes(':')
}

function addressText(text: string): string {
  if (IPV4.test(text) || !text.includes(':')) return text
  try {
    return parseAddress(text).toString()
  } catch {
    return text
  }
}
