/**
 * The malformed messages of docs/bgp.md in whole sessions with routes: what is answered on the wire, whether the session stands,
 * and which routes are left, here and at a third party that was told of them.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { messageType } from '../../bgp/wire/iana.ts'
import type { Message } from '../../bgp/wire/message.ts'
import type { Open } from '../../bgp/wire/open.ts'
import { UpdateReader } from '../../bgp/wire/update-reader.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { KEPT, MalformedScene, type SceneOptions, TOUCHED } from './malformed-scene.ts'
import { joined } from './wire/hex.ts'
import { update, whole } from './wire/malformed/row.ts'
import { type MalformedRow, malformedRows, sessionCases } from './wire/malformed/rows.ts'
import { asPath, external, internal, mandatory, mpNextHop, origin, route } from './wire/update-parts.ts'

const keepalive: Message = { type: 'keepalive' }

const TYPE_AT = 18
const BODY_AT = 19

const isOf = (type: number) => (row: MalformedRow) => row.octets[TYPE_AT] === type

function titleOf({ number, title, reaction, octets }: MalformedRow): string {
  const what = `case ${number}: ${title}`
  if (reaction.type === 'reset') return `${what}: ${reaction.code}/${reaction.subcode}, and its routes go`
  if (octets[TYPE_AT] === messageType.notification) return `${what}: no answer, and its routes go`
  return reaction.type === 'withdraw' ? `${what}: its prefix goes alone` : `${what}: the session stands`
}

function expectReset(scene: MalformedScene, { reaction }: MalformedRow): void {
  assert.equal(reaction.type, 'reset')
  if (reaction.type !== 'reset') return
  const { code, subcode, data } = reaction
  const answer = `${code}/${subcode} ${data.replaceAll(' ', '')}`.trim()
  assert.deepEqual(scene.connection.notifications, [answer])
  assert.equal(scene.connection.closed, 'closed by the peer')
  assert.notEqual(scene.hub.state(scene.foe), 'Established')
  expectNothingLeft(scene)
}

function expectNothingLeft(scene: MalformedScene): void {
  assert.deepEqual(scene.held, [])
  assert.deepEqual(scene.told, [])
}

/** The prefixes that are withdrawn by an UPDATE, in words or by its faults: of those that were announced before it. */
function withdrawnBy({ octets, session }: MalformedRow): string[] {
  const reader = new UpdateReader(session)
  reader.read(octets, BODY_AT, octets.length)
  const gone = new Set<string>()
  const text = Buffer.from(octets).toString('hex')
  const touch = (family: 4 | 6, start: number, end: number) => {
    const part = text.slice(2 * start, 2 * end)
    if (part.includes({ 4: '18c63364', 6: '2020010db8' }[family])) gone.add(TOUCHED[family])
  }
  touch(4, reader.withdrawnStart, reader.withdrawnEnd)
  if (reader.mpUnreachFamily !== 0) touch(reader.mpUnreachFamily, reader.mpUnreachStart, reader.mpUnreachEnd)
  if (reader.verdict === 'accept') {
    if (reader.nlriEnd > reader.nlriStart) gone.delete(TOUCHED[4])
    return [...gone]
  }
  touch(4, reader.nlriStart, reader.nlriEnd)
  if (reader.mpReachFamily !== 0) touch(reader.mpReachFamily, reader.mpReachStart, reader.mpReachEnd)
  return [...gone]
}

function expectStanding(scene: MalformedScene, row: MalformedRow): void {
  assert.deepEqual(scene.connection.notifications, [])
  assert.equal(scene.connection.closed, undefined)
  assert.equal(scene.hub.state(scene.foe), 'Established')
  const { families } = row.session
  const gone = isOf(messageType.update)(row) ? withdrawnBy(row) : []
  if (row.reaction.type === 'withdraw') assert.ok(gone.length > 0, 'the row is about a prefix of ours')
  for (const family of families) {
    assert.ok(scene.held.includes(KEPT[family]), scene.held.join())
    assert.ok(scene.told.includes(KEPT[family]), scene.told.join())
    assert.equal(scene.held.includes(TOUCHED[family]), !gone.includes(TOUCHED[family]), scene.held.join())
    if (gone.includes(TOUCHED[family])) assert.ok(!scene.told.includes(TOUCHED[family]))
  }
}

