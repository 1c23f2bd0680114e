/** A RIB with its peers, fed by UPDATEs as octets and read by what each peer has been sent. */

import type { NextHopMode, PerFamily, RibSession } from '../../../bgp/rib/peer.ts'
import { ACCEPT, type Policy } from '../../../bgp/rib/policy.ts'
import { Rib, type RibIdentity, type RibOptions, type RibSink } from '../../../bgp/rib/rib.ts'
import type { AttributeMemory } from '../../../bgp/wire/attribute-memory.ts'
import { headerLength } from '../../../bgp/wire/iana.ts'
import { UpdateReader } from '../../../bgp/wire/update-reader.ts'
import { Address, type Family, parseAddress } from '../../../lib/base/ip.ts'
import { type Prefix, parsePrefix } from '../../../lib/base/prefix.ts'
import { joined, message } from '../wire/hex.ts'
import { plainContext } from '../wire/plain-session.ts'
import { readUpdates, type TestAttributes, updateBody } from './messages.ts'

export const identity: RibIdentity = { asNumber: 65000, routerId: 0x0a000001, clusterId: 0x0a0000ff }

export interface TestPeer {
  readonly name: string
  readonly asNumber: number
  readonly address: string
  /** Defaults to the IPv4 address. */
  readonly routerId?: number
  readonly client?: boolean
  readonly node?: boolean
  readonly install?: boolean
  readonly nextHop?: NextHopMode
  readonly importPolicy?: Policy
  readonly exportPolicy?: Policy
  readonly families?: readonly Family[]
  readonly fourOctetAs?: boolean
  readonly subnets?: readonly Prefix[]
  /** What is negotiated beyond the plain session. */
  readonly session?: Partial<RibSession>
  readonly maxPrefixes?: PerFamily
  readonly maxPrefixesOut?: PerFamily
}

/** One peer as it sees us. */
export class PeerView {
  readonly config: TestPeer
  readonly number: number
  readonly reader: UpdateReader
  /** What it holds of us, by prefix, with path ids as in `10.0.0.0/8#7`. */
  readonly table = new Map<string, TestAttributes>()
  readonly endOfRibs: Family[] = []
  readonly limitsReached: Family[] = []
  /** Announcements and withdrawals received. */
  announced = 0
  withdrawn = 0
  /** Announcements that said nothing new, and withdrawals of what it did not hold. */
  idleAnnounced = 0
  idleWithdrawn = 0
  updates = 0
  /** What `send` answers. */
  takesMore = true

  constructor(config: TestPeer, number: number, memory: AttributeMemory) {
    this.config = config
    this.number = number
    this.reader = new UpdateReader(
      plainContext({
        fourOctetAs: true,
        internal: config.asNumber === identity.asNumber,
        families: [4, 6],
        localAs: identity.asNumber,
        peerAs: config.asNumber,
        addPath: config.session?.addPathReceive ?? [],
        extendedNextHop: config.session?.extendedNextHop ?? false,
      }),
      memory,
    )
  }

  receive(chunk: Uint8Array): void {
    const { 4: four = 0, 6: six = 0 } = this.config.session?.addPathSend ?? {}
    const withIds = ([4, 6] as const).filter(family => (family === 4 ? four : six) > 0)
    for (const update of readUpdates(chunk, withIds, this.config.session?.maxMessageLength)) {
      this.updates++
      if (update.endOfRib !== undefined) this.endOfRibs.push(update.endOfRib)
      for (const prefix of update.withdrawn) {
        this.withdrawn++
        if (!this.table.delete(prefix)) this.idleWithdrawn++
      }
      for (const prefix of update.announced) {
        this.announced++
        if (JSON.stringify(this.table.get(prefix)) === JSON.stringify(update.attributes)) this.idleAnnounced++
        this.table.set(prefix, update.attributes!)
      }
    }
  }
}

/** UPDATEs that lie behind the one that is learned. */
const BEHIND = 12

const ownAddresses = { 4: parseAddress('192.0.2.1'), 6: parseAddress('2001:db8::1') }

export class RibWorld {
  readonly rib: Rib
  readonly #views: (PeerView | undefined)[] = []
  /** The arrays handed to the sink, in order. */
  readonly sent: { peer: string; bytes: Uint8Array }[] = []
  /** The last UPDATEs of all peers, the last one first. */
  readonly #before: Uint8Array[] = []

