import assert from 'node:assert/strict'
import { test } from 'node:test'
import { communityKinds } from '../../../bgp/wire/community.ts'
import { wellKnownCommunity } from '../../../bgp/wire/iana.ts'
import { hex, toHex } from './hex.ts'

const written: Record<keyof typeof communityKinds, [text: string, octets: string][]> = {
  communities: [
    ['0:0', '00000000'],
    ['65000:100', 'fde80064'],
    ['65535:65535', 'ffffffff'],
    ['no-export', 'ffffff01'],
    ['no-advertise', 'ffffff02'],
    ['no-export-subconfed', 'ffffff03'],
    ['graceful-shutdown', 'ffff0000'],
    ['llgr-stale', 'ffff0006'],
    ['no-llgr', 'ffff0007'],
    ['blackhole', 'ffff029a'],
  ],
  extendedCommunities: [
    ['rt:65000:4294967295', '0002fde8ffffffff'],
    ['rt:70000:65535', '020200011170ffff'],
    ['rt:192.0.2.1:100', '0102c00002010064'],
    ['soo:65000:1', '0003fde800000001'],
    ['soo:4294967295:0', '0203ffffffff0000'],
    ['4004fde84b000000', '4004fde84b000000'],
    ['4002fde800000001', '4002fde800000001'],
    ['0300000000000001', '0300000000000001'],
  ],
  largeCommunities: [
    ['0:0:0', '000000000000000000000000'],
    ['70000:1:2', '000111700000000100000002'],
    ['4294967295:4294967295:4294967295', 'ffffffffffffffffffffffff'],
  ],
}

const wrong: Record<keyof typeof communityKinds, string[]> = {
  communities: ['', '1', '1:', ':1', '1:2:3', '65536:0', '0:65536', '-1:0', '1:2 ', '0x1:1', 'no_export', '1.1:1'],
  extendedCommunities: [
    '',
    'rt:1',
    'rt:1:2:3',
    'xx:1:2',
    'rt:65000:4294967296',
    'rt:70000:65536',
    'rt:192.0.2.1:65536',
    'rt:192.0.2.256:1',
    'rt:4294967296:1',
    '0002fde80000000',
    '0002fde8000000011',
  ],
  largeCommunities: ['', '1:2', '1:2:3:4', '4294967296:0:0', '0:0:4294967296', '1:2:-3', 'a:b:c'],
}

for (const [name, kind] of Object.entries(communityKinds)) {
  const key = name as keyof typeof communityKinds
  for (const [text, octets] of written[key])
    test(`${name}: ${text} is ${octets}`, () => {
      const bytes = kind.parse(text)
      assert.ok(bytes)
      assert.equal(bytes.length, kind.width)
      assert.equal(toHex(bytes), octets)
      assert.equal(kind.render(hex(`ee${octets}`), 1), text)
    })
  for (const text of wrong[key])
    test(`${name}: "${text}" is none`, () => {
      assert.equal(kind.parse(text), undefined)
    })
}

test('a well-known community may be written as its number, and is shown by its name', () => {
  const bytes = communityKinds.communities.parse('65535:65281')!
  assert.equal(communityKinds.communities.render(bytes, 0), 'no-export')
})

test('every well-known community has a name', () => {
  for (const value of Object.values(wellKnownCommunity)) {
    const bytes = Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
    assert.match(communityKinds.communities.render(bytes, 0), /^[a-z-]+$/)
  }
})
