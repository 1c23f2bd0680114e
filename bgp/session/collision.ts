/** Which of two connections of one peering stays: RFC 4271 §6.8 with the identifiers of RFC 6286 §2.3. */
import type { Connection } from './connection.ts'
import type { Negotiated } from './negotiation.ts'

/**
 * The one to close. The speaker with the higher identifier keeps the connection that it opened; equal ones (allowed in
 * different ASes) leave it to the AS numbers. Of two that the peer has opened, it can only mean the later one.
 */
export function loserOf(one: Connection, other: Connection, peer: Negotiated, localRouterId: number): Connection {
  if (one.initiator === other.initiator) return one.confirmedAt < other.confirmedAt ? one : other
  const localWins =
    localRouterId === peer.remoteRouterId ? peer.localAs > peer.remoteAs : localRouterId > peer.remoteRouterId
  return one.initiator === (localWins ? 'local' : 'peer') ? other : one
}
