import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerConfig } from '../../../bgp/session/config.ts'
import { Connection, type ConnectionEffect } from '../../../bgp/session/connection.ts'
import type { ConnectionEvent } from '../../../bgp/session/event.ts'
import type { Negotiated } from '../../../bgp/session/negotiation.ts'
import { offer } from '../../../bgp/session/offer.ts'
import type { Event, State } from '../../../bgp/session/state.ts'
import { PeerFault } from '../../../bgp/wire/fault.ts'
import { config, readMessage } from './stand.ts'

/**
 * What RFC 4271 §8.2.2, RFC 6608 and RFC 9687 ask of each state at each event, with the deviations that state.ts owns up
 * to. A cell is the next state, then what can be seen from outside: `dial`, `close`, messages sent, `+` for a failure
 * that is counted. `=`: nothing happens.
 */
const expectations = `
event                | Idle       | Connect              | Active           | OpenSent                     | OpenConfirm                  | Established
start                | Connect dial | =                  | =                | =                            | =                            | =
startPassive         | Active     | =                    | =                | =                            | =                            | =
stop                 | =          | Idle close           | Idle             | Idle 6/2 close               | Idle 6/2 close               | Idle 6/2 close
automaticStop        | =          | Idle close +         | Idle +           | Idle 6/1 close +             | Idle 6/1 close +             | Idle 6/1 close +
connectRetryExpires  | =          | Connect close dial   | Connect dial     | Idle 5/0 close +             | Idle 5/0 close +             | Idle 5/0 close +
holdExpires          | =          | Idle close +         | Idle +           | Idle 4/0 close +             | Idle 4/0 close +             | Idle 4/0 close +
keepaliveExpires     | =          | Idle close +         | Idle +           | Idle 5/0 close +             | OpenConfirm KEEPALIVE        | Established KEEPALIVE
delayOpenExpires     | =          | OpenSent OPEN        | OpenSent OPEN    | Idle 5/0 close +             | Idle 5/0 close +             | Idle 5/0 close +
sendHoldExpires      | =          | Idle close +         | Idle +           | Idle 8/0 close +             | Idle 8/0 close +             | Idle 8/0 close +
tcpConfirmed         | =          | OpenSent OPEN        | OpenSent OPEN    | =                            | =                            | =
tcpDelayed           | =          | =                    | =                | =                            | =                            | =
tcpFails             | =          | Active close         | Idle +           | Active close                 | Idle close +                 | Idle close +
open                 | =          | Idle close +         | Idle +           | OpenConfirm KEEPALIVE        | Idle 5/2:1 close +           | Idle 5/3:1 close +
openWhileDelayed     | =          | OpenConfirm OPEN KEEPALIVE | OpenConfirm OPEN KEEPALIVE | Idle 5/1:1 close + | Idle 5/2:1 close +           | Idle 5/3:1 close +
headerError          | =          | Idle close +         | Idle +           | Idle 1/1 close +             | Idle 1/1 close +             | Idle 1/1 close +
openError            | =          | Idle close +         | Idle +           | Idle 2/2 close +             | Idle 2/2 close +             | Idle 2/2 close +
collisionDump        | =          | Idle close           | Idle             | Idle 6/7 close               | Idle 6/7 close               | Idle 6/7 close +
notificationVersion  | =          | Idle close +         | Idle +           | Idle close                   | Idle close                   | Idle close +
notification         | =          | Idle close +         | Idle +           | Idle close +                 | Idle close +                 | Idle close +
keepalive            | =          | Idle close +         | Idle +           | Idle 5/1:4 close +           | Established                  | =
update               | =          | Idle close +         | Idle +           | Idle 5/1:2 close +           | Idle 5/2:2 close +           | =
updateError          | =          | Idle close +         | Idle +           | Idle 3/1 close +             | Idle 3/1 close +             | Idle 3/1 close +
routeRefresh         | =          | Idle close +         | Idle +           | Idle 5/1:5 close +           | Idle 5/2:5 close +           | =
`

const negotiated: Negotiated = {
  localAs: 65001,
  remoteAs: 65002,
  remoteRouterId: 2,
  internal: false,
  holdTime: 90,
  keepaliveTime: 30,
  families: [4],
  fourOctetAs: true,
  routeRefresh: true,
  enhancedRefresh: false,
  extendedMessages: false,
  extendedNextHop: false,
  addPath: { send: [], receive: [] },
  capabilities: [],
}

