/** Where a peer is, as text for the state file: link-local addresses of different links are different ends, `fe80::1%eth0`. */
import type { PeerEnd } from '../../bgp/index.ts'
import { Address, parseAddress } from '../../lib/base/ip.ts'

export function renderEnd({ address, interface: link }: PeerEnd): string {
  return String(address.isLinkLocal ? new Address(address.bytes, link) : address)
}

/** @throws InputFault */
export function parseEnd(text: string): PeerEnd {
  const [address = '', link] = text.split('%')
  return { address: parseAddress(address), ...(link !== undefined && { interface: link }) }
}
