import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerConfig, RoleConfig } from '../../../bgp/session/config.ts'
import type { Negotiated } from '../../../bgp/session/negotiation.ts'
import type { Capability, PeerRole } from '../../../bgp/wire/capability.ts'
import { openOf, Stand } from './stand.ts'

const ROLES: readonly PeerRole[] = ['provider', 'rs', 'rsClient', 'customer', 'peer']
/** RFC 9234 §4.2, table 2: ours and the peer's. */
const FITTING = ['provider customer', 'customer provider', 'rs rsClient', 'rsClient rs', 'peer peer']

function meet(overrides: Partial<PeerConfig>, more: readonly Capability[]) {
  const stand = new Stand(overrides)
  stand.start()
  const connection = stand.accept()
  const lines = stand.open(connection, { capabilities: [...openOf().capabilities, ...more] })
  return { stand, lines, negotiated: stand.peer.status().negotiated }
}

function offeredTypes(overrides: Partial<PeerConfig>): string[] {
  const { stand } = meet(overrides, [])
  return stand.offered.capabilities.map(({ type }) => type)
}

for (const role of ROLES)
  test(`as ${role} we take just the role that fits`, () => {
    for (const theirs of ROLES) {
      const { stand, negotiated } = meet({ role: { role, strict: false } }, [{ type: 'role', role: theirs }])
      if (FITTING.includes(`${role} ${theirs}`))
        assert.deepEqual([negotiated?.role, negotiated?.peerRole], [role, theirs])
      else
        assert.equal(
          stand.lastError,
          `sent OPEN Message Error / Role Mismatch (2/11): we are ${role}, the peer says ${theirs}`,
        )
    }
  })

const noRole: readonly Capability[] = []
const roleCases: [string, RoleConfig | undefined, readonly Capability[], string | undefined][] = [
  ['no role of the peer is good', { role: 'customer', strict: false }, noRole, undefined],
  ['no role of the peer is refused where roles are strict', { role: 'customer', strict: true }, noRole, 'says no role'],
  ['a role is nothing to us where none is configured', undefined, [{ type: 'role', role: 'peer' }], undefined],
  [
    'the same role twice is one',
    { role: 'customer', strict: true },
    [
      { type: 'role', role: 'provider' },
      { type: 'role', role: 'provider' },
    ],
    undefined,
  ],
  [
    'two roles are refused, be one of them right',
    { role: 'customer', strict: false },
    [
      { type: 'role', role: 'peer' },
      { type: 'role', role: 'provider' },
    ],
    'says peer and provider',
  ],
  ['an unassigned role fits none', { role: 'peer', strict: false }, [{ type: 'role', role: 77 }], 'says 77'],
]
for (const [what, role, theirs, error] of roleCases)
  test(what, () => {
    const { stand, lines } = meet(role === undefined ? {} : { role }, theirs)
    if (error === undefined) assert.equal(stand.state, 'OpenConfirm')
    else assert.ok(stand.lastError?.includes(error), stand.lastError)
    assert.equal(lines[0]!.endsWith('2/11'), error !== undefined)
  })

test('a role is for external sessions: over iBGP none is said', () => {
  assert.ok(!offeredTypes({ remoteAs: 65001, role: { role: 'peer', strict: false } }).includes('role'))
})

const addPath = (send: boolean, receive: boolean): Capability => ({
  type: 'addPath',
  families: [{ afi: 1, safi: 1, send, receive }],
})

const directions: [string, { send: number; receive: boolean }, Capability, Negotiated['addPath']][] = [
  ['both ways', { send: 8, receive: true }, addPath(true, true), { send: [4], receive: [4] }],
  ['out, where it receives', { send: 8, receive: true }, addPath(false, true), { send: [4], receive: [] }],
  ['in, where it sends', { send: 8, receive: true }, addPath(true, false), { send: [], receive: [4] }],
  ['not out, where we send one', { send: 0, receive: true }, addPath(true, true), { send: [], receive: [4] }],
  ['not at all, where both only send', { send: 8, receive: false }, addPath(true, false), { send: [], receive: [] }],
]
for (const [what, ours, theirs, expected] of directions)
  test(`several paths go ${what}, by family`, () => {
    assert.deepEqual(meet({ addPath: ours }, [theirs]).negotiated?.addPath, expected)
  })

