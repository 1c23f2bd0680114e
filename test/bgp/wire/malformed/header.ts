/** Cases 1 to 4: the message header (RFC 4271 §6.1). */

import { writeHeader } from '../../../../bgp/wire/header.ts'
import { headerLength, messageType } from '../../../../bgp/wire/iana.ts'
import { external, mandatory } from '../update-parts.ts'
import { accepted, type MalformedRow, reset, whole } from './row.ts'

/** Octets of a type that claim a length, zeros behind the header. */
function sized(type: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(headerLength, length))
  writeHeader(bytes, 0, type, length)
  return bytes
}

/** An UPDATE of a length that its NLRI fills up with default routes. */
function longUpdate(length: number): Uint8Array {
  const bytes = sized(messageType.update, length)
  bytes.set(whole('update', `0000 0014 ${mandatory}`).subarray(headerLength), headerLength)
  return bytes
}

const badMarker = sized(messageType.keepalive, 19)
badMarker[15] = 0

const extended = { ...external, extendedMessages: true }

export const headerRows: readonly MalformedRow[] = [
  reset(1, 'a marker with one zero octet', badMarker, '1/1'),
  reset(1, 'a bad marker before a bad length and type', new Uint8Array(19), '1/1'),
  reset(2, 'a length of 0', sized(4, 0), '1/2', '0000'),
  reset(2, 'a length of 18', sized(4, 18), '1/2', '0012'),
  reset(2, 'an OPEN of 28', sized(1, 28), '1/2', '001c'),
  reset(2, 'an UPDATE of 22', sized(2, 22), '1/2', '0016'),
  reset(2, 'a NOTIFICATION of 20', sized(3, 20), '1/2', '0014'),
  reset(2, 'a KEEPALIVE of 20', sized(4, 20), '1/2', '0014'),
  reset(2, 'a bad length before a bad type', sized(9, 5), '1/2', '0005'),
  reset(3, 'an UPDATE of 4097 without extended messages', longUpdate(4097), '1/2', '1001'),
  reset(3, 'a length of 65535 with no more octets to come', sized(2, 65535).subarray(0, 19), '1/2', 'ffff'),
  accepted(3, 'an UPDATE of 4097 with extended messages', longUpdate(4097), extended),
  accepted(3, 'an UPDATE of 65535 with extended messages', longUpdate(65535), extended),
  reset(3, 'an OPEN of 4097 with extended messages', sized(1, 4097), '1/2', '1001', extended),
  reset(3, 'a KEEPALIVE of 4097 with extended messages', sized(4, 4097), '1/2', '1001', extended),
  reset(4, 'type 0', sized(0, 19), '1/3', '00'),
  reset(4, 'type 6', sized(6, 19), '1/3', '06'),
  reset(4, 'type 255', sized(255, 19), '1/3', 'ff'),
]
