/**
 * Why a session ends from outside its connection: a person, too many prefixes, a lost BFD session. Gives the event for the
 * connection, which says what the peer is told and what becomes of its routes.
 */
import type { Family } from '../../lib/base/ip.ts'
import { PeerFault } from '../wire/fault.ts'
import { cease, errorCode } from '../wire/notification.ts'
import type { PrefixLimit } from './config.ts'
import type { ConnectionEvent } from './event.ts'
import type { Negotiated } from './negotiation.ts'
import { encodePrefixLimit, encodeShutdownText } from './notification-text.ts'

export type StopEvent = Extract<ConnectionEvent, { type: 'stop' }>

/** @param subcode of the Cease; absent: nothing is said. @param text for the operator of the peer (RFC 9003) */
export function goodbye(subcode: number | undefined, text: string | undefined): StopEvent {
  return {
    type: 'stop',
    ...(subcode !== undefined && { cease: subcode }),
    ...(text && { data: encodeShutdownText(text) }),
  }
}

/** RFC 4271 §6.7, RFC 4486 §4: more than `limit` prefixes came. */
export function exceeded(family: Family, { count }: PrefixLimit): ConnectionEvent {
  const data = encodePrefixLimit(family, count)
  const fault = new PeerFault(errorCode.cease, cease.maximumPrefixes, tooMany(family, count), data)
  return { type: 'automaticStop', fault, hard: true }
}

export function tooMany(family: Family, count: number): string {
  return `more than ${count} prefixes of ipv${family}`
}

/**
 * RFC 5882 §4.3. Where the peer keeps our routes through a restart, a lost BFD session is taken for one: it looks the same
 * when the peer's process is gone. Not so where BFD is strict and the peer says that its BFD does not share that fate.
 * @param session undefined: none is up
 */
export function bfdLost(session: Negotiated | undefined, isStrict: boolean, independent: boolean): ConnectionEvent {
  const restart = session?.gracefulRestart
  const isKept = restart !== undefined && restart.restartTime > 0 && !(isStrict && independent)
  const reason = 'BFD is down'
  // without RFC 8538 on both sides a NOTIFICATION would cost the routes
  if (isKept && !restart.notification) return { type: 'tcpFails', reason }
  return { type: 'automaticStop', fault: new PeerFault(errorCode.cease, cease.bfdDown, reason), hard: !isKept }
}
