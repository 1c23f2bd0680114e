/** Sessions, attributes and messages that the tests of malformed UPDATEs are put together from, as hexadecimal. */
import type { UpdateContext } from '../../../bgp/wire/update-context.ts'
import { UpdateReader } from '../../../bgp/wire/update-reader.ts'
import { updateBody } from './hex.ts'
import { plainContext } from './plain-session.ts'

export const external = plainContext({
  fourOctetAs: true,
  internal: false,
  families: [4, 6],
  localAs: 65000,
  peerAs: 65001,
})
export const internal: UpdateContext = { ...external, internal: true, peerAs: 65000 }
export const twoOctet: UpdateContext = { ...external, fourOctetAs: false }
export const onlyIPv6: UpdateContext = { ...external, families: [6] }
export const onlyIPv4: UpdateContext = { ...external, families: [4] }

export const origin = '40 01 01 00'
export const asPath = '40 02 06 02 01 0000fde9'
export const nextHop = '40 03 04 c0000201'
export const mandatory = `${origin} ${asPath} ${nextHop}`
export const narrowMandatory = `${origin} 40 02 04 02 01 fde9 ${nextHop}`
export const mpNextHop = '20010db8000000000000000000000001'
export const mpReach = `80 0e 1a 0002 01 10 ${mpNextHop} 00 20 20010db8`
export const nlri = '18 c63364'

export type Fields = Parameters<typeof updateBody>[0]

/** A reader of its own that has read the message. */
export function read(fields: Fields, context: UpdateContext = external): UpdateReader {
  const reader = new UpdateReader(context)
  const body = updateBody(fields)
  reader.read(body, 0, body.length)
  return reader
}

/** An UPDATE that announces one IPv4 prefix with these attributes. */
export function route(...attributes: string[]): Fields {
  return { attributes: attributes.join(' '), nlri }
}
