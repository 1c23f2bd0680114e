import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAddress, readMac, readNetwork, writeAddress, writeNetwork } from '../../../lib/bigip/normal.ts'

for (const [text, routeDomain, normal] of [
  ['10.1.1.1', 0, '10.1.1.1'],
  ['10.1.1.1%0', 0, '10.1.1.1'],
  ['10.1.1.1%20', 20, '10.1.1.1'],
  ['10.1.1.1%20', 0, '10.1.1.1%20'],
  ['10.1.1.1%2', 20, '10.1.1.1%2'],
  ['2001:DB8:0:0:0:0:0:1', 0, '2001:db8::1'],
  ['fe80::0001%20', 20, 'fe80::1'],
  ['any6', 0, 'any6'],
] as const)
  test(`the address ${text} reads as ${normal} where the default route domain is ${routeDomain}`, () =>
    assert.equal(readAddress(text, routeDomain), normal))

test('an address is in the route domain of its object’s partition, which may not be ours', () => {
  assert.equal(readAddress('10.1.1.1', 7, 0), '10.1.1.1%7')
  assert.equal(readAddress('10.1.1.1%0', 7, 0), '10.1.1.1')
  assert.equal(readNetwork('10.1.0.0/16', 0, 20), '10.1.0.0%0/16')
  assert.equal(readAddress('any6', 7, 0), 'any6')
  assert.equal(writeAddress('10.1.1.1', 0, 7), '10.1.1.1%0')
})

for (const [text, routeDomain, normal] of [
  ['10.1.0.0/16', 0, '10.1.0.0/16'],
  ['10.1.0.0%20/16', 20, '10.1.0.0/16'],
  ['10.1.0.0%20/16', 0, '10.1.0.0%20/16'],
  ['2001:db8:0:1::%20/64', 20, '2001:db8:0:1::/64'],
  ['10.1.1.1', 0, '10.1.1.1/32'],
  ['2001:db8::1', 0, '2001:db8::1/128'],
  ['default', 0, '0.0.0.0/0'],
  ['default%20', 0, '0.0.0.0%20/0'],
  ['default-inet6', 0, '::/0'],
] as const)
  test(`the network ${text} reads as ${normal} where the default route domain is ${routeDomain}`, () =>
    assert.equal(readNetwork(text, routeDomain), normal))

test('route domain ids are written out unless the default is 0, and never twice', () => {
  assert.equal(writeAddress('10.1.1.1', 0), '10.1.1.1')
  assert.equal(writeAddress('10.1.1.1', 20), '10.1.1.1%20')
  assert.equal(writeAddress('10.1.1.1%5', 20), '10.1.1.1%5')
  assert.equal(writeNetwork('10.1.0.0/16', 20), '10.1.0.0%20/16')
  assert.equal(writeNetwork('10.1.0.0%5/16', 20), '10.1.0.0%5/16')
})

test('MAC addresses are in lower case with two digits an octet', () => {
  assert.equal(readMac('0A:A:C0:A8:C8:41'), '0a:0a:c0:a8:c8:41')
})
