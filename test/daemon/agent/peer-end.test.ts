import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEnd, renderEnd } from '../../../daemon/agent/peer-end.ts'
import { InputFault } from '../../../lib/base/failure.ts'
import { parseAddress } from '../../../lib/base/ip.ts'

test('a link-local end names its link, any other does not, and both are read again', () => {
  const ends = [
    { address: parseAddress('fe80::7'), interface: 'eth1' },
    { address: parseAddress('fe80::7'), interface: 'eth2' },
    { address: parseAddress('2001:db8::7') },
    { address: parseAddress('192.0.2.7') },
  ]
  assert.deepEqual(ends.map(renderEnd), ['fe80::7%eth1', 'fe80::7%eth2', '2001:db8::7', '192.0.2.7'])
  for (const end of ends) {
    const read = parseEnd(renderEnd(end))
    assert.ok(read.address.equals(end.address))
    assert.equal(read.interface, end.interface)
  }
})

test('what is no address is refused', () => {
  assert.throws(() => parseEnd('tor'), InputFault)
})
