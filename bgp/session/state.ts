/**
 * The finite state machine of one TCP connection, RFC 4271 §8.2.2, as a table: state × event → next state and actions.
 * Every transition is here and nowhere else. It knows no time and no second connection: collisions, idle hold and what
 * becomes of routes are the peer's (peer.ts); what an action does is the connection's (connection.ts).
 *
 * Not taken from the RFC, on purpose:
 * - IdleHoldTimer_Expires (13) reaches a connection as `start` or `startPassive`.
 * - Of messages only an OPEN is welcome while DelayOpenTimer runs; every other is the end of the connection, without a word.
 * - Connect + TCP failure goes to Active, not to Idle: connect retry already paces the dialling, and an idle hold on top
 *   of it would punish a peer for being away.
 * - A passive peering never dials: its connect retry timer does not run.
 * - A NOTIFICATION in OpenSent is an end, not a state machine error: no NOTIFICATION is ever answered by another.
 * - The connection that loses a collision is not counted as a failure: the peering is well.
 */

export type State = 'Idle' | 'Connect' | 'Active' | 'OpenSent' | 'OpenConfirm' | 'Established'

/** With the event numbers of RFC 4271 §8.1; a TCP connection is tracked only once it is valid and acknowledged. */
export type Event =
  | 'start' // 1, 3, 13
  | 'startPassive' // 4, 5, 13
  | 'stop' // 2
  | 'automaticStop' // 8
  | 'connectRetryExpires' // 9
  | 'holdExpires' // 10
  | 'keepaliveExpires' // 11
  | 'delayOpenExpires' // 12
  | 'sendHoldExpires' // 29, RFC 9687 §3.2
  | 'tcpConfirmed' // 16, 17
  | 'tcpDelayed' // 16, 17, where DelayOpen is set
  | 'tcpFails' // 18
  | 'open' // 19
  | 'openWhileDelayed' // 20
  | 'headerError' // 21
  | 'openError' // 22
  | 'collisionDump' // 23
  | 'notificationVersion' // 24
  | 'notification' // 25
  | 'keepalive' // 26
  | 'update' // 27
  | 'updateError' // 28
  | 'routeRefresh' // RFC 2918: has no number, and is as welcome as an UPDATE

export type Action =
  /** Start a TCP connection to the peer. */
  | 'dial'
  /** (Re)start ConnectRetryTimer. */
  | 'retry'
  /** Start DelayOpenTimer. */
  | 'delay'
  /** Send OPEN; HoldTimer to the large value. */
  | 'sendOpen'
  /** HoldTimer and KeepaliveTimer to the negotiated values. */
  | 'negotiate'
  /** Send KEEPALIVE, restart KeepaliveTimer. */
  | 'sendKeepalive'
  /** Restart HoldTimer. */
  | 'hold'
  /** Send the NOTIFICATION of this event in this state. */
  | 'notify'
  /** Stop every timer, close the TCP connection or give up the dial. */
  | 'drop'
  /** ConnectRetryCounter + 1: the idle hold that follows is longer. */
  | 'count'

export interface Cell {
  readonly next: State
  readonly actions: readonly Action[]
}

function cell(next: State, ...actions: Action[]): Cell {
  return { next, actions }
}

const fail = cell('Idle', 'drop', 'count')
const fault = cell('Idle', 'notify', 'drop', 'count')

type Row = Readonly<Record<Event, Cell>>

/** Nothing but a start moves Idle. */
const idle = cell('Idle')

/** Without a TCP connection no message can come: if one does, the RFC goes to Idle. */
const noMessages = {
  open: fail,
  openWhileDelayed: cell('OpenConfirm', 'sendOpen', 'negotiate', 'sendKeepalive'),
  delayOpenExpires: cell('OpenSent', 'sendOpen'),
  headerError: fail,
  openError: fail,
  notificationVersion: fail,
  notification: fail,
  keepalive: fail,
  update: fail,
  updateError: fail,
  routeRefresh: fail,
  holdExpires: fail,
  keepaliveExpires: fail,
  sendHoldExpires: fail,
} as const

