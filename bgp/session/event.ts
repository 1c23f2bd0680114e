/**
 * What happens to one connection, with what belongs to it; the NOTIFICATION that an event calls for, what it means to the
 * peering, and the words for it.
 * The words are the ones that log, CLI and tests share.
 */
import { PeerFault } from '../wire/fault.ts'
import { messageType } from '../wire/iana.ts'
import { cease, errorCode, fsmError, type Notification } from '../wire/notification.ts'
import type { Negotiated } from './negotiation.ts'
import { isHardReset, renderNotification, renderWords } from './notification-text.ts'
import type { Loss } from './restart-helper.ts'
import type { Event, State } from './state.ts'

type Carried =
  | 'stop'
  | 'automaticStop'
  | 'tcpFails'
  | 'open'
  | 'openWhileDelayed'
  | 'headerError'
  | 'openError'
  | 'updateError'
  | ReceivedNotification
type ReceivedNotification = 'notification' | 'notificationVersion'

export type ConnectionEvent =
  | { readonly type: Exclude<Event, Carried> }
  /** Without `cease` no NOTIFICATION is sent; `why` is for our own log. */
  | { readonly type: 'stop'; readonly cease?: number; readonly data?: Uint8Array; readonly why?: string }
  /** Something here ends the session for a while; `hard`: for good, as far as its routes go (RFC 8538 §3). */
  | { readonly type: 'automaticStop'; readonly fault: PeerFault; readonly hard: boolean }
  | { readonly type: 'tcpFails'; readonly reason: string }
  /** `negotiated` is there where an OPEN is expected. */
  | { readonly type: 'open' | 'openWhileDelayed'; readonly negotiated?: Negotiated }
  | { readonly type: 'headerError' | 'openError' | 'updateError'; readonly fault: PeerFault }
  | { readonly type: ReceivedNotification; readonly notification: Notification }

const unexpectedIn: Readonly<Record<State, number>> = {
  Idle: fsmError.unspecified,
  Connect: fsmError.unspecified,
  Active: fsmError.unspecified,
  OpenSent: fsmError.inOpenSent,
  OpenConfirm: fsmError.inOpenConfirm,
  Established: fsmError.inEstablished,
}

/** What we must tell the peer when `event` ends a connection in `state`; undefined: close without a word. */
export function notificationFor(event: ConnectionEvent, state: State): PeerFault | undefined {
  switch (event.type) {
    case 'headerError':
    case 'openError':
    case 'updateError':
    case 'automaticStop':
      return event.fault
    case 'holdExpires':
      return new PeerFault(errorCode.holdTimer, 0, 'nothing came in time')
    case 'sendHoldExpires':
      return new PeerFault(errorCode.sendHoldTimer, 0, 'the peer does not read')
    case 'stop':
      return event.cease === undefined
        ? undefined
        : new PeerFault(errorCode.cease, event.cease, 'stopped here', event.data ?? new Uint8Array(0))
    case 'collisionDump':
      return new PeerFault(errorCode.cease, cease.connectionCollision, 'the other connection stays')
    case 'open':
    case 'openWhileDelayed':
      return unexpected(state, messageType.open)
    case 'keepalive':
      return unexpected(state, messageType.keepalive)
    case 'update':
      return unexpected(state, messageType.update)
    case 'routeRefresh':
      return unexpected(state, messageType.routeRefresh)
    case 'connectRetryExpires':
    case 'delayOpenExpires':
    case 'keepaliveExpires':
      return new PeerFault(errorCode.fsm, fsmError.unspecified, `${event.type} in ${state}`)
    default:
      return undefined
  }
}

/** RFC 6608 §4: the data is the type of the message. */
function unexpected(state: State, type: number): PeerFault {
  const name = messageNames[type] ?? 'message'
  return new PeerFault(errorCode.fsm, unexpectedIn[state], `got ${name}`, Uint8Array.of(type))
}

const messageNames: Readonly<Record<number, string>> = {
  [messageType.open]: 'OPEN',
  [messageType.update]: 'UPDATE',
  [messageType.keepalive]: 'KEEPALIVE',
  [messageType.routeRefresh]: 'ROUTE-REFRESH',
}

