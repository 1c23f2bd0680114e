import { once } from 'node:events'
import { createServer } from 'node:net'

/** A TCP port that nobody listens at, on any address, for one who listens at it in a moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '::')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
