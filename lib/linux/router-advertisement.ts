/**
 * Router advertisements and solicitations of IPv6 (RFC 4861 §4.1, §4.2), as far as two routers need them to find each other's
 * link-local address on a link without any numbers. Pure; the kernel writes the checksum.
 */
export const ROUTER_SOLICITATION = 133
export const ROUTER_ADVERTISEMENT = 134
const SOURCE_LINK_ADDRESS = 1
const MAC = 6

/**
 * That we are here, and nothing else: a lifetime of 0 says that we are nobody's default router (RFC 4861 §4.2), and there is no
 * prefix in it.
 * @param mac of the link; empty where it has none
 */
export function encodeRouterAdvertisement(mac: Uint8Array): Uint8Array {
  return message(ROUTER_ADVERTISEMENT, 16, mac)
}

/** Asks the routers of the link to say at once that they are there. */
export function encodeRouterSolicitation(mac: Uint8Array): Uint8Array {
  return message(ROUTER_SOLICITATION, 8, mac)
}

function message(type: number, length: number, mac: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(length + (mac.length === MAC ? 8 : 0))
  bytes[0] = type
  // an option's length counts in units of eight octets
  if (mac.length === MAC) bytes.set([SOURCE_LINK_ADDRESS, 1, ...mac], length)
  return bytes
}
