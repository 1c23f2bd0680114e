/** Ethernet addresses: six octets; text is lower case with colons and two digits each. */
import { InputFault } from './failure.ts'

export function parseMac(text: string, path = ''): Uint8Array {
  const parts = text.split(/[:-]/)
  if (parts.length !== 6 || !parts.every(part => /^[0-9a-fA-F]{1,2}$/.test(part)))
    throw new InputFault(path, `"${text}" is not a MAC address`, 'write one such as 0a:0a:c0:a8:c8:41')
  return Uint8Array.from(parts, part => Number.parseInt(part, 16))
}

export function renderMac(bytes: Uint8Array): string {
  return Array.from(bytes, octet => octet.toString(16).padStart(2, '0')).join(':')
}
