import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer } from 'node:net'
import { test } from 'node:test'
import { SocketChannel } from '../../../bgp/io/channel.ts'
import { until } from '../../until.ts'

test('what comes in is plain octets, whatever class Node has for them, and all of what was sent', async context => {
  const chunks: Uint8Array[] = []
  const server = createServer(socket => {
    const channel = new SocketChannel(socket)
    channel.onData = chunk => chunks.push(chunk)
    context.after(() => channel.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const sender = createConnection({ port, host: '127.0.0.1' })
  context.after(() => {
    sender.destroy()
    server.close()
  })
  const octets = Uint8Array.from({ length: 200_000 }, (_, at) => at % 251)
  sender.write(octets)
  const count = () => chunks.reduce((sum, { length }) => sum + length, 0)
  await until('all has come', () => count() === octets.length)
  assert.deepEqual(new Set(chunks.map(chunk => Object.getPrototypeOf(chunk))), new Set([Uint8Array.prototype]))
  assert.deepEqual(Buffer.concat(chunks), Buffer.from(octets))
})