describe('a malformed message in an established session', () => {
  for (const row of malformedRows.filter(one => one.number >= 16 || one.number <= 4))
    test(titleOf(row), () => {
      const scene = new MalformedScene({ session: row.session })
      scene.announce()
      for (const family of row.session.families) assert.ok(scene.told.includes(TOUCHED[family]))
      scene.send(row.octets)
      if (row.reaction.type === 'reset') expectReset(scene, row)
      else if (isOf(messageType.notification)(row)) {
        assert.deepEqual(scene.connection.notifications, [])
        assert.notEqual(scene.hub.state(scene.foe), 'Established')
        expectNothingLeft(scene)
      } else expectStanding(scene, row)
      assert.equal(scene.collateral, undefined)
    })
})

/** Rows that no decoder objects to, but the peering does: the AS number of the capability is not that of the OPEN. */
const twoAsNumbers = /with a total under 255$|^the 4-octet AS twice$/

describe('a malformed OPEN', () => {
  for (const row of malformedRows.filter(isOf(messageType.open)).filter(({ number }) => number > 4)) {
    const { reaction, title, number, octets } = row
    const refusal =
      reaction.type === 'reset'
        ? `${reaction.code}/${reaction.subcode} ${reaction.data}`.trim()
        : twoAsNumbers.test(title)
          ? '2/2'
          : undefined
    test(`case ${number}: ${title}: ${refusal ?? 'the session comes'}`, () => {
      const scene = new MalformedScene({ peering: { remoteAs: 0 }, answer: () => [octets, keepalive] })
      assert.deepEqual(scene.connection.notifications, refusal === undefined ? [] : [refusal])
      assert.equal(scene.connection.closed, refusal === undefined ? undefined : 'closed by the peer')
      assert.equal(scene.hub.view(scene.foe).session.established, refusal === undefined ? 1 : 0)
      assert.equal(scene.collateral, undefined)
    })
  }
})

describe('an OPEN that the peering does not take', () => {
  const roles = (['provider', 'peer'] as const).map(role => ({ type: 'role', role }) as const)
  const refusals: readonly [string, string, SceneOptions, Partial<Open>][] = [
    ['case 6: another AS number', '2/2', {}, { asNumber: 65003 }],
    ['case 7: our own router id, in our AS', '2/3', { session: internal }, { routerId: 0x0a000001 }],
    ['case 8: a hold time below what is configured', '2/6', { peering: { minimumHoldTime: 30 } }, { holdTime: 29 }],
    [
      'case 14: two roles that differ',
      '2/11',
      { peering: { role: { role: 'customer', strict: false } } },
      { capabilities: roles },
    ],
  ]
  for (const [title, answer, options, open] of refusals)
    test(`${title}: ${answer}`, () => {
      const scene = new MalformedScene({ ...options, answer: theirs => [{ ...theirs, ...open }] })
      assert.deepEqual(scene.connection.notifications, [answer])
      assert.equal(scene.hub.view(scene.foe).session.established, 0)
      assert.equal(scene.collateral, undefined)
    })
})

/** `verdict: reason` of the foe's path to the prefix that the rows are about. */
function verdictOf({ hub, foe }: MalformedScene, prefix: string): string | undefined {
  const path = hub.speaker.explain(parsePrefix(prefix))?.paths.find(one => one.peer === hub.view(foe).number)
  return path && `${path.verdict}: ${path.reason}`
}