/**
 * Why `event`, that came in `state`, moved the connection.
 * @param secured whether a TCP MD5 key is set
 */
export function reasonOfEvent(event: ConnectionEvent, state: State, secured = false): string {
  switch (event.type) {
    case 'start':
    case 'startPassive':
      return 'started'
    case 'tcpConfirmed':
      return 'TCP connected'
    case 'tcpFails':
      return event.reason
    case 'connectRetryExpires':
      if (state !== 'Connect') return 'connect retry timer expired'
      // RFC 2385 §2.0: a segment with a wrong signature is dropped in silence
      return secured ? 'connection timed out, as it does where the TCP MD5 keys differ' : 'connection timed out'
    case 'holdExpires':
      return 'hold timer expired'
    case 'sendHoldExpires':
      return 'send hold timer expired'
    case 'notification':
    case 'notificationVersion':
      return `received ${renderNotification(event.notification)}`
    case 'stop':
      return [
        // without a session nobody was told
        event.cease === undefined || state === 'Connect' || state === 'Active'
          ? 'stopped'
          : `sent ${renderWords(errorCode.cease, event.cease, event.data ?? new Uint8Array(0))}`,
        event.why,
      ]
        .filter(Boolean)
        .join(': ')
    case 'open':
      if (state === 'OpenSent') return 'OPEN received'
      break
    case 'openWhileDelayed':
      return 'OPEN received'
    case 'delayOpenExpires':
      return 'the delay of our OPEN is over'
    case 'automaticStop':
      // without a session nobody was told
      if (state === 'Connect' || state === 'Active') return event.fault.message
      break
    case 'tcpDelayed':
      return 'TCP connected, our OPEN waits'
    case 'keepalive':
      if (state === 'OpenConfirm') return 'KEEPALIVE received'
      break
    default:
  }
  const fault = notificationFor(event, state)
  return fault === undefined ? event.type : `sent ${fault.message}`
}

/** Which check a fault has failed; anything that is neither OPEN nor UPDATE is answered in any state, like a bad header. */
export function faultEvent(fault: PeerFault): 'headerError' | 'openError' | 'updateError' {
  if (fault.code === errorCode.open) return 'openError'
  return fault.code === errorCode.update ? 'updateError' : 'headerError'
}

/** A fault in what brings routes: each attempt more would cost a whole table again. */
export function isRoutesFault(event: ConnectionEvent): boolean {
  return event.type === 'headerError' || event.type === 'updateError'
}

/** What the operator wants to read about later, counted by the table or not. */
export function isTrouble(event: ConnectionEvent, before: State): boolean {
  if (event.type === 'connectRetryExpires') return before === 'Connect'
  return event.type === 'tcpFails' || event.type === 'notificationVersion'
}

/** How a session ended, as far as its routes go: RFC 4724 §4.2, and RFC 8538 §4 where both sides set the N bit. */
export function lossOf(event: ConnectionEvent, session: Negotiated): Loss {
  if (event.type === 'tcpFails') return 'restart'
  if (event.type === 'stop' && event.cease === undefined) return 'stopped'
  if (session.gracefulRestart?.notification !== true) return 'end'
  if ('notification' in event) return isHardReset(event.notification) ? 'end' : 'restart'
  return isHardEnd(event, 'Established') ? 'end' : 'restart'
}

/**
 * Whether what we say at the end of a session is to cost the peer our routes, whatever graceful restart would keep: then it
 * goes as a Hard Reset where both sides know that (RFC 8538 §3). Which ends are such ones §5.1 advises; a reset by a person
 * (6/4) is none for us: it is to bring the same session up again.
 */
export function isHardEnd(event: ConnectionEvent, state: State): boolean {
  if (event.type === 'automaticStop') return event.hard
  const fault = notificationFor(event, state)
  return fault?.code === errorCode.cease && hardCeases.includes(fault.subcode)
}

const hardCeases: readonly number[] = [cease.maximumPrefixes, cease.administrativeShutdown, cease.peerDeconfigured]
