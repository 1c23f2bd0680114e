/**
 * The engine in one process without sockets: octets in, octets out, through framer, reader, RIB and writer, in chunks as
 * they come from a socket and with the speaker's budget per turn.
 */

import { ACCEPT } from '../../bgp/rib/policy.ts'
import { Rib, type RibSink } from '../../bgp/rib/rib.ts'
import { Framer } from '../../bgp/wire/framer.ts'
import { UpdateReader } from '../../bgp/wire/update-reader.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { plainContext } from '../bgp/wire/plain-session.ts'

/** What one read of a socket gives. */
const CHUNK = 65_536
/** Prefixes per turn of the event loop. */
const SLICE = 8192

export interface EnginePeer {
  readonly name: string
  readonly asNumber: number
  readonly address: string
  readonly client?: boolean
  /** Most paths of a prefix that it is sent, with path ids. */
  readonly paths?: number
}

export class Engine {
  readonly rib: Rib
  readonly asNumber: number
  /** Octets handed to sockets. */
  sentOctets = 0

  constructor(asNumber: number) {
    this.asNumber = asNumber
    const sink: RibSink = {
      send: (_peer, chunks) => {
        for (const chunk of chunks) this.sentOctets += chunk.length
        return true
      },
      endOfRibSent: () => {},
      refreshed: () => {},
      limitReached: () => {},
    }
    this.rib = new Rib(
      { asNumber, routerId: 0x0a000001, clusterId: 0x0a000001 },
      { maxPaths: 1, kernel: false, seed: 5 },
      sink,
    )
  }

  /** A peer with an Established session, which can be fed. */
  connect(peer: EnginePeer): EngineSession {
    const address = parseAddress(peer.address)
    const internal = peer.asNumber === this.asNumber
    const number = this.rib.addPeer({
      name: peer.name,
      address,
      internal,
      routeReflectorClient: peer.client ?? false,
      nextHop: 'auto',
      importPolicy: ACCEPT,
      exportPolicy: ACCEPT,
    })
    this.rib.join(number, {
      localAs: this.asNumber,
      remoteAs: peer.asNumber,
      remoteRouterId: address.uint32,
      fourOctetAs: true,
      families: [4, 6],
      self: { 4: parseAddress('10.1.0.1'), 6: parseAddress('fd01::1') },
      subnets: [],
      ...(peer.paths !== undefined && { addPathSend: { 4: peer.paths } }),
    })
    return new EngineSession(this, number, internal, peer.asNumber)
  }

  /** One turn of the event loop after reading. */
  turn(): boolean {
    const undecided = this.rib.decide(SLICE)
    const unsent = this.rib.export(SLICE)
    return undecided || unsent
  }

  settle(): void {
    while (this.turn()) {}
  }
}

export class EngineSession {
  readonly number: number
  readonly #engine: Engine
  readonly #framer = new Framer()
  readonly #reader: UpdateReader

  constructor(engine: Engine, number: number, internal: boolean, peerAs: number) {
    this.#engine = engine
    this.number = number
    this.#reader = new UpdateReader(
      plainContext({ fourOctetAs: true, internal, families: [4, 6], localAs: engine.asNumber, peerAs }),
      engine.rib.attributeMemory,
    )
  }

  /** Feeds one chunk; no turn. */
  receive(chunk: Uint8Array): void {
    const framer = this.#framer
    framer.push(chunk)
    while (framer.next()) {
      this.#reader.read(framer.buffer, framer.start, framer.end)
      this.#engine.rib.learn(this.number, this.#reader, framer.buffer)
    }
  }

  /** Feeds a stream a chunk per turn. */
  load(stream: Uint8Array): void {
    for (let at = 0; at < stream.length; at += CHUNK) {
      this.receive(stream.subarray(at, Math.min(at + CHUNK, stream.length)))
      this.#engine.turn()
    }
    this.#engine.settle()
  }
}
