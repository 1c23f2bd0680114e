import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../../bgp/io/clock.ts'
import { tcpTransport } from '../../../bgp/io/transport.ts'
import type { Channel, DialOptions } from '../../../bgp/transport.ts'
import { type Address, parseAddress } from '../../../lib/base/ip.ts'
import { hostPrefix, parsePrefix } from '../../../lib/base/prefix.ts'
import { openTcpSocket, setTtl } from '../../../lib/linux/tcp.ts'
import { freePort } from '../../free-port.ts'
import { makeNamespace, noNamespaces, type TestNamespace } from '../../linux/netns.ts'
import { until } from '../../until.ts'

const v4 = parseAddress('127.0.0.1')
const v6 = parseAddress('::1')

interface Log {
  readonly channel: Channel
  connected: boolean
  received: Buffer
  drained: number
  closed: string[]
}

function watch(channel: Channel): Log {
  const log: Log = { channel, connected: false, received: Buffer.alloc(0), drained: 0, closed: [] }
  channel.onConnect = () => {
    log.connected = true
  }
  channel.onData = chunk => {
    log.received = Buffer.concat([log.received, chunk])
  }
  channel.onDrain = () => {
    log.drained++
  }
  channel.onClosed = reason => log.closed.push(reason)
  return log
}

/** A listener on both loopbacks, and what it accepted. */
async function station(context: TestContext) {
  const port = await freePort()
  const accepted: Log[] = []
  const listener = tcpTransport.listen({ addresses: [v4, v6], port }, channel => accepted.push(watch(channel)))
  const dialled: Log[] = []
  context.after(() => {
    listener.close()
    for (const { channel } of [...accepted, ...dialled]) channel.destroy()
  })
  const dial = (options: Omit<DialOptions, 'port'>) => {
    const log = watch(tcpTransport.dial({ ...options, port }))
    dialled.push(log)
    return log
  }
  return { port, listener, accepted, dial }
}

/** A connection whose descriptor is known, with TTL 255. */
async function rawConnection(context: TestContext, address: Address, port: number) {
  const fd = openTcpSocket(address.family)
  setTtl(fd, address.family, 255)
  const socket = new Socket({ fd, readable: true, writable: true }).connect(port, address.toString())
  context.after(() => socket.destroy())
  await once(socket, 'connect')
  return { fd, socket }
}

for (const address of [v4, v6])
  test(`a connection to ${address} carries octets both ways and knows both of its ends`, async context => {
    const { accepted, dial } = await station(context)
    const near = dial({ address })
    await until('both ends are up', () => near.connected && accepted.length === 1)
    const far = accepted[0]!
    for (const end of [near, far]) {
      assert.equal(end.channel.local.toString(), address.toString())
      assert.equal(end.channel.remote.toString(), address.toString())
    }
    assert.equal(near.channel.write([Buffer.from('one '), Buffer.from('two '), Buffer.from('three')]), true)
    assert.equal(near.channel.bufferedBytes, 0)
    await until('all has arrived', () => far.received.length === 13)
    assert.equal(far.received.toString(), 'one two three')
    far.channel.write([Buffer.from('answer')])
    far.channel.close()
    await until('both ends are closed', () => near.closed.length > 0 && far.closed.length > 0)
    assert.equal(near.received.toString(), 'answer')
    assert.deepEqual([near.closed, far.closed], [['closed by the peer'], ['closed']])
  })

test('what the kernel cannot take is counted, and its going is told once', async context => {
  const { accepted, dial } = await station(context)
  const near = dial({ address: v4 })
  await until('the far end is up', () => near.connected && accepted.length === 1)
  const size = 64 << 20
  assert.equal(near.channel.write([Buffer.alloc(size / 2, 1), Buffer.alloc(size / 2, 2)]), false)
  assert.ok(near.channel.bufferedBytes > 0)
  let received = 0
  accepted[0]!.channel.onData = chunk => {
    received += chunk.length
  }
  await until('all has arrived', () => received === size)
  await until('the drain is told', () => near.drained > 0)
  assert.equal(near.channel.bufferedBytes, 0)
  assert.equal(near.drained, 1)
})

