import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { cannotInteroperate } from '../lab/daemons.ts'
import { FAMILIES } from '../lab/topology.ts'
import { EXTERNAL, INTERNAL, Meeting, SIDES, STRANGER_AS } from './meeting.ts'
import { type Announcements, FIRST_WORDS, type Stranger, type StrangerMaker } from './stranger.ts'
import { BirdStranger } from './stranger-bird.ts'
import { FrrStranger } from './stranger-frr.ts'

const STRANGERS: readonly [string, StrangerMaker][] = [
  ['FRR', place => new FrrStranger(place)],
  ['BIRD 2', place => new BirdStranger(place)],
]

function prefixesOf(announcements: Announcements): string[] {
  return FAMILIES.flatMap(family => announcements[family].map(({ prefix }) => prefix))
}

for (const [name, make] of STRANGERS)
  describe(`podpeer and ${name}: iBGP and eBGP over IPv4 and IPv6`, { skip: cannotInteroperate() }, () => {
    let meeting: Meeting
    let stranger: Stranger

    before(async () => {
      meeting = await Meeting.begin(make)
      stranger = meeting.stranger
    })

    after(async () => {
      await meeting?.end()
    })

    /** What a side has in its kernel: the stranger's prefixes, and those of the other side that the stranger passes on. */
    const expectedKernel = (announcements: Announcements, ...others: string[]) =>
      [...prefixesOf(announcements), ...others].sort()

    const everythingLearned = async () => {
      for (const side of SIDES) {
        const other = side === EXTERNAL ? INTERNAL : EXTERNAL
        await meeting.eventually(
          `the routes of the ${side.name} side`,
          expectedKernel(FIRST_WORDS, ...Object.values(other.prefixes)),
          () => meeting.kernel(side),
        )
      }
    }

    /** How many OPENs the external side has sent over IPv4: grows with every attempt at a session. */
    const sessionCount = async () => (await meeting.peer(EXTERNAL, 'ipv4')).messages.sent.open

    test('our prefixes arrive with the path, next hop and preference of eBGP and iBGP', async () => {
      for (const family of FAMILIES) {
        await meeting.eventually('the eBGP path', { asPath: '65010', nextHop: EXTERNAL.address[family] }, () =>
          stranger.path(family, EXTERNAL.prefixes[family]),
        )
        await meeting.eventually(
          'the iBGP path',
          { asPath: '', nextHop: INTERNAL.address[family], localPref: 100 },
          () => stranger.path(family, INTERNAL.prefixes[family]),
        )
      }
    })

    test('its prefixes, and those it passes on, arrive and are installed', async () => {
      await everythingLearned()
      const rows = await meeting.process(EXTERNAL).routes('best')
      const row = (prefix: string) => rows.find(route => route.prefix === prefix)
      assert.equal(row('203.0.113.10/32')?.asPath, String(STRANGER_AS))
      assert.equal(row('203.0.113.10/32')?.med, 10)
      assert.equal(row(INTERNAL.prefixes.ipv6)?.asPath, String(STRANGER_AS))
    })

    test('every End-of-RIB is sent and received', async () => {
      for (const side of SIDES)
        for (const family of FAMILIES)
          await meeting.eventually('both End-of-RIBs', { sent: true, received: true }, async () => {
            const peer = await meeting.peer(side, family)
            return peer.families[0]!.endOfRib
          })
    })

    test('a changed attribute replaces the route', async () => {
      await stranger.announce({ ...FIRST_WORDS, ipv4: FIRST_WORDS.ipv4.map(({ prefix }) => ({ prefix, med: 77 })) })
      for (const side of SIDES)
        await meeting.eventually(`the new MED at the ${side.name} side`, [77, 77], async () => {
          const rows = await meeting.process(side).routes('best')
          return rows.filter(({ prefix }) => prefix.startsWith('203.0.113.')).map(({ med }) => med)
        })
    })

    test('what it withdraws goes from our kernel, and comes back with a new announcement', async () => {
      await stranger.announce({ ipv4: FIRST_WORDS.ipv4.slice(0, 1), ipv6: [] })
      await meeting.eventually('the withdrawal', ['203.0.113.10/32', ...Object.values(INTERNAL.prefixes)].sort(), () =>
        meeting.kernel(EXTERNAL),
      )
      await stranger.announce(FIRST_WORDS)
      await everythingLearned()
    })

    test('what we withdraw and announce by a changed configuration goes and comes there, and no session ends', async () => {
      const before = await sessionCount()
      meeting.tell(EXTERNAL, { prefixes: ['10.244.7.0/24'] })
      await meeting.eventually(
        'the withdrawal',
        null,
        async () => (await stranger.path('ipv4', '10.244.1.0/24')) ?? null,
      )
      await meeting.eventually(
        'the new prefix',
        '65010',
        async () => (await stranger.path('ipv4', '10.244.7.0/24'))?.asPath,
      )
      meeting.tell(EXTERNAL)
      await meeting.eventually(
        'the old prefix',
        '65010',
        async () => (await stranger.path('ipv4', '10.244.1.0/24'))?.asPath,
      )
      assert.equal(await sessionCount(), before)
    })

    test('the stranger dies and comes back: all sessions and routes are there again', async () => {
      await stranger.kill9()
      await meeting.lastError(EXTERNAL, 'ipv4', /./)
      await stranger.start()
      await meeting.established()
      await everythingLearned()
    })

    test('we stop, and die, and come back: all sessions and routes are there again', async () => {
      const ours = meeting.process(EXTERNAL)
      for (const end of [() => ours.stop(), () => ours.kill9()]) {
        await end()
        await ours.start()
        await meeting.established()
        await everythingLearned()
        assert.equal((await stranger.path('ipv4', '10.244.1.0/24'))?.asPath, '65010')
      }
    })

    test('a wrong AS number ends one session with a sentence that says which AS was expected, and the right one mends it', async context => {
      const untouched = (await meeting.peer(EXTERNAL, 'ipv6')).messages.sent.open
      meeting.tell(EXTERNAL, { strangerAs: 65199 })
      const said = await meeting.lastError(EXTERNAL, 'ipv4', /65100/)
      context.diagnostic(said)
      assert.match(said, /65199/)
      meeting.tell(EXTERNAL)
      await meeting.established()
      assert.equal((await meeting.peer(EXTERNAL, 'ipv6')).messages.sent.open, untouched)
    })

    test('a wrong MD5 key is silence, and the sentence says what may be behind it; the right key mends it', async context => {
      const keyFile = join(meeting.folder, 'key')
      writeFileSync(keyFile, 'not-the-key\n', { mode: 0o600 })
      await stranger.requireKey('the-key')
      meeting.tell(EXTERNAL, { keyFile })
      const said = await meeting.lastError(EXTERNAL, 'ipv4', /timed out, as it does where the TCP MD5 keys differ/)
      context.diagnostic(said)
      assert.ok(!said.includes('not-the-key'))
      writeFileSync(join(meeting.folder, 'right-key'), 'the-key\n', { mode: 0o600 })
      meeting.tell(EXTERNAL, { keyFile: join(meeting.folder, 'right-key') })
      await meeting.established()
      await stranger.requireKey(undefined)
      meeting.tell(EXTERNAL)
      await meeting.established()
    })

    test('a link that goes down ends the sessions over it by the hold timer, and they come back with it', async context => {
      meeting.cable(EXTERNAL, false)
      const said = await meeting.lastError(EXTERNAL, 'ipv4', /hold timer/i)
      context.diagnostic(said)
      meeting.cable(EXTERNAL, true)
      await meeting.established()
      await everythingLearned()
    })
  })

describe('podpeer and an FRR with a least hold time', { skip: cannotInteroperate() }, () => {
  test('a hold time that the peer refuses is said in its words, and the session comes when it takes it', async context => {
    const stranger: { frr?: FrrStranger } = {}
    const meeting = await Meeting.begin(place => {
      stranger.frr = new FrrStranger(place)
      return stranger.frr
    })
    try {
      await stranger.frr?.requireHoldTime(30)
      const said = await meeting.lastError(EXTERNAL, 'ipv4', /unacceptable hold time/i)
      context.diagnostic(said)
      await stranger.frr?.requireHoldTime(undefined)
      await meeting.established()
    } finally {
      await meeting.end()
    }
  })
})
