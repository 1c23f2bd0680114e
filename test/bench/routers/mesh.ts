/** What a route reflector client of the meshes says: one UPDATE over iBGP with /26 pod blocks and a community of its own. */

/** The address of a client, which is its next hop as well: 250 to a /24. */
export function meshNextHop(client: number): string {
  return octetsOf(client).join('.')
}

function octetsOf(client: number): number[] {
  return [10, 1, 1 + Math.floor(client / 250), 1 + (client % 250)]
}

function octets(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
}

export function meshUpdate(client: number, prefixes: number): Uint8Array {
  const attributes = [0x40, 1, 1, 0, 0x40, 2, 0, 0x40, 3, 4, ...octetsOf(client)]
  attributes.push(0x40, 5, 4, ...octets(100), 0xc0, 8, 4, ...octets(65000 * 65_536 + client))
  const nlri = Array.from({ length: prefixes }, (_, at) => [
    26,
    ...octets(0x14000000 + ((client * prefixes + at) << 6)),
  ])
  const body = [0, 0, 0, attributes.length, ...attributes, ...nlri.flat()]
  const length = 19 + body.length
  return Uint8Array.from([...new Array(16).fill(255), length >> 8, length & 255, 2, ...body])
}