test('a dialled channel is bound to the address it was told', async context => {
  const { accepted, dial } = await station(context)
  dial({ address: v4, localAddress: parseAddress('127.0.0.77') })
  await until('it is accepted', () => accepted.length === 1)
  assert.equal(accepted[0]!.channel.remote.toString(), '127.0.0.77')
})

test('a connection that cannot be made closes with the reason in words', async () => {
  const refused = watch(tcpTransport.dial({ address: v4, port: await freePort() }))
  const foreign = watch(tcpTransport.dial({ address: v4, port: 1, localAddress: parseAddress('203.0.113.99') }))
  const long = watch(tcpTransport.dial({ address: v4, port: 1, password: 'x'.repeat(81) }))
  await until('all are closed', () => [refused, foreign, long].every(({ closed }) => closed.length > 0))
  assert.deepEqual(refused.closed, ['connection refused'])
  assert.deepEqual(foreign.closed, ['address not available'])
  assert.deepEqual(long.closed, ['the TCP MD5 key for 127.0.0.1 is longer than 80 octets'])
})

test('destroying a channel while it connects closes it once and says nothing more', async () => {
  const log = watch(tcpTransport.dial({ address: parseAddress('192.0.2.1'), port: 179 }))
  log.channel.destroy()
  await until('it is closed', () => log.closed.length > 0)
  assert.deepEqual([log.connected, log.closed], [false, ['closed']])
})

test('a dial that is given up before it is through reaches nobody', async context => {
  const { accepted, dial } = await station(context)
  const given = dial({ address: v4 })
  given.channel.close()
  await until('it is closed', () => given.closed.length === 1)
  const other = dial({ address: v4 })
  await until('the next one is taken', () => other.connected && accepted.length > 0)
  assert.equal(accepted.length, 1)
})

test('rules that a listener begins with hold for the first connection', async context => {
  const port = await freePort()
  const accepted: Log[] = []
  const rules = [{ from: hostPrefix(v4), password: 'from the start' }]
  const listener = tcpTransport.listen({ addresses: [v4], port, rules }, channel => accepted.push(watch(channel)))
  const [wrong, right] = ['another', 'from the start'].map(password =>
    watch(tcpTransport.dial({ address: v4, port, password })),
  ) as [Log, Log]
  context.after(() => {
    listener.close()
    for (const { channel } of [...accepted, wrong, right]) channel.destroy()
  })
  await until('the right key gets through', () => right.connected && accepted.length > 0)
  assert.equal(wrong.connected, false)
  listener.secure([])
  const open = watch(tcpTransport.dial({ address: v4, port }))
  context.after(() => open.channel.destroy())
  await until('a rule is taken back as one that came later', () => open.connected)
})

test('a channel that is closed while the other end does not read is gone within seconds, and its socket with it', async context => {
  const port = await freePort()
  const held: Socket[] = []
  const deaf = createServer({ pauseOnConnect: true }, socket => held.push(socket)).listen(port, '127.0.0.1')
  await once(deaf, 'listening')
  context.after(() => {
    deaf.close()
    for (const socket of held) socket.destroy()
  })
  const near = watch(tcpTransport.dial({ address: v4, port }))
  await until('it is connected', () => near.connected && held.length === 1)
  assert.equal(near.channel.write([Buffer.alloc(64 << 20)]), false)
  near.channel.close()
  await until('it is closed', () => near.closed.length > 0)
  assert.deepEqual(near.closed, ['closed'])
  assert.equal(near.drained, 0)
})

