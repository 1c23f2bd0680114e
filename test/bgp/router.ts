/** A speaker in the world in memory, with the few words that tests need: peer with, announce, what it knows. */
import { ACCEPT, Speaker, type SpeakerIdentity, type SpeakerPeer, type State } from '../../bgp/index.ts'
import type { Restart } from '../../bgp/speaker-config.ts'
import type { Listener } from '../../bgp/transport.ts'
import { type Address, type Family, parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import type { MemoryNetwork } from './memory-world.ts'

export interface RouterOptions {
  readonly as: number
  readonly restart?: Restart
  readonly identity?: Partial<SpeakerIdentity>
}

export class Router {
  readonly speaker: Speaker
  readonly address: Address
  readonly as: number
  /** State changes and notices, in order: `tor Idle→Active: …`. */
  readonly said: string[] = []
  readonly endsOfRib: string[] = []
  restarts = 0
  dead = false
  readonly #listeners: Listener[] = []

  constructor(network: MemoryNetwork, address: string, options: RouterOptions) {
    this.address = parseAddress(address)
    this.as = options.as
    const v6 = parseAddress(`fd00::${this.address.uint32.toString(16).slice(-4)}`)
    const host = network.host(this.address, v6)
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
          endOfRib: (peer, family) => this.endsOfRib.push(`${peer} ipv${family}`),
          restarted: () => this.restarts++,
        },
      },
      options.restart,
    )
  }

  /** Sessions to these routers and no others. */
  peerWith(others: readonly Router[], options: Partial<SpeakerPeer> = {}): void {
    this.speaker.configure({
      listen: { addresses: [this.address], port: 179 },
      peers: others.map(other => ({ ...this.peer(other), ...options })),
    })
  }

  peer(other: Router): SpeakerPeer {
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

  received(from: Router): string[] {
    const peer = this.view(from).number
    return ([4, 6] as Family[]).flatMap(family => this.#rows({ family, table: 'received', peer })).sort()
  }

  view(of: Router) {
    return this.speaker.peers().find(peer => peer.config.address.equals(of.address))!
  }

  state(of: Router): State {
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
