/** A speaker in the world in memory, with the few words that tests need: peer with, announce, what it knows. */
import { ACCEPT, Speaker, type SpeakerIdentity, type SpeakerPeer, type State } from '../../bgp/index.ts'
import type { Restart } from '../../bgp/speaker-config.ts'
import type { Attachment, Listener } from '../../bgp/transport.ts'
import { decodeAttributes } from '../../bgp/wire/attribute-list.ts'
import { type Address, type Family, parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import type { MemoryNetwork } from './memory-world.ts'

export interface RouterOptions {
  readonly as: number
  readonly restart?: Restart
  readonly identity?: Partial<SpeakerIdentity>
  /** Addresses beside its first one; it listens on all. */
  readonly alsoAt?: readonly string[]
  /** What becomes of the answer to where an address lives. */
  readonly attachment?: (known: Attachment) => Attachment
}

/** Whom a router can peer with. */
export type Neighbor = Pick<Router, 'address' | 'as'>

export class Router {
  readonly speaker: Speaker
  readonly address: Address
  readonly as: number
  /** Where it listens: `address` and others. */
  readonly addresses: readonly Address[]
  /** State changes and notices, in order: `tor Idle→Active: …`. */
  readonly said: string[] = []
  readonly endsOfRib: string[] = []
  restarts = 0
  dead = false
  readonly #listeners: Listener[] = []

  constructor(network: MemoryNetwork, address: string, options: RouterOptions) {
    this.address = parseAddress(address)
    this.as = options.as
    this.addresses = [this.address, ...(options.alsoAt ?? []).map(text => parseAddress(text))]
    const v6 = parseAddress(`fd00::${this.address.uint32.toString(16).slice(-4)}`)
    const host = network.host(...this.addresses, v6)
    const { attachment = known => known } = options
    const { clock } = network
    const alive = (run: () => void) => () => {
      if (!this.dead) run()
    }
    this.speaker = new Speaker(
      {
        asNumber: options.as,
        routerId: this.address.uint32,
        clusterId: this.address.uint32,
        maxPaths: 1,
        kernel: false,
        seed: 1,
        ...options.identity,
      },
      {
        transport: {
          ...host,
          attachment: local => attachment(host.attachment(local)),
          listen: (where, accept) => {
            const listener = host.listen(where, accept)
            this.#listeners.push(listener)
            return listener
          },
        },
        clock: {
          now: () => clock.now(),
          random: () => clock.random(),
          wake: (at, run) => clock.wake(at, alive(run)),
          yield: run => clock.yield(alive(run)),
        },
        observer: {
          stateChanged: (peer, from, to, reason) => this.said.push(`${peer} ${from}→${to}: ${reason}`),
          notice: (peer, code, text) => this.said.push(`${peer} ${code}: ${text}`),
          kernelChanged: () => {},
          nextHopsChanged: () => {},
          endOfRib: (peer, family) => this.endsOfRib.push(`${peer} ipv${family}`),
          rangePeersChanged: () => {},
          restarted: () => this.restarts++,
        },
      },
      options.restart,
    )
  }

  /** Sessions to these routers and no others. */
  peerWith(others: readonly Neighbor[], options: Partial<SpeakerPeer> = {}): void {
    this.speaker.configure({
      listen: { addresses: this.addresses, port: 179 },
      peers: others.map(other => ({ ...this.peer(other), ...options })),
    })
  }

  peer(other: Neighbor): SpeakerPeer {
    return {
      name: other.address.toString(),
      address: other.address,
      port: 179,
      localAs: this.as,
      remoteAs: other.as,
      holdTime: 90,
      connectRetryTime: 5,
      sendHoldTime: 480,
      passive: false,
      families: [4, 6],
      gracefulRestart: { enabled: true, restartTime: 120 },
      nextHop: 'auto',
      routeReflectorClient: false,
      importPolicy: ACCEPT,
      exportPolicy: ACCEPT,
    }
  }

  announce(...prefixes: string[]): void {
    this.speaker.originate(prefixes.map(prefix => parsePrefix(prefix)))
  }

  /** `prefix via next-hop`, the best routes of both families. */
  get best(): string[] {
    return ([4, 6] as Family[]).flatMap(family => this.#rows({ family, table: 'best' })).sort()
  }

  received(from: Neighbor): string[] {
    const peer = this.view(from).number
    return ([4, 6] as Family[]).flatMap(family => this.#rows({ family, table: 'received', peer })).sort()
  }

  /** Attributes and next hop (undefined: ours) of the best path of a prefix. */
  bestPath(prefix: string) {
    const best = this.speaker.explain(parsePrefix(prefix))?.paths.find(path => path.verdict === 'best')
    return (
      best && { ...decodeAttributes(best.attributes, 0, best.attributes.length), nextHop: best.nextHop?.toString() }
    )
  }

  view(of: Neighbor) {
    return this.speaker.peers().find(peer => peer.config.address.equals(of.address))!
  }

  state(of: Neighbor): State {
    return this.view(of).session.state
  }

  /** The process dies: nothing more is heard of it, its kernel resets its connections. */
  kill(network: MemoryNetwork): void {
    network.reset(this.address)
    this.dead = true
    for (const listener of this.#listeners) listener.close()
  }

  #rows(query: Parameters<Speaker['routes']>[0]): string[] {
    const cursor = this.speaker.routes(query)
    const rows: string[] = []
    while (!cursor.done)
      for (const row of cursor.next(100))
        rows.push(`${row.prefix} via ${row.nextHop ?? 'self'}${row.stale ? ' stale' : ''}`)
    return rows
  }
}
