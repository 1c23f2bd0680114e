/**
 * What happens to one connection, with what belongs to it; the NOTIFICATION that an event calls for, what it means to the
 * peering, and the words for it.
 * The words are the ones that log, CLI and tests share.
 */
import { PeerFault } from '../wire/fault.ts'
import { messageType } from '../wire/iana.ts'
import { cease, errorCode, fsmError, type Notification, notificationName } from '../wire/notification.ts'
import type { Negotiated } from './negotiation.ts'
import type { Loss } from './restart-helper.ts'
import type { Event, State } from './state.ts'

type Carried = 'stop' | 'tcpFails' | 'open' | 'headerError' | 'openError' | 'updateError' | ReceivedNotification
type ReceivedNotification = 'notification' | 'notificationVersion'

export type ConnectionEvent =
  | { readonly type: Exclude<Event, Carried> }
  /** Without `cease` no NOTIFICATION is sent; `why` is for our own log. */
  | { readonly type: 'stop'; readonly cease?: number; readonly data?: Uint8Array; readonly why?: string }
  | { readonly type: 'tcpFails'; readonly reason: string }
  /** `negotiated` is there in OpenSent, where an OPEN is expected. */
  | { readonly type: 'open'; readonly negotiated?: Negotiated }
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
      return unexpected(state, messageType.open)
    case 'keepalive':
      return unexpected(state, messageType.keepalive)
    case 'update':
      return unexpected(state, messageType.update)
    case 'routeRefresh':
      return unexpected(state, messageType.routeRefresh)
    case 'connectRetryExpires':
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
        event.cease === undefined ? 'stopped' : `sent ${notificationName(errorCode.cease, event.cease)}`,
        event.why,
      ]
        .filter(Boolean)
        .join(': ')
    case 'open':
      if (state === 'OpenSent') return 'OPEN received'
      break
    case 'keepalive':
      if (state === 'OpenConfirm') return 'KEEPALIVE received'
      break
    default:
  }
  const fault = notificationFor(event, state)
  return fault === undefined ? event.type : `sent ${fault.message}`
}

/** A received NOTIFICATION in words, with the operator's text of RFC 9003 where there is one. */
export function renderNotification(notification: Notification): string {
  const name = notificationName(notification.code, notification.subcode)
  const text = shutdownText(notification)
  return text === '' ? name : `${name}: "${text}"`
}

/** RFC 9003 §2: an octet of length, then UTF-8. Control characters do not get through to a terminal. */
function shutdownText({ code, subcode, data }: Notification): string {
  const may = subcode === cease.administrativeShutdown || subcode === cease.administrativeReset
  const length = data[0] ?? 0
  if (code !== errorCode.cease || !may || length === 0 || data.length < 1 + length) return ''
  const text = new TextDecoder().decode(data.subarray(1, 1 + length))
  return text.replace(/\p{Cc}/gu, ' ').trim()
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

/** How a session ended, as far as its routes go. */
export function lossOf(event: ConnectionEvent): Loss {
  if (event.type === 'tcpFails') return 'tcp'
  return event.type === 'stop' && event.cease === undefined ? 'stopped' : 'notification'
}