  constructor(options: Partial<RibOptions> = {}) {
    const sink: RibSink = {
      send: (peer, chunks) => {
        const view = this.#views[peer]!
        for (const bytes of chunks) {
          view.receive(bytes)
          this.sent.push({ peer: view.config.name, bytes })
        }
        return view.takesMore
      },
      endOfRibSent: () => {},
      refreshed: () => {},
      limitReached: (peer, family) => this.#views[peer]!.limitsReached.push(family),
    }
    this.rib = new Rib(identity, { maxPaths: 1, kernel: true, seed: 1, ...options }, sink)
  }

  add(config: TestPeer): PeerView {
    const view = new PeerView(config, this.rib.addPeer(ribPeer(config)), this.rib.attributeMemory)
    this.#views[view.number] = view
    return view
  }

  /** Adds a peer with an Established session. */
  up(config: TestPeer): PeerView {
    const view = this.add(config)
    this.join(view)
    return view
  }

  /** @param self our addresses on the session */
  join(view: PeerView, self: RibSession['self'] = ownAddresses): void {
    const { routerId, address, fourOctetAs = true, families = [4, 6], subnets = [] } = view.config
    view.table.clear()
    view.endOfRibs.length = 0
    this.rib.join(view.number, {
      localAs: identity.asNumber,
      remoteAs: view.config.asNumber,
      remoteRouterId: routerId ?? routerIdOf(parseAddress(address)),
      fourOctetAs,
      families,
      self,
      subnets,
      ...view.config.session,
    })
  }

  configure(view: PeerView, change: Partial<TestPeer>): void {
    Object.assign(view.config, change)
    this.rib.configurePeer(view.number, ribPeer(view.config))
  }

  remove(view: PeerView): void {
    this.rib.removePeer(view.number)
    this.#views[view.number] = undefined
  }

  /** @param withdrawn in the same message */
  announce(
    view: PeerView,
    prefixes: readonly string[],
    attributes: TestAttributes,
    withdrawn: readonly string[] = [],
  ): void {
    this.#learn(view, updateBody(prefixes, attributes, withdrawn))
  }

  withdraw(view: PeerView, prefixes: readonly string[]): void {
    this.#learn(view, updateBody([], undefined, prefixes))
  }

  /** Lets the RIB do all it can do now. */
  settle(budget = 100_000): void {
    for (let turn = 0; this.rib.busy; turn++) {
      if (turn > 100_000) throw new Error('the RIB does not come to rest')
      this.rib.decide(budget)
      this.rib.export(budget)
    }
  }

  /** The reason of each path of a prefix by peer name, `self` for our own. */
  reasons(prefix: string): Record<string, string> {
    const paths = this.rib.explain(parsePrefix(prefix))?.paths ?? []
    return Object.fromEntries(
      paths.map(path => [this.#views[path.peer]?.config.name ?? 'self', `${path.verdict}: ${path.reason}`]),
    )
  }

  /** In a chunk with messages of before behind it, to which the RIB looks ahead and which it must not learn. */
  #learn(view: PeerView, body: Uint8Array): void {
    const update = message('update', body)
    const chunk = joined(update, ...this.#before)
    this.#before.unshift(update)
    if (this.#before.length > BEHIND) this.#before.pop()
    view.reader.read(chunk, headerLength, update.length)
    this.rib.learn(view.number, view.reader, chunk)
  }
}

export function routerIdOf(address: Address): number {
  const [a, b, c, d] = address.bytes.subarray(-4)
  return ((a! << 24) | (b! << 16) | (c! << 8) | d!) >>> 0
}

function ribPeer(config: TestPeer) {
  return {
    name: config.name,
    address: new Address(parseAddress(config.address).bytes, config.session?.interface),
    internal: config.asNumber === identity.asNumber,
    routeReflectorClient: config.client ?? false,
    node: config.node ?? false,
    install: config.install ?? true,
    nextHop: config.nextHop ?? 'auto',
    importPolicy: config.importPolicy ?? ACCEPT,
    exportPolicy: config.exportPolicy ?? ACCEPT,
    ...(config.maxPrefixes && { maxPrefixes: config.maxPrefixes }),
    ...(config.maxPrefixesOut && { maxPrefixesOut: config.maxPrefixesOut }),
  }
}
