/** What a bad peer costs the others, on real sockets: floods, storms of connections, and a peer that does not read. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createConnection, Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { ACCEPT, type Channel, Speaker, type SpeakerConfig, type SpeakerPeer, type Transport } from '../../bgp/index.ts'
import { systemClock } from '../../bgp/io/clock.ts'
import { tcpTransport } from '../../bgp/io/transport.ts'
import { Framer } from '../../bgp/wire/framer.ts'
import { messageType } from '../../bgp/wire/iana.ts'
import { encodeMessage } from '../../bgp/wire/message.ts'
import { UpdateReader } from '../../bgp/wire/update-reader.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { Prefix, parsePrefix } from '../../lib/base/prefix.ts'
import { openTcpSocket } from '../../lib/linux/tcp.ts'
import { freePort } from '../free-port.ts'
import { makeNamespace, noNamespaces } from '../linux/netns.ts'
import { until } from '../until.ts'
import { plainContext } from './wire/plain-session.ts'

const HUB = '127.0.0.1'
const HUB_AS = 65001

const KEEPALIVE = encodeMessage({ type: 'keepalive' })

function openOf(address: string) {
  const routerId = parseAddress(address).uint32
  const asNumber = asOf(address)
  return encodeMessage({ type: 'open', asNumber, holdTime: 0, routerId, capabilities: [] })
}

/** Every player is in an AS of its own. */
function asOf(address: string): number {
  return 64512 + (parseAddress(address).uint32 & 255)
}

function template(remoteAs: number): Omit<SpeakerPeer, 'name' | 'address' | 'interface' | 'passive'> {
  return {
    port: 179,
    localAs: HUB_AS,
    remoteAs,
    holdTime: 90,
    connectRetryTime: 5,
    sendHoldTime: 480,
    families: [4],
    gracefulRestart: { enabled: false, restartTime: 0 },
    nextHop: 'auto',
    routeReflectorClient: false,
    importPolicy: ACCEPT,
    exportPolicy: ACCEPT,
  }
}

function peer(address: string): SpeakerPeer {
  return { name: address, address: parseAddress(address), passive: true, ...template(asOf(address)) }
}

/** A speaker on a port of its own, and what it said. */
async function hub(context: TestContext, transport: Transport = tcpTransport) {
  const port = await freePort()
  const notices: string[] = []
  const channels: Channel[] = []
  const speaker = new Speaker(
    { asNumber: HUB_AS, routerId: 1, clusterId: 1, maxPaths: 1, kernel: false },
    {
      clock: systemClock,
      transport: {
        ...transport,
        listen: (options, accept) =>
          transport.listen(options, channel => {
            channels.push(channel)
            accept(channel)
          }),
      },
      observer: {
        stateChanged: () => {},
        notice: (_, code, text) => notices.push(`${code}: ${text}`),
        kernelChanged: () => {},
        nextHopsChanged: () => {},
        endOfRib: () => {},
        rangePeersChanged: () => {},
        restarted: () => {},
      },
    },
  )
  const configure = (config: Omit<SpeakerConfig, 'listen'>) =>
    speaker.configure({ listen: { addresses: [parseAddress(HUB)], port }, ...config })
  context.after(() => {
    speaker.configure({ listen: undefined, peers: [] })
  })
  const view = (name: string) => speaker.peers().find(({ config }) => config.name === name)!
  const isUp = (name: string) => view(name).session.state === 'Established'
  return { port, speaker, configure, notices, channels, view, isUp }
}

/** A peer that says OPEN and KEEPALIVE, and counts the prefixes that it has in the end. */
class Listener {
  readonly socket: Socket
  readonly prefixes = new Set<number>()
  readonly #framer = new Framer()
  readonly #reader = new UpdateReader(
    plainContext({ fourOctetAs: false, internal: false, families: [4], localAs: 64512, peerAs: HUB_AS }),
  )

  constructor(context: TestContext, socket: Socket, address: string) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', chunk => this.#take(chunk))
    socket.write(openOf(address))
    socket.write(KEEPALIVE)
    context.after(() => socket.destroy())
  }

  #take(chunk: Uint8Array): void {
    this.#framer.push(chunk)
    while (this.#framer.next()) {
      const { type, buffer, start, end } = this.#framer
      if (type !== messageType.update) continue
      const reader = this.#reader
      reader.read(buffer, start, end)
      for (const at of numbers(buffer, reader.withdrawnStart, reader.withdrawnEnd)) this.prefixes.delete(at)
      for (const at of numbers(buffer, reader.nlriStart, reader.nlriEnd)) this.prefixes.add(at)
    }
  }
}