describe('a route that is well-formed and of no use is kept, is not used and is told to nobody', () => {
  const reach6 = (length: string, octets: string) =>
    `800e ${length} 0002 01 ${octets} 00 20 20010db8 ${origin} ${asPath}`
  const routes: readonly [string, 4 | 6, string, string][] = [
    ['case 36: our own AS in the path', 4, `${origin} 4002 0a 0202 0000fde9 0000fde8 400304 0a000009`, 'our own AS'],
    ['case 38: next hop 0.0.0.0', 4, `${origin} ${asPath} 400304 00000000`, 'next hop'],
    ['case 38: next hop 127.0.0.1', 4, `${origin} ${asPath} 400304 7f000001`, 'next hop'],
    ['case 38: next hop 224.0.0.1', 4, `${origin} ${asPath} 400304 e0000001`, 'next hop'],
    ['case 38: our own address as next hop', 4, `${origin} ${asPath} 400304 0a000001`, 'next hop'],
    ['case 47: next hop ::', 6, reach6('1a', `10 ${'00'.repeat(16)}`), 'next hop'],
    [
      'case 47: a link-local next hop whose link nobody knows',
      6,
      reach6('1a', `10 fe80${'00'.repeat(13)}01`),
      'next hop',
    ],
  ]
  for (const [title, family, attributes, reason] of routes)
    test(title, () => {
      const scene = new MalformedScene()
      scene.announce()
      scene.send(update({ attributes, nlri: family === 4 ? '18 c63364' : '' }))
      assert.deepEqual(scene.connection.notifications, [])
      assert.equal(scene.hub.state(scene.foe), 'Established')
      assert.ok(scene.held.includes(TOUCHED[family]))
      assert.ok(verdictOf(scene, TOUCHED[family])?.startsWith('ineligible: '), verdictOf(scene, TOUCHED[family]))
      assert.match(verdictOf(scene, TOUCHED[family])!, new RegExp(reason))
      assert.ok(!scene.told.includes(TOUCHED[family]))
      assert.ok(scene.told.includes(KEPT[family]))
      assert.equal(scene.collateral, undefined)
    })

  test('case 47: of two global next hops the first is used', () => {
    const scene = new MalformedScene()
    const second = mpNextHop.replace(/1$/, '2')
    scene.send(update({ attributes: reach6('2a', `20 ${mpNextHop} ${second}`) }))
    assert.equal(scene.hub.bestPath(TOUCHED[6])?.nextHop, '2001:db8::1')
    assert.ok(scene.told.includes(TOUCHED[6]))
  })
})

