/** MAC addresses as text in one form, `0a:58:0a:f4:01:02`, so that equal ones have equal text. */
import { InputFault } from './failure.ts'

const OCTETS = /^[0-9a-f]{1,2}([:-][0-9a-f]{1,2}){5}$/i

/** Any case, `:` or `-`, zeros left out: in the normal form. @throws InputFault that names `path` */
export function parseMac(text: string, path = ''): string {
  if (!OCTETS.test(text))
    throw new InputFault(path, `"${text}" is not a MAC address`, 'write one such as 0a:58:0a:f4:01:02')
  return text
    .toLowerCase()
    .split(/[:-]/)
    .map(octet => octet.padStart(2, '0'))
    .join(':')
}

/** @param mac in the normal form */
export function macBytes(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(':'), octet => Number.parseInt(octet, 16))
}

export function macText(bytes: Uint8Array): string {
  return Array.from(bytes, octet => octet.toString(16).padStart(2, '0')).join(':')
}
