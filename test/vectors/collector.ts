/** The other side of every session of a capture: a TCP listener that says what a script tells it and keeps every message that comes. */
import { createServer, type Socket } from 'node:net'
import { encodeAttributes } from '../../bgp/wire/attribute-list.ts'
import type { Capability } from '../../bgp/wire/capability.ts'
import { Framer } from '../../bgp/wire/framer.ts'
import { messageType } from '../../bgp/wire/iana.ts'
import { encodeMessage } from '../../bgp/wire/message.ts'
import { UpdateWriter } from '../../bgp/wire/update-writer.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { plainForm } from '../bgp/wire/plain-session.ts'
import { type Session, sessions } from './daemons.ts'

export interface Captured {
  readonly session: Session
  readonly type: number
  /** The whole message. */
  readonly bytes: Uint8Array
}

export class Collector {
  readonly captured: Captured[] = []
  readonly #sockets = new Map<Session, Socket>()
  readonly #established = new Set<Session>()
  readonly #server = createServer(socket => this.#accept(socket))

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ port: 179, host: '0.0.0.0' }, resolve)
    })
  }

  /** Every session that can come up is up. */
  get ready(): boolean {
    return sessions.every(session => session.name === 'wrong' || this.#established.has(session))
  }

  send(name: Session['name'], ...messages: readonly Uint8Array[]): void {
    const session = sessions.find(one => one.name === name)!
    this.#sockets.get(session)?.write(Buffer.concat(messages))
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.destroy()
    this.#server.close()
  }

  #accept(socket: Socket): void {
    const session = sessions.find(({ address }) => address === socket.localAddress)
    if (session === undefined || this.#established.has(session)) return void socket.destroy()
    this.#sockets.set(session, socket)
    const framer = new Framer()
    socket.on('error', () => socket.destroy())
    socket.write(openOf(session))
    socket.on('data', chunk => {
      framer.push(chunk)
      while (framer.next()) this.#take(session, socket, framer)
    })
  }

  #take(session: Session, socket: Socket, { type, buffer, start, end }: Framer): void {
    this.captured.push({ session, type, bytes: buffer.slice(start - 19, end) })
    if (type === messageType.open) socket.write(encodeMessage({ type: 'keepalive' }))
    if (type === messageType.keepalive) this.#established.add(session)
  }
}

const both = [1, 2].map(afi => ({ afi, safi: 1 }))
const extensions: readonly Capability[] = [
  { type: 'extendedNextHop', families: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
  { type: 'extendedMessage' },
  { type: 'role', role: 'customer' },
  { type: 'gracefulRestart', restarting: false, notification: true, restartTime: 120, families: [] },
  { type: 'addPath', families: both.map(family => ({ ...family, send: true, receive: true })) },
  { type: 'enhancedRouteRefresh' },
  {
    type: 'longLivedGracefulRestart',
    families: both.map(family => ({ ...family, forwarding: false, staleTime: 3600 })),
  },
]

/** The session `wrong` claims an AS number that the daemon does not expect. */
function openOf(session: Session): Uint8Array {
  const asNumber = session.name === 'wrong' ? session.asNumber + 1 : session.asNumber
  return encodeMessage({
    type: 'open',
    asNumber: asNumber > 0xffff ? 23456 : asNumber,
    holdTime: 240,
    routerId: parseAddress(session.address).uint32,
    capabilities: [
      { type: 'multiprotocol', afi: 1, safi: 1 },
      { type: 'multiprotocol', afi: 2, safi: 1 },
      { type: 'routeRefresh' },
      ...(session.fourOctetAs ? [{ type: 'fourOctetAs', asNumber } as const] : []),
      ...(session.name === 'extended' ? extensions : []),
    ],
  })
}

const routes = { 4: parsePrefix('203.0.113.0/24'), 6: parsePrefix('2001:db8:1::/48') }

/** Routes for the daemon to pass on: one of each family from outside with many attributes, one from inside. */
export function announcements(from: 'external' | 'internal'): Uint8Array {
  const attributes = encodeAttributes(
    from === 'internal'
      ? { origin: 'egp', asPath: [65100], med: 9, localPref: 200 }
      : {
          origin: 'igp',
          asPath: [65001, 4200000001, 65002],
          med: 7,
          atomicAggregate: true,
          aggregator: { asNumber: 4200000001, address: parseAddress('192.0.2.77') },
          communities: [0xfde90001, 0xfde90002],
          extendedCommunities: ['rt:65001:100'],
          largeCommunities: ['65001:1:2', '4200000001:3:4'],
          unknown: [{ code: 99, value: Uint8Array.of(1, 2, 3) }],
        },
  )
  const writer = new UpdateWriter()
  const prefix4 = from === 'internal' ? parsePrefix('203.0.112.0/23') : routes[4]
  writer.announce(attributes, 0, attributes.length, parseAddress('192.0.2.1').bytes, plainForm(4))
  writer.add(prefix4.bytes, 0, prefix4.length)
  writer.finish()
  writer.announce(attributes, 0, attributes.length, parseAddress('2001:db8::1').bytes, plainForm(6))
  const prefix6 = from === 'internal' ? parsePrefix('2001:db8:2::/47') : routes[6]
  writer.add(prefix6.bytes, 0, prefix6.length)
  writer.finish()
  return writer.take()
}

export function withdrawals(): Uint8Array {
  const writer = new UpdateWriter()
  for (const family of [4, 6] as const) {
    writer.withdraw(plainForm(family))
    writer.add(routes[family].bytes, 0, routes[family].length)
    writer.finish()
  }
  return writer.take()
}