test('a second listener on the port is refused with address, port and code', async context => {
  const { port } = await station(context)
  assert.throws(() => tcpTransport.listen({ addresses: [v4], port }, () => {}), {
    name: 'WorldFault',
    code: 'EADDRINUSE',
    message: `listening on 127.0.0.1 port ${port}: address already in use (EADDRINUSE)`,
  })
})

for (const address of [v4, v6])
  test(`over ${address} only the TCP MD5 key of the peer gets through, and keys change while listening`, async context => {
    const { listener, accepted, dial } = await station(context)
    listener.secure([{ from: hostPrefix(address), password: 'right' }])
    const wrong = dial({ address, password: 'wrong' })
    const none = dial({ address })
    const right = dial({ address, password: 'right' })
    await until('the right key is accepted', () => right.connected && accepted.length === 1)
    assert.deepEqual([wrong.connected, none.connected, wrong.closed, none.closed], [false, false, [], []])

    listener.secure([{ from: hostPrefix(address), password: 'second' }])
    const second = dial({ address, password: 'second' })
    await until('the new key is accepted', () => second.connected)
    listener.secure([])
    const open = dial({ address })
    await until('no key is needed any more', () => open.connected)
    assert.equal(wrong.connected, false)
  })

for (const [address, range] of [
  [v4, '127.0.0.0/8'],
  [v6, '::/64'],
] as const)
  test(`a TCP MD5 key of ${range} counts for every address in it, but for those that have one of their own`, async context => {
    const { listener, accepted, dial } = await station(context)
    const from = parsePrefix(range)
    listener.secure([{ from, password: 'range' }])
    const wrong = dial({ address, password: 'wrong' })
    const none = dial({ address })
    const right = dial({ address, password: 'range' })
    await until('the key of the range is accepted', () => right.connected && accepted.length === 1)
    assert.deepEqual([wrong.connected, none.connected], [false, false])

    listener.secure([
      { from, password: 'range' },
      { from: hostPrefix(address), password: 'own' },
    ])
    const shared = dial({ address, password: 'range' })
    const own = dial({ address, password: 'own' })
    await until('its own key is accepted', () => own.connected)
    assert.equal(shared.connected, false)
    listener.secure([])
    const open = dial({ address })
    await until('no key is needed any more', () => open.connected)
  })

for (const address of [v4, v6]) {
  test(`over ${address} a listener hears nothing that comes from too far away, and whoever asks the same of it hears it`, async context => {
    const { listener, accepted, dial } = await station(context)
    const from = hostPrefix(address)
    const unheard = dial({ address, minimumTtl: 255 })
    listener.secure([{ from, minimumTtl: 254 }])
    const far = dial({ address, ttl: 253 })
    const ordinary = dial({ address })
    const near = dial({ address, ttl: 254 })
    const asksToo = dial({ address, ttl: 255, minimumTtl: 255 })
    await until('the near ones are up', () => near.connected && asksToo.connected && accepted.length === 2)
    assert.deepEqual([unheard.connected, far.connected, ordinary.connected], [false, false, false])
    listener.secure([])
    const anybody = dial({ address, ttl: 1 })
    await until('anybody is heard again', () => anybody.connected)
  })

  test(`over ${address} what comes from too far away is dropped on a connection that is up, too`, async context => {
    const { port, listener, accepted } = await station(context)
    listener.secure([{ from: hostPrefix(address), minimumTtl: 255 }])
    const [one, other] = [await rawConnection(context, address, port), await rawConnection(context, address, port)]
    await until('both are accepted', () => accepted.length === 2)
    setTtl(one.fd, address.family, 254)
    one.socket.write('far')
    other.socket.write('near')
    await until('the near one is heard', () => accepted.some(({ received }) => received.length === 4))
    assert.ok(accepted.every(({ received }) => received.toString() !== 'far'))
    setTtl(one.fd, address.family, 255)
    await until('its repetition comes from near by', () => accepted.some(({ received }) => received.length === 3))
  })
}

