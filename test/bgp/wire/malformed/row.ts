/**
 * What a malformed message is and what it costs: a row of the table in docs/bgp.md ("Malformed messages"), as octets that any
 * test can send. The codec's own test runs every row through the decoders; what happens to a whole session and its routes is
 * test/bgp/malformed-session.test.ts, with the same rows.
 */

import type { messageType } from '../../../../bgp/wire/iana.ts'
import type { UpdateContext } from '../../../../bgp/wire/update-context.ts'
import { hex, message, updateBody } from '../hex.ts'
import { external, type Fields } from '../update-parts.ts'

export type Reaction =
  /** Well; `left` are the canonical attributes, as hexadecimal, where the row says them. */
  | { readonly type: 'accept'; readonly left?: string }
  /** One attribute is dropped, and the rest stands. */
  | { readonly type: 'discard'; readonly reason: string; readonly left?: string }
  /** Its routes are withdrawn (RFC 7606 §2), and the session stands. */
  | { readonly type: 'withdraw'; readonly reason: string }
  | { readonly type: 'reset'; readonly code: number; readonly subcode: number; readonly data: string }

export interface Session extends UpdateContext {
  /** RFC 7313 was negotiated. */
  readonly enhancedRefresh?: boolean
  /** RFC 8654 was negotiated. */
  readonly extendedMessages?: boolean
}

export interface MalformedRow {
  /** Number of the case in docs/bgp.md. */
  readonly number: number
  readonly title: string
  /** One message, header included; perhaps without its end, where the header says enough. */
  readonly octets: Uint8Array
  readonly session: Session
  readonly reaction: Reaction
}

export function update(fields: Fields): Uint8Array {
  return message('update', updateBody(fields))
}

/** A message of any type, from the hexadecimal of its body. */
export function whole(type: keyof typeof messageType, body: string): Uint8Array {
  return message(type, hex(body))
}

/** @param left canonical attributes that are left, where that is what the row is about */
export function accepted(
  number: number,
  title: string,
  octets: Uint8Array,
  session: Session = external,
  left?: string,
): MalformedRow {
  return { number, title, octets, session, reaction: { type: 'accept', ...(left !== undefined && { left }) } }
}

/** @param left as of `accepted` */
export function discarded(
  number: number,
  title: string,
  octets: Uint8Array,
  reason: string,
  session: Session = external,
  left?: string,
): MalformedRow {
  return { number, title, octets, session, reaction: { type: 'discard', reason, ...(left !== undefined && { left }) } }
}

export function withdrawn(
  number: number,
  title: string,
  fields: Fields,
  reason: string,
  session: Session = external,
): MalformedRow {
  return { number, title, octets: update(fields), session, reaction: { type: 'withdraw', reason } }
}

/** @param answer code and subcode of the NOTIFICATION, `3/9`; @param data its data as hexadecimal */
export function reset(
  number: number,
  title: string,
  octets: Uint8Array,
  answer: string,
  data = '',
  session: Session = external,
): MalformedRow {
  const [code = 0, subcode = 0] = answer.split('/').map(Number)
  return { number, title, octets, session, reaction: { type: 'reset', code, subcode, data } }
}