describe('a message that is odd and well', () => {
  test('case 26: an empty UPDATE is the End-of-RIB of IPv4, an empty MP_UNREACH_NLRI that of its family', () => {
    const scene = new MalformedScene()
    scene.send(update({}))
    assert.deepEqual(scene.hub.endsOfRib.slice(-1), ['10.0.0.9 ipv4'])
    scene.send(update({ attributes: '800f 03 0002 01' }))
    assert.deepEqual(scene.hub.endsOfRib.slice(-2), ['10.0.0.9 ipv4', '10.0.0.9 ipv6'])
    const ends = scene.hub.endsOfRib.length
    scene.send(update({ attributes: '800f 03 0001 85' }))
    assert.equal(scene.hub.endsOfRib.length, ends)
    assert.equal(scene.hub.view(scene.foe).session.established, 1)
  })

  test('case 31: of two MEDs the first counts', () => {
    const scene = new MalformedScene()
    scene.send(update(route(mandatory, '800404 00000001 800404 00000002')))
    assert.equal(scene.hub.bestPath(TOUCHED[4])?.med, 1)
  })

  test('case 45: an IPv4 route over IPv6 is used where RFC 8950 was negotiated', () => {
    const scene = new MalformedScene({ session: { ...external, extendedNextHop: true } })
    scene.send(update({ attributes: `800e 19 0001 01 10 ${mpNextHop} 00 18 c63364 ${origin} ${asPath}` }))
    assert.equal(scene.hub.bestPath(TOUCHED[4])?.nextHop, '2001:db8::1')
  })

  test('case 46: a prefix that is withdrawn and announced in one UPDATE is announced', () => {
    const scene = new MalformedScene()
    scene.announce()
    scene.send(update({ withdrawn: '18 c63364', ...route(mandatory, '800404 00000007') }))
    assert.equal(scene.hub.bestPath(TOUCHED[4])?.med, 7)
    assert.ok(scene.told.includes(TOUCHED[4]))
  })

  test('case 49: requests and marks of a refresh that make no sense change nothing and get no answer', () => {
    const scene = new MalformedScene({ session: { ...external, families: [4], enhancedRefresh: true } })
    scene.announce()
    const updates = scene.connection.updates.length
    const heard = scene.connection.heard.length
    // IPv6 is not of the session; subtype 3; an end without a beginning; an unknown family
    for (const body of ['0002 00 01', '0001 03 01', '0001 02 01', '4004 00 48']) scene.send(whole('routeRefresh', body))
    assert.deepEqual([scene.connection.updates.length, scene.connection.heard.length], [updates, heard])
    assert.deepEqual(scene.held, [KEPT[4], TOUCHED[4]])
    scene.send(whole('routeRefresh', '0001 00 01'))
    assert.ok(scene.connection.updates.length > updates, 'one that makes sense is answered')
  })

  test(`case 54: ${sessionCases[54]}`, () => {
    const octets = (scene: MalformedScene) => {
      const numbers = Array.from({ length: 10 }, (_, at) => at.toString(16).padStart(2, '0'))
      const announcements = numbers.map(number => update({ attributes: mandatory, nlri: `20 c63364${number}` }))
      return { scene, stream: joined(...announcements) }
    }
    const slowly = octets(new MalformedScene())
    for (const octet of slowly.stream) slowly.scene.foe.send(Uint8Array.of(octet))
    slowly.scene.clock.advance(10)
    const { scene, stream } = octets(new MalformedScene())
    const half = update(route(mandatory))
    scene.send(joined(stream, half.subarray(0, 30)))
    assert.equal(scene.held.length, 10)
    assert.deepEqual(scene.held, slowly.scene.held)
    scene.send(half.subarray(30))
    assert.ok(scene.held.includes(TOUCHED[4]))
    for (let flood = 0; flood < 2000; flood++) scene.foe.send(whole('keepalive', ''))
    scene.friend.announce('203.0.113.0/24', '203.0.113.128/25')
    scene.clock.advance(10)
    assert.equal(scene.hub.received(scene.friend).length, 2)
    assert.equal(scene.hub.state(scene.foe), 'Established')
  })
})

