/**
 * A transfer over TCP through a virtual server, as a process of its own: the client sends to an address of BIG-IP, which, as
 * its full proxy does, has a connection of its own to the pod (from its self IP inside the tunnel: SNAT automap), and the
 * pod sends everything back. So all octets pass each part of the way in both directions. Streams: nothing is held but
 * a chunk. `node transfer-process.ts CLIENT CENTRE POD OCTETS VIP POD-ADDRESS [VIP POD-ADDRESS]…`, places as paths of
 * namespaces; prints a JSON line for each pair of addresses.
 */
import { createCipheriv, createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server, Socket } from 'node:net'
import { parseAddress } from '../../../lib/base/ip.ts'
import { inNamespace } from '../../../lib/linux/namespace.ts'
import { openTcpListener, openTcpSocket } from '../../../lib/linux/tcp.ts'

const PORT = 5001
/** Octets that are made and written at once. */
const CHUNK = 1 << 20
const BACKLOG = 1
/** Milliseconds for everything; a way that swallows packets would hold TCP for minutes. */
const DEADLINE = 180_000

function listen(place: string, host: string, serve: (socket: Socket) => void): Server {
  const fd = inNamespace(place, () => openTcpListener({ address: parseAddress(host), port: PORT }, BACKLOG))
  return createServer({ allowHalfOpen: true, highWaterMark: CHUNK }, serve).listen({ fd })
}

function connect(place: string, host: string): Socket {
  const fd = inNamespace(place, () => openTcpSocket(parseAddress(host).family))
  return new Socket({ fd, allowHalfOpen: true, readable: true, writable: true }).connect({
    host,
    port: PORT,
  })
}

/** Octets that nobody could have made up, and that compress to nothing. */
function* keystream(octets: number): Generator<Uint8Array> {
  const cipher = createCipheriv('aes-128-ctr', new Uint8Array(16), new Uint8Array(16))
  for (let left = octets; left > 0; left -= CHUNK) yield cipher.update(new Uint8Array(Math.min(CHUNK, left)))
}

async function send(socket: Socket, octets: number): Promise<string> {
  const hash = createHash('sha256')
  for (const chunk of keystream(octets)) {
    hash.update(chunk)
    if (!socket.write(chunk)) await once(socket, 'drain')
  }
  socket.end()
  return hash.digest('hex')
}

async function receive(socket: Socket): Promise<{ readonly octets: number; readonly checksum: string }> {
  const hash = createHash('sha256')
  let octets = 0
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    hash.update(chunk)
    octets += chunk.length
  }
  return { octets, checksum: hash.digest('hex') }
}

setTimeout(() => {
  console.error(`not done within ${DEADLINE} ms`)
  process.exit(1)
}, DEADLINE).unref()

const [client = '', centre = '', pod = '', size = '', ...addresses] = process.argv.slice(2)
for (let at = 0; at + 1 < addresses.length; at += 2) {
  const [vip, podAddress] = addresses.slice(at, at + 2) as [string, string]
  let source = ''
  const echo = listen(pod, podAddress, socket => {
    source = socket.remoteAddress ?? ''
    socket.pipe(socket)
  })
  const proxy = listen(centre, vip, socket => {
    const onward = connect(centre, podAddress)
    socket.pipe(onward).pipe(socket)
  })
  const begun = performance.now()
  const socket = connect(client, vip)
  const [sent, received] = await Promise.all([send(socket, Number(size)), receive(socket)])
  const milliseconds = Math.round(performance.now() - begun)
  console.log(JSON.stringify({ podAddress, source, sent, received, milliseconds }))
  proxy.close()
  echo.close()
}