export const transitions: Readonly<Record<State, Row>> = {
  Idle: {
    start: cell('Connect', 'retry', 'dial'),
    startPassive: cell('Active'),
    stop: idle,
    automaticStop: idle,
    connectRetryExpires: idle,
    delayOpenExpires: idle,
    holdExpires: idle,
    keepaliveExpires: idle,
    sendHoldExpires: idle,
    tcpConfirmed: idle,
    tcpDelayed: idle,
    tcpFails: idle,
    open: idle,
    openWhileDelayed: idle,
    headerError: idle,
    openError: idle,
    collisionDump: idle,
    notificationVersion: idle,
    notification: idle,
    keepalive: idle,
    update: idle,
    updateError: idle,
    routeRefresh: idle,
  },
  Connect: {
    ...noMessages,
    start: cell('Connect'),
    startPassive: cell('Connect'),
    stop: cell('Idle', 'drop'),
    automaticStop: fail,
    connectRetryExpires: cell('Connect', 'drop', 'retry', 'dial'),
    tcpConfirmed: cell('OpenSent', 'sendOpen'),
    tcpDelayed: cell('Connect', 'delay'),
    tcpFails: cell('Active', 'drop', 'retry'),
    collisionDump: cell('Idle', 'drop'),
  },
  Active: {
    ...noMessages,
    start: cell('Active'),
    startPassive: cell('Active'),
    stop: cell('Idle', 'drop'),
    automaticStop: fail,
    connectRetryExpires: cell('Connect', 'retry', 'dial'),
    tcpConfirmed: cell('OpenSent', 'sendOpen'),
    tcpDelayed: cell('Active', 'delay'),
    tcpFails: fail,
    collisionDump: cell('Idle', 'drop'),
  },
  OpenSent: {
    start: cell('OpenSent'),
    startPassive: cell('OpenSent'),
    stop: cell('Idle', 'notify', 'drop'),
    automaticStop: fault,
    connectRetryExpires: fault,
    delayOpenExpires: fault,
    holdExpires: fault,
    keepaliveExpires: fault,
    sendHoldExpires: fault,
    tcpConfirmed: cell('OpenSent'),
    tcpDelayed: cell('OpenSent'),
    tcpFails: cell('Active', 'drop', 'retry'),
    open: cell('OpenConfirm', 'negotiate', 'sendKeepalive'),
    openWhileDelayed: fault,
    headerError: fault,
    openError: fault,
    collisionDump: cell('Idle', 'notify', 'drop'),
    notificationVersion: cell('Idle', 'drop'),
    notification: fail,
    keepalive: fault,
    update: fault,
    updateError: fault,
    routeRefresh: fault,
  },
  OpenConfirm: {
    start: cell('OpenConfirm'),
    startPassive: cell('OpenConfirm'),
    stop: cell('Idle', 'notify', 'drop'),
    automaticStop: fault,
    connectRetryExpires: fault,
    delayOpenExpires: fault,
    holdExpires: fault,
    keepaliveExpires: cell('OpenConfirm', 'sendKeepalive'),
    sendHoldExpires: fault,
    tcpConfirmed: cell('OpenConfirm'),
    tcpDelayed: cell('OpenConfirm'),
    tcpFails: fail,
    open: fault,
    openWhileDelayed: fault,
    headerError: fault,
    openError: fault,
    collisionDump: cell('Idle', 'notify', 'drop'),
    notificationVersion: cell('Idle', 'drop'),
    notification: fail,
    keepalive: cell('Established', 'hold'),
    update: fault,
    updateError: fault,
    routeRefresh: fault,
  },
  Established: {
    start: cell('Established'),
    startPassive: cell('Established'),
    stop: cell('Idle', 'notify', 'drop'),
    automaticStop: fault,
    connectRetryExpires: fault,
    delayOpenExpires: fault,
    holdExpires: fault,
    keepaliveExpires: cell('Established', 'sendKeepalive'),
    sendHoldExpires: fault,
    tcpConfirmed: cell('Established'),
    tcpDelayed: cell('Established'),
    tcpFails: fail,
    open: fault,
    openWhileDelayed: fault,
    headerError: fault,
    openError: fault,
    collisionDump: fault,
    notificationVersion: fail,
    notification: fail,
    keepalive: cell('Established', 'hold'),
    update: cell('Established', 'hold'),
    updateError: fault,
    routeRefresh: cell('Established', 'hold'),
  },
}
