/** What sessions negotiate on top of RFC 4271 and RFC 4760, as the reader sees it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UpdateReader } from '../../../bgp/wire/update-reader.ts'
import { hex, spaced, toHex, updateBody } from './hex.ts'
import { external, mandatory, mpNextHop, mpReach, read } from './update-parts.ts'

const linkLocal = 'fe800000000000000000000000000001'
const zeros = '00'.repeat(16)

for (const { title, octets, nextHop, linkLocal: expected } of [
  { title: 'a global one', octets: mpNextHop, nextHop: mpNextHop },
  { title: 'a global and a link-local one', octets: mpNextHop + linkLocal, nextHop: mpNextHop, linkLocal },
  { title: 'two global ones', octets: mpNextHop + mpNextHop, nextHop: mpNextHop },
  { title: 'a link-local one alone', octets: linkLocal, nextHop: linkLocal },
  { title: ':: and a link-local one, which is the one there is', octets: zeros + linkLocal, nextHop: linkLocal },
  { title: '::', octets: zeros, nextHop: zeros },
])
  test(`the next hop of MP_REACH_NLRI: ${title}`, () => {
    const value = `0002 01 ${octets.length === 32 ? '10' : '20'} ${octets} 00 20 20010db8`
    const length = hex(value).length.toString(16)
    const reader = read({ attributes: `80 0e ${length} ${value} ${mandatory}` })
    assert.equal(toHex(reader.mpNextHop), nextHop)
    assert.equal(reader.mpHasLinkLocal, expected !== undefined)
    if (expected !== undefined) assert.equal(toHex(reader.mpLinkLocal), expected)
  })

test('a link-local next hop is forgotten with the next message', () => {
  const reader = new UpdateReader(external)
  const withLinkLocal = updateBody({
    attributes: `80 0e 2a 0002 01 20 ${mpNextHop}${linkLocal} 00 20 20010db8 ${mandatory}`,
  })
  const without = updateBody({ attributes: `80 0e 1a 0002 01 10 ${mpNextHop} 00 20 20010db8 ${mandatory}` })
  reader.read(withLinkLocal, 0, withLinkLocal.length)
  assert.equal(reader.mpHasLinkLocal, true)
  reader.read(without, 0, without.length)
  assert.equal(reader.mpHasLinkLocal, false)
})

test('IPv4 NLRI with an IPv6 next hop is read where RFC 8950 was negotiated', () => {
  const attributes = `80 0e 2a 0001 01 20 ${mpNextHop}${linkLocal} 00 18 c63364 00 ${mandatory}`
  const reader = read({ attributes }, { ...external, extendedNextHop: true })
  assert.equal(reader.mpReachFamily, 4)
  assert.equal(reader.mpNextHopLength, 16)
  assert.equal(toHex(reader.mpNextHop), mpNextHop)
  assert.equal(toHex(reader.mpLinkLocal), linkLocal)
})

test('ranges of NLRI hold the path identifiers of the families that have them, and of no other', () => {
  const context = { ...external, addPath: [4] as const }
  const fields = {
    withdrawn: '00000007 08 0a',
    attributes: `${mpReach} 80 0f 0b 0001 01 ffffffff 18 c63365 ${mandatory}`,
    nlri: '00000001 18 c63364 00000002 18 c63364',
  }
  const reader = read(fields, context)
  const body = updateBody(fields)
  assert.equal(spaced(body.subarray(reader.withdrawnStart, reader.withdrawnEnd)), '00 00 00 07 08 0a')
  assert.equal(
    spaced(body.subarray(reader.nlriStart, reader.nlriEnd)),
    '00 00 00 01 18 c6 33 64 00 00 00 02 18 c6 33 64',
  )
  assert.equal(spaced(body.subarray(reader.mpUnreachStart, reader.mpUnreachEnd)), 'ff ff ff ff 18 c6 33 65')
  assert.equal(spaced(body.subarray(reader.mpReachStart, reader.mpReachEnd)), '20 20 01 0d b8')
})

test('attributes that leave no room for what is added on the way are treated as withdrawn', () => {
  const communities = (octets: number) =>
    `d0 08 ${octets.toString(16).padStart(4, '0')} ${'00010002'.repeat(octets / 4)}`
  const wide = read({ attributes: `${mandatory} ${communities(61_000)}`, nlri: '18 c63364' })
  assert.equal(wide.verdict, 'accept')
  const wider = read({ attributes: `${mandatory} ${communities(61_440)}`, nlri: '18 c63364' })
  assert.equal(wider.verdict, 'withdraw')
  assert.equal(wider.attributesEnd, 0)
  assert.match(wider.faults[0]!.reason, /more than 61440 octets/)
  const numbers = 30_600
  const segments = `${`02 ff ${'fde9'.repeat(255)}`.repeat(numbers / 255)}`
  const narrow = `40 01 01 00 50 02 ${(2 * numbers + (2 * numbers) / 255).toString(16)} ${segments} 40 03 04 c0000201`
  const doubled = read({ attributes: narrow, nlri: '18 c63364' }, { ...external, fourOctetAs: false })
  assert.equal(doubled.verdict, 'withdraw')
})
