/**
 * The peer's fault: what a peer sent breaks the protocol so that the session must end. It carries the NOTIFICATION that
 * says so. Decoders throw nothing else; the milder verdicts of RFC 7606 are returned values. Caught in one place, bgp/link.ts.
 */
import { notificationName } from './notification.ts'

export class PeerFault extends Error {
  override readonly name = 'PeerFault'
  /** NOTIFICATION error code, subcode and data. */
  readonly code: number
  readonly subcode: number
  readonly data: Uint8Array

  /** @param reason what was wrong, for people; the NOTIFICATION's own name is put before it */
  constructor(code: number, subcode: number, reason: string, data: Uint8Array = new Uint8Array(0)) {
    super(`${notificationName(code, subcode)}: ${reason}`)
    this.code = code
    this.subcode = subcode
    this.data = data
  }
}