const events: { readonly [Type in Event]: Extract<ConnectionEvent, { type: Type }> | ConnectionEvent } = {
  start: { type: 'start' },
  startPassive: { type: 'startPassive' },
  stop: { type: 'stop', cease: 2 },
  automaticStop: { type: 'automaticStop', fault: new PeerFault(6, 1, 'test'), hard: true },
  connectRetryExpires: { type: 'connectRetryExpires' },
  holdExpires: { type: 'holdExpires' },
  keepaliveExpires: { type: 'keepaliveExpires' },
  delayOpenExpires: { type: 'delayOpenExpires' },
  sendHoldExpires: { type: 'sendHoldExpires' },
  tcpConfirmed: { type: 'tcpConfirmed' },
  tcpDelayed: { type: 'tcpDelayed' },
  tcpFails: { type: 'tcpFails', reason: 'connection reset' },
  open: { type: 'open', negotiated },
  openWhileDelayed: { type: 'openWhileDelayed', negotiated },
  headerError: { type: 'headerError', fault: new PeerFault(1, 1, 'test') },
  openError: { type: 'openError', fault: new PeerFault(2, 2, 'test') },
  collisionDump: { type: 'collisionDump' },
  notificationVersion: {
    type: 'notificationVersion',
    notification: { type: 'notification', code: 2, subcode: 1, data: Uint8Array.of(0, 4) },
  },
  notification: {
    type: 'notification',
    notification: { type: 'notification', code: 6, subcode: 2, data: new Uint8Array(0) },
  },
  keepalive: { type: 'keepalive' },
  update: { type: 'update' },
  updateError: { type: 'updateError', fault: new PeerFault(3, 1, 'test') },
  routeRefresh: { type: 'routeRefresh' },
}

const pathTo: Readonly<Record<State, readonly Event[]>> = {
  Idle: [],
  Connect: ['start'],
  Active: ['startPassive'],
  OpenSent: ['start', 'tcpConfirmed'],
  OpenConfirm: ['start', 'tcpConfirmed', 'open'],
  Established: ['start', 'tcpConfirmed', 'open', 'keepalive'],
}

function connectionIn(state: State, overrides: Partial<PeerConfig> = {}): Connection {
  let last = 0
  const around = {
    config: config(overrides),
    open: () => offer(config(overrides), { routerId: 1, restarting: false, forwarding: [] }),
    newConnection: () => ++last,
    sent: () => {},
  }
  const connection = new Connection(around)
  for (const event of pathTo[state]) connection.handle(events[event], 0, 0.5, () => {})
  assert.equal(connection.state, state)
  return connection
}

function render(effect: ConnectionEffect): string {
  return effect.type === 'send' ? readMessage(effect.bytes) : effect.type
}

const [header, ...rows] = expectations
  .trim()
  .split('\n')
  .map(line => line.split('|').map(text => text.trim()))
const states = header!.slice(1) as State[]

test('the expectations name every state and every event', () => {
  assert.deepEqual(states, Object.keys(pathTo))
  assert.deepEqual(rows.map(row => row[0]).sort(), Object.keys(events).sort())
})

for (const [event, ...cells] of rows)
  for (const [at, cell] of cells.entries()) {
    const state = states[at]!
    test(`${state}, at ${event}: ${cell === '=' ? 'nothing' : cell}`, () => {
      const connection = connectionIn(state)
      if (state === 'Active' && /tcpConfirmed|elay/.test(event!)) connection.attach(9)
      let counted = 0
      const effects = connection.handle(events[event as Event], 1000, 0.5, () => counted++)
      const seen = [connection.state, ...effects.map(render), ...Array(counted).fill('+')].join(' ')
      assert.equal(seen, cell === '=' ? state : cell)
      if (connection.state === 'Idle') assert.equal(connection.deadline(), Number.POSITIVE_INFINITY, 'no timer in Idle')
    })
  }

test('a passive connection never dials: neither at once nor after a lost connection', () => {
  const connection = connectionIn('Active', { passive: true })
  assert.equal(connection.deadline(), Number.POSITIVE_INFINITY)
  connection.attach(7)
  connection.handle(events.tcpConfirmed, 0, 0.5, () => {})
  connection.handle(events.tcpFails, 1000, 0.5, () => {})
  assert.equal(connection.state, 'Active')
  assert.equal(connection.deadline(), Number.POSITIVE_INFINITY)
})

test('a connection that is already gone is not closed again', () => {
  const connection = connectionIn('Established')
  connection.detach()
  assert.deepEqual(
    connection.handle(events.tcpFails, 0, 0.5, () => {}),
    [],
  )
})
