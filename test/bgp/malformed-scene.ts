/**
 * The hub of the tests of malformed messages: our speaker between a peer that is played, whose session is as a row of
 * test/bgp/wire/malformed wants it, and a friend that is told what the hub learns.
 */

import type { SpeakerPeer } from '../../bgp/index.ts'
import type { Capability } from '../../bgp/wire/capability.ts'
import { afi, afiOf, safi } from '../../bgp/wire/iana.ts'
import type { Message } from '../../bgp/wire/message.ts'
import type { Open } from '../../bgp/wire/open.ts'
import { MemoryClock, MemoryNetwork } from './memory-world.ts'
import type { PlayedConnection } from './played-connection.ts'
import { PlayedPeer } from './played-peer.ts'
import { Router } from './router.ts'
import type { Session } from './wire/malformed/row.ts'
import { external, type Fields, mpNextHop } from './wire/update-parts.ts'

/** ms; less than the shortest hold time. */
const SETTLED = 2000

/** Of the foe: what it announces first. The rows are about the second prefix of each family. */
export const KEPT = { 4: '192.0.2.0/24', 6: '2001:db9::/32' } as const
export const TOUCHED = { 4: '198.51.100.0/24', 6: '2001:db8::/32' } as const
const FRIENDS_OWN = '203.0.113.0/24'

export interface SceneOptions {
  readonly session?: Session
  /** Of the hub's peering with the foe. */
  readonly peering?: Partial<SpeakerPeer>
  /** Beside what the session needs. */
  readonly capabilities?: readonly Capability[]
  /** What the foe answers to an OPEN, from the OPEN that suits the session; absent: that and a KEEPALIVE. */
  readonly answer?: (open: Open) => readonly (Message | Uint8Array)[]
}

export class MalformedScene {
  readonly clock = new MemoryClock()
  readonly network = new MemoryNetwork(this.clock)
  readonly hub = new Router(this.network, '10.0.0.1', { as: 65000, identity: { kernel: true } })
  readonly friend = new Router(this.network, '10.0.0.2', { as: 65002 })
  readonly foe: PlayedPeer
  readonly #session: Session

  constructor({
    session = external,
    peering = {},
    capabilities = [],
    answer = open => [open, { type: 'keepalive' }],
  }: SceneOptions = {}) {
    this.#session = session
    this.foe = new PlayedPeer(this.network, '10.0.0.9', session.peerAs, () =>
      answer(this.foe.open([...capabilitiesOf(session), ...capabilities])),
    )
    const { hub, friend, foe } = this
    const towardsFoe = { ...hub.peer(foe), ...peeringOf(session), ...peering }
    hub.speaker.configure({ listen: { addresses: hub.addresses, port: 179 }, peers: [hub.peer(friend), towardsFoe] })
    friend.peerWith([hub])
    friend.announce(FRIENDS_OWN)
    this.clock.advance(SETTLED)
  }

  /** That of the session that the test is about. */
  get connection(): PlayedConnection {
    return this.foe.connections[0]!
  }

  /** What the foe announces before anything goes wrong. */
  announce(): void {
    for (const family of this.#session.families) {
      const { withdrawn, attributes, nlri } = this.#announcement(family)
      this.foe.update(withdrawn ?? '', attributes ?? '', nlri ?? '')
    }
    this.clock.advance(1000)
  }

  /** Shorter than any idle hold: what is seen afterwards is of this session. */
  send(octets: Uint8Array): void {
    this.foe.send(octets)
    this.clock.advance(10)
  }

  /** Prefixes that the hub holds from the foe, used or not. */
  get held(): string[] {
    return this.hub.received(this.foe).map(prefixOf)
  }

  /** Prefixes of the foe that the friend is told. */
  get told(): string[] {
    return this.friend.received(this.hub).map(prefixOf)
  }

  /** Why the friend has had to suffer; undefined: it has not. */
  get collateral(): string | undefined {
    const { hub, friend } = this
    const told = hub.said.join('\n')
    if (hub.said.some(line => line.includes('Bug'))) return told
    if (hub.view(friend).session.established !== 1 || hub.state(friend) !== 'Established') return told
    return hub.received(friend).map(prefixOf).join() === FRIENDS_OWN ? undefined : 'its route is gone'
  }

  #announcement(family: 4 | 6): Fields {
    const { fourOctetAs, internal, addPath } = this.#session
    const id = addPath.includes(family) ? '00000001' : ''
    const number = fourOctetAs ? '0000fde9' : 'fde9'
    const path = internal ? '400200 400504 00000064' : `4002 ${fourOctetAs ? '06' : '04'} 0201 ${number}`
    if (family === 4)
      return { attributes: `400101 00 ${path} 400304 0a000009`, nlri: `${id} 18 c00002 ${id} 18 c63364` }
    const value = `0002 01 10 ${mpNextHop} 00 ${id} 20 20010db9 ${id} 20 20010db8`
    const length = (value.replaceAll(' ', '').length / 2).toString(16)
    return { attributes: `800e ${length} ${value} 400101 00 ${path}` }
  }
}

function prefixOf(row: string): string {
  return row.split(' ')[0]!
}

function capabilitiesOf(session: Session): Capability[] {
  const unicast = (family: 4 | 6) => ({ afi: afiOf(family), safi: safi.unicast })
  const capabilities: Capability[] = session.families.map(family => ({ type: 'multiprotocol', ...unicast(family) }))
  capabilities.push({ type: 'routeRefresh' })
  if (session.fourOctetAs) capabilities.push({ type: 'fourOctetAs', asNumber: session.peerAs })
  if (session.enhancedRefresh) capabilities.push({ type: 'enhancedRouteRefresh' })
  if (session.extendedMessages) capabilities.push({ type: 'extendedMessage' })
  if (session.extendedNextHop)
    capabilities.push({ type: 'extendedNextHop', families: [{ ...unicast(4), nextHopAfi: afi.ipv6 }] })
  if (session.addPath.length > 0) {
    const families = session.addPath.map(family => ({ ...unicast(family), send: true, receive: false }))
    capabilities.push({ type: 'addPath', families })
  }
  if (session.routeServer) capabilities.push({ type: 'role', role: 'rs' })
  return capabilities
}

function peeringOf(session: Session): Partial<SpeakerPeer> {
  return {
    ...(session.extendedMessages && { extendedMessages: true }),
    ...(session.extendedNextHop && { extendedNextHop: true }),
    ...(session.addPath.length > 0 && { addPath: { send: 0, receive: true } }),
    ...(session.routeServer && { role: { role: 'rsClient', strict: false } }),
    ...(session.discardUnknown && { discardUnknown: true }),
  }
}