test('extended messages, next hops and refreshes need both sides', () => {
  const all: Capability[] = [
    { type: 'extendedMessage' },
    { type: 'enhancedRouteRefresh' },
    { type: 'extendedNextHop', families: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
  ]
  const what = ({ extendedMessages, enhancedRefresh, extendedNextHop }: Negotiated) => [
    extendedMessages,
    enhancedRefresh,
    extendedNextHop,
  ]
  const willing = { extendedMessages: true, extendedNextHop: true }
  assert.deepEqual(what(meet(willing, all).negotiated!), [true, true, true])
  assert.deepEqual(what(meet({}, all).negotiated!), [false, true, false])
  assert.deepEqual(what(meet(willing, []).negotiated!), [false, false, false])
})

test('an extended next hop of another kind is none of ours', () => {
  const vpn: Capability = { type: 'extendedNextHop', families: [{ afi: 1, safi: 128, nextHopAfi: 2 }] }
  assert.equal(meet({ extendedNextHop: true }, [vpn]).negotiated?.extendedNextHop, false)
})

test('the peer’s name and software are told', () => {
  const { negotiated } = meet({}, [
    { type: 'hostName', host: 'tor-1', domain: 'example.net' },
    { type: 'softwareVersion', version: 'FRRouting/10.1' },
  ])
  assert.deepEqual([negotiated?.hostName, negotiated?.softwareVersion], ['tor-1.example.net', 'FRRouting/10.1'])
})

test('nothing is offered that is not configured', () => {
  assert.deepEqual(offeredTypes({}), [
    'multiprotocol',
    'multiprotocol',
    'routeRefresh',
    'gracefulRestart',
    'fourOctetAs',
    'enhancedRouteRefresh',
  ])
})

test('a plain peer is offered what routers have known for ever, whatever is configured', () => {
  const { stand } = meet(
    {
      profile: 'plain',
      families: [4],
      extendedMessages: true,
      extendedNextHop: true,
      addPath: { send: 8, receive: true },
      role: { role: 'peer', strict: true },
      longLived: { staleTime: 60 },
    },
    [],
  )
  const { capabilities } = stand.offered
  assert.deepEqual(
    capabilities.map(({ type }) => type),
    ['multiprotocol', 'routeRefresh', 'gracefulRestart', 'fourOctetAs'],
  )
  assert.equal(capabilities.find(one => one.type === 'gracefulRestart')?.notification, false)
})

test('a capability that the peer refuses is left out, whichever it is, and the others stay', () => {
  const config: Partial<PeerConfig> = {
    extendedMessages: true,
    extendedNextHop: true,
    addPath: { send: 8, receive: true },
    role: { role: 'peer', strict: false },
    longLived: { staleTime: 60 },
  }
  for (const [code, type] of [
    [5, 'extendedNextHop'],
    [6, 'extendedMessage'],
    [9, 'role'],
    [69, 'addPath'],
    [70, 'enhancedRouteRefresh'],
    [71, 'longLivedGracefulRestart'],
  ] as const) {
    const stand = new Stand(config)
    stand.start()
    stand.dialled(1)
    const before = stand.offered.capabilities.map(one => one.type)
    assert.ok(before.includes(type), type)
    stand.notification(1, 2, 7, [code, 0])
    stand.pass(0)
    stand.dialled(2)
    assert.deepEqual(
      stand.offered.capabilities.map(one => one.type),
      before.filter(one => one !== type),
    )
    assert.equal(stand.peer.status().withheld.length, 1)
  }
})
