import assert from 'node:assert/strict'
import { writeSync } from 'node:fs'
import { test } from 'node:test'
import { SINGLE_HOP_PORT } from '../../../bgp/bfd/session-config.ts'
import { BfdEars } from '../../../bgp/io/bfd-ears.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { closeDescriptor } from '../../../lib/linux/libc.ts'
import { openUdpSender } from '../../../lib/linux/udp.ts'
import { makeNamespace, noNamespaces } from '../../linux/netns.ts'

const REMOTE = parseAddress('127.0.0.1')
/** Those of 50 sessions at 50 ms while the thread could not run for 150 ms; fewer than a socket's buffer holds. */
const MISSED = 150

test('whatever came while BFD was kept from running is taken before its timers are looked at', {
  skip: noNamespaces,
}, () => {
  using namespace = makeNamespace()
  namespace.ip('link set dev lo up')
  namespace.run(() => {
    const ears = new BfdEars()
    const sender = openUdpSender({ local: { port: 0 }, remote: { address: REMOTE, port: SINGLE_HOP_PORT }, ttl: 255 })
    try {
      ears.want([{ name: 'peer', remote: REMOTE, transmit: 50, receive: 50, multiplier: 3 }], 0)
      assert.deepEqual(ears.problems, [])
      for (let sent = 0; sent < MISSED; sent++) writeSync(sender, Uint8Array.of(sent))
      const [descriptor] = ears.descriptors
      const heard = [...ears.receive(descriptor!)].map(({ ttl, multihop }) => [ttl, multihop])
      assert.deepEqual(heard, Array(MISSED).fill([255, false]))
    } finally {
      closeDescriptor(sender)
      ears.close()
    }
  })
})
