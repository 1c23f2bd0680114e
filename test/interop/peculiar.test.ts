import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cannotInteroperate } from '../lab/daemons.ts'
import { OUR_PREFIXES, OURS, THEIR_PREFIXES, THEIRS } from './pair.ts'
import { withBird, withFrr } from './their-config.ts'

const LONG_AS = 4_200_000_010

const everything = Object.values(THEIR_PREFIXES)
const ourEverything = Object.values(OUR_PREFIXES)

describe('podpeer and what is peculiar about a peer', { skip: cannotInteroperate() }, () => {
  for (const [name, begin] of [
    ['FRR', withFrr],
    ['BIRD', withBird],
  ] as const)
    for (const family of ['ipv4', 'ipv6'] as const)
      test(`one session with ${name} over ${family} carries both families, each with a next hop of its own`, async () => {
        await using pair = await begin({ neighbor: OURS[family] }, { peer: { address: THEIRS[family] } })
        await pair.learned('us', everything)
        await pair.learned('other', ourEverything)
      })

  test('a two-octet session carries AS_TRANS in place of our four-octet AS number', async () => {
    await using pair = await withFrr({ ourAs: LONG_AS, lines: ['dont-capability-negotiate'] }, { asNumber: LONG_AS })
    await pair.learned('us', [THEIR_PREFIXES.ipv4])
    await pair.learned('other', [OUR_PREFIXES.ipv4])
    // FRR 8.4 leaves our AS4_PATH alone as soon as our OPEN offered four octets, whether it did so itself or not
    assert.match(await pair.other.ask(`show bgp ipv4 unicast ${OUR_PREFIXES.ipv4}`), /^ {2}23456$/m)
    const [peer] = await pair.us.peers()
    assert.ok(!peer?.capabilities?.some(name => name.includes('4-octet')), 'else it was no two-octet session')
  })

  test('a speaker of two-octet AS numbers alone and we have all routes of each other', async () => {
    await using pair = await withBird({ lines: ['enable as4 off;'] }, {})
    await pair.learned('us', everything)
    await pair.learned('other', ourEverything)
  })

  test('a peer without capabilities gets an IPv4 session', async () => {
    await using pair = await withBird({ lines: ['capabilities off;'] }, {})
    await pair.learned('us', [THEIR_PREFIXES.ipv4])
    await pair.learned('other', [OUR_PREFIXES.ipv4])
  })

  test('TTL security at the peer is met with a TTL of 255', async () => {
    await using pair = await withFrr({ lines: ['ttl-security hops 1'] }, { peer: { ttl: 255 } })
    await pair.learned('us', everything)
  })

  for (const family of ['ipv4', 'ipv6'] as const)
    test(`TCP MD5 over ${family}, whoever dials`, async () => {
      process.env['PODPEER_TEST_KEY'] = 'sesame'
      for (const passive of [true, false]) {
        const theirs = { neighbor: OURS[family], lines: ['password "sesame";', ...(passive ? [] : ['passive;'])] }
        const peer = { address: THEIRS[family], password: { env: 'PODPEER_TEST_KEY' }, passive }
        await using pair = await withBird(theirs, { peer })
        await pair.learned('us', everything)
      }
    })

  test('a hold time of zero means no keepalives', async () => {
    await using pair = await withBird({ lines: ['hold time 0;'] }, { peer: { holdTime: 0 } })
    await pair.learned('us', everything)
    const [peer] = await pair.us.peers()
    assert.equal(peer?.holdTime, 0)
  })
})
