/** BMP as a station reads it (RFC 7854 §4): enough to judge what a router says. */
import { Address } from '../../../lib/base/ip.ts'

export interface BmpMessage {
  readonly type: 'routes' | 'statistics' | 'down' | 'up' | 'initiation' | 'termination'
  readonly peer?: { readonly address: string; readonly asNumber: number; readonly flags: number; readonly at: number }
  /** Behind the headers. */
  readonly body: Buffer
}

const TYPES = ['routes', 'statistics', 'down', 'up', 'initiation', 'termination'] as const

export function decodeBmp(octets: Uint8Array): BmpMessage[] {
  const bytes = Buffer.from(octets)
  const messages: BmpMessage[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at + 1)
    const type = TYPES[bytes[at + 5]!]
    if (bytes[at] !== 3 || type === undefined || at + length > bytes.length) throw new Error(`no BMP message at ${at}`)
    const hasPeer = type !== 'initiation' && type !== 'termination'
    const body = bytes.subarray(at + (hasPeer ? 48 : 6), at + length)
    messages.push(hasPeer ? { type, peer: peerAt(bytes, at + 6), body } : { type, body })
    at += length
  }
  return messages
}

function peerAt(bytes: Buffer, at: number) {
  const flags = bytes[at + 1]!
  const octets = bytes.subarray(at + 10, at + 26)
  const address = new Address(Uint8Array.from((flags & 0x80) === 0 ? octets.subarray(12) : octets)).toString()
  return {
    address,
    flags,
    asNumber: bytes.readUInt32BE(at + 26),
    at: 1000 * bytes.readUInt32BE(at + 34) + bytes.readUInt32BE(at + 38) / 1000,
  }
}