describe('what comes when it should not, or does not come', () => {
  const unexpected = (title: string, answer: (open: Open) => (Message | Uint8Array)[], expected: string) =>
    test(`case 16: ${title}: ${expected}`, () => {
      const scene = new MalformedScene({ answer })
      assert.deepEqual(scene.connection.notifications, [expected])
      assert.equal(scene.connection.closed, 'closed by the peer')
      assert.equal(scene.hub.view(scene.foe).session.established, 0)
    })
  // the data is the type of the message (RFC 6608 §4)
  unexpected('an UPDATE in OpenSent', () => [update({})], '5/1 02')
  unexpected('an UPDATE in OpenConfirm', open => [open, update({})], '5/2 02')

  test('case 16: an OPEN in Established: 5/3, and its routes go', () => {
    const scene = new MalformedScene()
    scene.announce()
    scene.connection.send(scene.foe.open())
    scene.clock.advance(10)
    assert.deepEqual(scene.connection.notifications, ['5/3 01'])
    expectNothingLeft(scene)
    assert.equal(scene.collateral, undefined)
  })

  for (const [whose, routerId, loser] of [
    ['ours', 1, 'its'],
    ['its', 0x0a000009, 'ours'],
  ] as const)
    test(`case 17: of two connections that collide, the one that ${whose === 'ours' ? 'we' : 'the peer'} dialled stays: ${whose} is the higher router id`, () => {
      const scene = new MalformedScene({ answer: () => [] })
      const open = { ...scene.foe.open(), routerId }
      const theirs = scene.foe.dial(scene.hub.address)
      scene.clock.advance(10)
      scene.connection.send(open)
      scene.clock.advance(10)
      theirs.send(open)
      scene.clock.advance(10)
      const [stays, goes] = loser === 'its' ? [scene.connection, theirs] : [theirs, scene.connection]
      assert.deepEqual([stays.notifications, goes.notifications], [[], ['6/7']])
      assert.deepEqual([stays.closed, goes.closed], [undefined, 'closed by the peer'])
      stays.send(keepalive)
      scene.clock.advance(10)
      assert.equal(scene.hub.state(scene.foe), 'Established')
    })

  test('case 17: a connection beside an established one gets 6/7, and what the first one told stands', () => {
    const scene = new MalformedScene()
    scene.announce()
    scene.clock.advance(60_000)
    const third = scene.foe.dial(scene.hub.address)
    scene.clock.advance(10)
    third.send(scene.foe.open())
    scene.clock.advance(10)
    assert.deepEqual(third.notifications, ['6/7'])
    assert.deepEqual(scene.connection.notifications, [])
    assert.equal(scene.hub.view(scene.foe).session.established, 1)
    assert.ok(scene.told.includes(TOUCHED[4]))
  })

  for (const restarts of [true, false])
    test(`case 18: half a message and the end of the connection get no answer${restarts ? '; with graceful restart its routes stay' : ''}`, () => {
      const families = [{ afi: 1, safi: 1, forwarding: true }]
      const gracefulRestart = {
        type: 'gracefulRestart',
        restarting: false,
        notification: false,
        restartTime: 120,
      } as const
      const scene = new MalformedScene({ capabilities: restarts ? [{ ...gracefulRestart, families }] : [] })
      scene.announce()
      scene.send(whole('notification', '06 04').subarray(0, 20))
      scene.connection.close()
      scene.clock.advance(10)
      assert.deepEqual(scene.connection.notifications, [])
      assert.deepEqual(scene.told, restarts ? [KEPT[4], TOUCHED[4]] : [])
      assert.equal(scene.collateral, undefined)
    })

  test(`case 55: ${sessionCases[55]}, and its routes go`, () => {
    const scene = new MalformedScene({ peering: { sendHoldTime: 120 } })
    scene.announce()
    scene.network.block(scene.hub.address, scene.foe.address)
    for (const second of [0, 40, 80]) {
      scene.hub.announce(`203.0.114.${second}/32`)
      scene.foe.send(whole('keepalive', ''))
      scene.clock.advance(39_990)
      assert.equal(scene.hub.state(scene.foe), 'Established', `after ${second + 39} seconds`)
      scene.clock.advance(10)
    }
    assert.ok(scene.hub.said.includes('10.0.0.9 Established→Idle: send hold timer expired'), scene.hub.said.join())
    assert.match(scene.hub.view(scene.foe).session.lastError!, /8\/0|send hold/i)
    assert.ok(!scene.told.includes(TOUCHED[4]))
    assert.deepEqual(scene.told, ['203.0.114.80/32'])
    assert.equal(scene.collateral, undefined)
  })

  test('case 56: a jump of the clock past the hold time ends no session whose octets are there, and silence does: 4/0', () => {
    const scene = new MalformedScene({ answer: open => [{ ...open, holdTime: 9 }, keepalive] })
    scene.foe.send(whole('keepalive', ''))
    scene.clock.jump(60_000)
    scene.clock.advance(10)
    assert.equal(scene.hub.state(scene.foe), 'Established')
    scene.clock.advance(8_900)
    assert.equal(scene.hub.state(scene.foe), 'Established')
    scene.clock.advance(1_200)
    assert.deepEqual(scene.connection.notifications, ['4/0'])
    assert.equal(scene.collateral, undefined)
  })
})
