import assert from 'node:assert/strict'
import { writeSync } from 'node:fs'
import { describe, it } from 'node:test'
import { parseAddress } from '../../lib/base/ip.ts'
import { closeDescriptor, pollReadable, socketName } from '../../lib/linux/libc.ts'
import { decodeSocketAddress } from '../../lib/linux/socket-address.ts'
import { DatagramReader, openUdpReceiver, openUdpSender } from '../../lib/linux/udp.ts'

const LOOPBACK = { 4: parseAddress('127.0.0.1'), 6: parseAddress('::1') }

for (const family of [4, 6] as const)
  describe(`a UDP socket of IPv${family}`, () => {
    it('tells of each datagram its addresses, its TTL and its interface', () => {
      const receiver = openUdpReceiver(family, 0)
      const { port } = decodeSocketAddress(socketName(receiver))
      const sender = openUdpSender({
        local: { port: 0 },
        remote: { address: LOOPBACK[family], port },
        ttl: 254,
      })
      try {
        const reader = new DatagramReader()
        assert.equal(reader.receive(receiver), undefined)
        writeSync(sender, Uint8Array.of(1, 2, 3))
        pollReadable([receiver], 10_000)
        const { bytes, source, destination, link, ttl } = reader.receive(receiver)!
        assert.deepEqual([...bytes], [1, 2, 3])
        assert.equal(source.toString(), LOOPBACK[family].toString())
        assert.equal(destination.toString(), LOOPBACK[family].toString())
        assert.equal(ttl, 254)
        assert.equal(link, 1) // lo
        assert.equal(reader.receive(receiver), undefined)
      } finally {
        closeDescriptor(sender)
        closeDescriptor(receiver)
      }
    })

    it('says which port it cannot have', () => {
      const receiver = openUdpReceiver(family, 0)
      try {
        const { port } = decodeSocketAddress(socketName(receiver))
        assert.throws(() => openUdpReceiver(family, port), { code: 'EADDRINUSE', message: new RegExp(`port ${port}`) })
      } finally {
        closeDescriptor(receiver)
      }
    })
  })