test('of several rules for an address the longest prefix says how far it may be away', async context => {
  const { listener, dial } = await station(context)
  listener.secure([
    { from: parsePrefix('127.0.0.0/8'), minimumTtl: 255 },
    { from: parsePrefix('127.0.1.0/24') },
    { from: parsePrefix('127.0.1.7/32'), minimumTtl: 250 },
    { from: parsePrefix('::/0'), minimumTtl: 255 },
  ])
  const from = (text: string, ttl: number) => dial({ address: v4, localAddress: parseAddress(text), ttl })
  const strict = from('127.0.2.1', 250)
  const stricter = from('127.0.1.7', 249)
  const heard = [from('127.0.2.1', 255), from('127.0.1.1', 1), from('127.0.1.7', 250)]
  await until('those near enough are up', () => heard.every(({ connected }) => connected))
  assert.deepEqual([strict.connected, stricter.connected], [false, false])
})

test('rules for hundreds of peers fit a listener', async context => {
  const { listener, dial } = await station(context)
  const addresses = Array.from({ length: 600 }, (_, at) => parsePrefix(`127.1.${at >> 8}.${at & 255}/32`))
  listener.secure(addresses.map(from => ({ from, minimumTtl: 255 })))
  const from = (ttl: number) => dial({ address: v4, localAddress: parseAddress('127.1.2.87'), ttl })
  const [far, near] = [from(254), from(255)]
  await until('the near one is up', () => near.connected)
  assert.equal(far.connected, false)
})

test('an address of this host is attached to the networks of its link', () => {
  const { self, subnets } = tcpTransport.attachment(v4)
  assert.equal(self[4]?.toString(), '127.0.0.1')
  assert.ok(subnets.some(subnet => subnet.toString() === '127.0.0.0/8'))
})

test('the next hops of a session are the addresses of its link, and no link-local one beside them', {
  skip: noNamespaces,
}, () => {
  using space = makeNamespace()
  space.ip('address add 10.0.1.1/24 dev b')
  const linkLocal = () => space.ip('-6 address show dev b scope link').includes('inet6 fe80:')
  for (const deadline = Date.now() + 60_000; !linkLocal(); )
    assert.ok(Date.now() < deadline, 'b has no link-local address')
  const attachment = (address: string) => space.run(() => tcpTransport.attachment(parseAddress(address)))
  const both = attachment('10.0.0.1')
  assert.deepEqual([both.self[4]?.toString(), both.self[6]?.toString()], ['10.0.0.1', 'fd00::1'])
  assert.deepEqual(attachment('fd00::1').self[4]?.toString(), '10.0.0.1')
  assert.deepEqual(attachment('10.0.1.1').self, { 4: parseAddress('10.0.1.1') })
})

test('a link-local address is told as a next hop only where its link has no other one', { skip: noNamespaces }, () => {
  using space = makeNamespace()
  const self = (device: string) => {
    const address = linkLocalAddress(space, device)
    return { address, ...space.run(() => tcpTransport.attachment(address, device)).self }
  }
  const [a, b] = [self('a'), self('b')]
  assert.deepEqual([String(a[4]), String(a[6])], ['10.0.0.1', 'fd00::1'])
  assert.deepEqual([b[4], b[6]], [undefined, b.address])
})

function linkLocalAddress(space: TestNamespace, device: string): Address {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    const [, found] = /inet6 (fe80:\S+)\/64 scope link/.exec(space.ip(`-6 address show dev ${device} -tentative`)) ?? []
    if (found !== undefined) return parseAddress(found)
  }
  throw new Error(`${device} has no link-local address`)
}

test('the clock wakes no earlier than told, and not at all when cancelled', async () => {
  const start = systemClock.now()
  let cancelled = false
  systemClock.wake(start + 5, () => {
    cancelled = true
  })()
  await new Promise<void>(resolve => systemClock.wake(start + 20, resolve))
  assert.ok(systemClock.now() >= start + 20)
  assert.equal(cancelled, false)
})