/** The /32s of NLRI, as numbers. */
function* numbers(buffer: Uint8Array, start: number, end: number): Generator<number> {
  const view = new DataView(buffer.buffer, buffer.byteOffset)
  for (let at = start; at < end; at += 5) yield view.getUint32(at + 1)
}

function collectGarbage(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

test('whoever floods us with KEEPALIVEs keeps his session, and costs nobody else theirs', async context => {
  const FLOOD = 500_000
  const [flooder, other] = ['127.0.0.3', '127.0.0.4']
  const { port, speaker, configure, view, isUp } = await hub(context)
  configure({ peers: [peer(flooder), peer(other)] })
  const keepalives = Buffer.concat(Array(1000).fill(KEEPALIVE))
  const worker = new Worker(
    `const { workerData: { port, from, open, keepalives, rounds } } = require('node:worker_threads')
     const socket = require('node:net').connect({ port, host: '${HUB}', localAddress: from })
     socket.on('data', () => {}).on('error', () => {})
     socket.write(open)
     for (let round = 0; round < rounds; round++) socket.write(keepalives)`,
    { eval: true, workerData: { port, from: flooder, open: openOf(flooder), keepalives, rounds: FLOOD / 1000 } },
  )
  context.after(() => worker.terminate())
  await until('the flood has begun', () => view(flooder).session.received.keepalive > 1000)
  const well = new Listener(context, createConnection({ port, host: HUB, localAddress: other }), other)
  speaker.originate([parsePrefix('192.0.2.1/32')])
  await until('the other one has a session and our route', () => isUp(other) && well.prefixes.size === 1)
  await until('the flood is over', () => view(flooder).session.received.keepalive === FLOOD)
  assert.deepEqual([isUp(flooder), isUp(other)], [true, true])
})

test('what comes without pause is worked off in slices, and between them everybody has a turn', async context => {
  const chunks: number[] = []
  let turn = 0
  const next = () => {
    turn++
    if (chunks.length < 20) setImmediate(next)
  }
  const port = await freePort()
  const listener = tcpTransport.listen({ addresses: [parseAddress(HUB)], port }, channel => {
    channel.onData = () => {
      for (const until = performance.now() + 6; performance.now() < until; );
      chunks.push(turn)
    }
    context.after(() => channel.destroy())
  })
  const sender = createConnection({ port, host: HUB }).on('error', () => {})
  context.after(() => {
    sender.destroy()
    listener.close()
  })
  sender.write(Buffer.alloc(8 << 20))
  next()
  await until('some chunks have come', () => chunks.length >= 20)
  assert.equal(new Set(chunks).size, chunks.length, 'no turn had two chunks that took more than its time')
})

test('thousands of connections from an unknown address leave a few lines and no memory behind', async context => {
  const { port, speaker, configure, notices, channels } = await hub(context)
  const since = performance.now()
  configure({ peers: [peer('127.0.0.3')] })
  const storm = async (count: number) => {
    const ends = Array.from({ length: count }, async () => {
      const socket = createConnection({ port, host: HUB, localAddress: '127.0.0.9' }).on('error', () => {})
      socket.resume()
      // unlike `once` of node:events, which takes an error for the end
      await new Promise(resolve => socket.once('close', resolve))
    })
    await Promise.all(ends)
    channels.length = 0
  }
  await storm(500)
  const before = collectGarbage()
  for (let round = 0; round < 10; round++) await storm(500)
  // who was turned away may see it before our end of the connection is gone
  await until('5000 connections have left nothing', () => collectGarbage() - before < 2 << 20)
  // ten at once, then one in ten seconds
  assert.ok(notices.length <= 12 + (performance.now() - since) / 10_000, notices.join('\n'))
  assert.deepEqual(
    speaker.peers().map(({ config, session }) => `${config.name} ${session.state}`),
    ['127.0.0.3 Active'],
  )
})

test('thousands of addresses of a listen range are peers up to its limit, and memory is given back with the range', async context => {
  const { port, speaker, configure, channels } = await hub(context)
  const range = { name: 'rack', prefix: parsePrefix('127.1.0.0/16'), limit: 50, template: template(0) }
  const storm = async (count: number, more: (socket: Socket) => void) => {
    configure({ peers: [], ranges: [range] })
    const sockets = Array.from({ length: count }, (_, at) => {
      const localAddress = `127.1.${1 + (at >> 8)}.${at & 255}`
      const socket = createConnection({ port, host: HUB, localAddress }).on('error', () => {})
      more(socket)
      return socket.resume()
    })
    await until('all have been taken or turned away', () => sockets.every(({ connecting }) => !connecting))
    await until('all but the limit are turned away', () => sockets.filter(({ closed }) => !closed).length <= 50)
    const peers = speaker.peers().length
    configure({ peers: [] })
    await until('all are closed', () => sockets.every(({ closed }) => closed))
    channels.length = 0
    return peers
  }
  assert.equal(await storm(300, () => {}), 50)
  const before = collectGarbage()
  for (let round = 0; round < 5; round++)
    assert.equal(await storm(300, socket => socket.write(openOf('127.1.1.9'))), 50)
  await until('five rounds have left nothing', () => collectGarbage() - before < 2 << 20)
  assert.deepEqual(speaker.peers(), [])
})

test('a peer that does not read holds up a bounded queue and nobody else, and has the last state when it reads again', {
  skip: noNamespaces,
}, async context => {
  const ROUTES = 300_000
  const QUEUE = 1 << 20
  const [deafAddress, wellAddress] = ['127.0.0.3', '127.0.0.4']
  const space = makeNamespace()
  context.after(() => space[Symbol.dispose]())
  for (const buffer of ['rmem', 'wmem'])
    space.run(() => writeFileSync(`/proc/sys/net/ipv4/tcp_${buffer}`, '4096 4096 4096'))
  const { port, speaker, configure, channels, isUp } = await hub(context, {
    dial: options => space.run(() => tcpTransport.dial(options)),
    listen: (options, accept) => space.run(() => tcpTransport.listen(options, accept)),
    attachment: (...asked) => space.run(() => tcpTransport.attachment(...asked)),
  })
  configure({ peers: [peer(deafAddress), peer(wellAddress)] })
  const join = async (localAddress: string) => {
    const fd = space.run(() => openTcpSocket(4))
    const socket = new Socket({ fd, readable: true, writable: true })
    socket.connect({ host: HUB, port, localAddress })
    await once(socket, 'connect')
    return new Listener(context, socket, localAddress)
  }
  const [deaf, well] = [await join(deafAddress), await join(wellAddress)]
  await until('both have a session', () => isUp(deafAddress) && isUp(wellAddress))
  deaf.socket.pause()
  const bytes = (at: number) => Uint8Array.of(20, at >> 16, at >> 8, at)
  speaker.originate(Array.from({ length: ROUTES }, (_, at) => new Prefix(bytes(at), 32)))
  await until('the well one has all', () => well.prefixes.size === ROUTES)
  const most = Math.max(...channels.map(({ bufferedBytes }) => bufferedBytes))
  assert.ok(most > QUEUE / 2, 'the deaf one is behind')
  assert.ok(most <= QUEUE + (1 << 17), `${most} octets wait for one peer`)
  speaker.originate([parsePrefix('192.0.2.1/32')])
  await until('the well one has the last state', () => well.prefixes.size === 1)
  deaf.socket.resume()
  await until('the deaf one has it too', () => deaf.prefixes.size === 1)
  assert.deepEqual([isUp(deafAddress), isUp(wellAddress)], [true, true])
})
