import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InputFault } from '../../lib/base/failure.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'

test('an address prints in the canonical text of RFC 5952', () => {
  for (const [text, canonical] of [
    ['10.0.0.1', '10.0.0.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ] as const)
    assert.equal(parseAddress(text).toString(), canonical)
})

test('what is not an address is refused with the field and the fix', () => {
  for (const text of ['', '1.2.3', '1.2.3.256', '01.2.3.4', 'fe80::1%eth0', '1::2::3', '12345::', 'host', '1.2.3.4 '])
    assert.throws(() => parseAddress(text, 'peers[0].address'), {
      name: 'InputFault',
      message: `peers[0].address: "${text}" is not an IP address; write one such as 192.0.2.1 or 2001:db8::1`,
    })
})

test('a prefix with host bits set is refused and the right one is named', () => {
  assert.throws(() => parsePrefix('10.1.2.3/16'), /has host bits set; write 10\.1\.0\.0\/16/)
  assert.throws(() => parsePrefix('10.0.0.0/33'), InputFault)
  assert.throws(() => parsePrefix('10.0.0.0/8/8'), InputFault)
  assert.equal(parsePrefix('2001:db8::1').toString(), '2001:db8::1/128')
})

test('a prefix contains what lies in it, of its own family', () => {
  const prefix = parsePrefix('10.16.0.0/12')
  assert.ok(prefix.contains(parsePrefix('10.31.0.0/16')))
  assert.ok(prefix.contains(prefix))
  assert.ok(prefix.contains(parseAddress('10.16.0.1')))
  assert.ok(!prefix.contains(parsePrefix('10.0.0.0/8')))
  assert.ok(!prefix.contains(parsePrefix('10.32.0.0/16')))
  assert.ok(!parsePrefix('0.0.0.0/0').contains(parsePrefix('::/0')))
})
