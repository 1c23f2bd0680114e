/**
 * A recording played into a speaker: each recorded router becomes a peer (recorded-peer.ts) that says again what it said, a table
 * dump as UPDATEs, messages as they are. Who else hears of it, the speaker's other peers decide. Knows no file and no socket.
 */
import type { Address } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import { ACCEPT, REJECT } from '../rib/policy.ts'
import { Speaker, type SpeakerObserver } from '../speaker.ts'
import type { SpeakerPeer } from '../speaker-config.ts'
import type { Clock, Transport } from '../transport.ts'
import { attributeEnd, attributeValueStart } from '../wire/attribute-header.ts'
import { attributeCode, headerLength, messageType } from '../wire/iana.ts'
import { UpdateWriter } from '../wire/update-writer.ts'
import { decodeBgp4mp, type RecordedMessage } from './bgp4mp.ts'
import { type MrtRecord, mrtType } from './record.ts'
import { RECORDED_ENDS, RecordedChannel, type RecordedPeer } from './recorded-peer.ts'
import { type DumpEntry, type DumpIndex, decodeDumpIndex, decodeDumpPrefix, isDumpIndex } from './table-dump.ts'

export interface ReplayOptions {
  readonly asNumber: number
  /** uint32, not 0. */
  readonly routerId: number
  readonly clock: Clock
  /** For peers that are not of the recording. */
  readonly transport: Transport
  readonly observer: SpeakerObserver
  /** To whom it is replayed; absent: nobody. */
  readonly target?: SpeakerPeer
}

interface Played {
  readonly peer: RecordedPeer
  /** Of its session; absent: not dialled yet. */
  channel: RecordedChannel | undefined
}

export class Replay {
  readonly speaker: Speaker
  /** Records, paths and messages that say nothing that could be replayed. */
  leftOut = 0
  readonly #options: ReplayOptions
  readonly #played = new Map<string, Played>()
  /** Prefixes that the recorder originated. */
  readonly #originated: Prefix[] = []
  readonly #writer = new UpdateWriter()
  #index: DumpIndex | undefined

  constructor(options: ReplayOptions) {
    const { asNumber, routerId, clock, transport, observer } = options
    this.#options = options
    const dial: Transport['dial'] = to => this.#dial(to.address) ?? transport.dial(to)
    const attachment: Transport['attachment'] = (local, link) =>
      local === RECORDED_ENDS[4] || local === RECORDED_ENDS[6]
        ? { self: RECORDED_ENDS, subnets: [] }
        : transport.attachment(local, link)
    this.speaker = new Speaker(
      { asNumber, routerId, clusterId: routerId, maxPaths: 1, kernel: false },
      { transport: { ...transport, dial, attachment }, clock, observer },
    )
    this.#configure()
  }

  /**
   * Takes the peers that a record is about; returns whether any of them is new. Their sessions are up a few turns of the event loop
   * later: `isReady`; only then `play` has somebody who can speak.
   * @throws InputFault
   */
  meet(record: MrtRecord): boolean {
    const before = this.#played.size
    if (isDumpIndex(record)) {
      this.#index = decodeDumpIndex(record.body)
      const peers = this.#index.peers.filter(({ address }) => !address.isUnspecified)
      this.#add(peers.map(peer => ({ ...peer, routerId: peer.routerId || 1, fourOctetAs: true, addPath: true })))
    }
    const message = updateOf(record)
    if (message !== undefined) {
      const { peerAddress: address, peerAs: asNumber, fourOctetAs, addPath } = message
      this.#add([{ address, asNumber, routerId: 1, fourOctetAs, addPath }])
    }
    return this.#played.size > before
  }

  get isReady(): boolean {
    const up = this.speaker.peers().filter(({ session }) => session.state === 'Established')
    return [...this.#played.keys()].every(name => up.some(({ config }) => config.name === name))
  }

  /** Says what a record says. @throws InputFault */
  play(record: MrtRecord): void {
    if (isDumpIndex(record)) return
    const message = updateOf(record)
    if (message !== undefined) return this.#repeat(message)
    const dumped = record.type === mrtType.tableDumpV2 ? decodeDumpPrefix(record.subtype, record.body) : undefined
    if (dumped === undefined) this.#leaveOut(record)
    else for (const entry of dumped.entries) this.#announce(dumped.prefix, entry)
  }

  /** The recorder's own routes, which are ours now. */
  finish(): void {
    this.speaker.originate(this.#originated)
  }

  /** Peers of the recording. */
  get recorded(): readonly RecordedPeer[] {
    return Array.from(this.#played.values(), ({ peer }) => peer)
  }

  /** What is no route is no loss. */
  #leaveOut({ type, subtype, body }: MrtRecord): void {
    const isOther = (type === mrtType.bgp4mp || type === mrtType.bgp4mpEt) && decodeBgp4mp(subtype, body) !== undefined
    if (!isOther) this.leftOut++
  }

  #add(peers: readonly RecordedPeer[]): void {
    const before = this.#played.size
    for (const peer of peers) {
      const name = peer.address.toString()
      if (!this.#played.has(name)) this.#played.set(name, { peer, channel: undefined })
    }
    if (this.#played.size > before) this.#configure()
  }

  #configure(): void {
    const { asNumber, target } = this.#options
    const recorded = Array.from(this.#played.values(), ({ peer }) => recordedConfig(peer, asNumber))
    const listen = { addresses: [], port: 0 }
    this.speaker.configure({ listen, peers: target === undefined ? recorded : [...recorded, target] })
  }

  #dial(address: Address): RecordedChannel | undefined {
    const played = this.#played.get(address.toString())
    if (played === undefined) return undefined
    played.channel = new RecordedChannel(played.peer, this.#options.clock)
    return played.channel
  }

  #repeat({ peerAddress, fourOctetAs, addPath, octets }: RecordedMessage): void {
    const played = this.#played.get(peerAddress.toString())
    const reads = played?.peer.fourOctetAs === fourOctetAs && played.peer.addPath === addPath
    if (!reads || !played.channel?.say(octets.slice())) this.leftOut++
  }

  #announce(prefix: Prefix, { peer, pathId = 0, attributes }: DumpEntry): void {
    const address = this.#index?.peers[peer]?.address
    if (address?.isUnspecified) return void this.#originated.push(prefix)
    const channel = address && this.#played.get(address.toString())?.channel
    const split = splitAttributes(attributes)
    const { nextHop } = split ?? {}
    const writer = this.#writer
    const fits =
      nextHop !== undefined &&
      writer.announce(split!.others, 0, split!.others.length, nextHop, {
        family: prefix.family,
        fourOctetAs: true,
        addPath: true,
        extendedNextHop: nextHop.length !== 4,
        maxLength: 4096,
      })
    if (fits) {
      writer.add(prefix.bytes, 0, prefix.length, pathId)
      writer.finish()
    }
    if (!fits || !channel?.say(writer.take())) this.leftOut++
  }
}

/** An UPDATE that the recorder heard. */
function updateOf({ type, subtype, body }: MrtRecord): RecordedMessage | undefined {
  if (type !== mrtType.bgp4mp && type !== mrtType.bgp4mpEt) return undefined
  const recorded = decodeBgp4mp(subtype, body)
  if (recorded?.kind !== 'message' || recorded.sent) return undefined
  return recorded.octets[headerLength - 1] === messageType.update ? recorded : undefined
}

/** The next hop of a dump's attributes, and the others in their order. Undefined: they cannot be read, or there is none. */
function splitAttributes(bytes: Uint8Array): { nextHop: Uint8Array; others: Uint8Array } | undefined {
  const others: Uint8Array[] = []
  let nextHop: Uint8Array | undefined
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) return undefined
    const start = attributeValueStart(bytes, at)
    const end = attributeEnd(bytes, at)
    if (end > bytes.length) return undefined
    const code = bytes[at + 1]!
    if (code === attributeCode.nextHop) nextHop = bytes.subarray(start, end)
    else if (code === attributeCode.mpReach) nextHop = dumpedNextHop(bytes.subarray(start, end))
    else others.push(bytes.subarray(at, end))
    at = end
  }
  if (nextHop === undefined || ![4, 16, 32].includes(nextHop.length)) return undefined
  return { nextHop, others: Buffer.concat(others) }
}

/** RFC 6396 §4.3.4 writes the next hop alone; some write the whole attribute. */
function dumpedNextHop(value: Uint8Array): Uint8Array {
  if (value[0] === value.length - 1) return value.subarray(1)
  return value.subarray(4, 4 + (value[3] ?? 0))
}

function recordedConfig({ address, asNumber }: RecordedPeer, localAs: number): SpeakerPeer {
  return {
    name: address.toString(),
    address,
    port: 179,
    localAs,
    remoteAs: asNumber,
    holdTime: 0,
    connectRetryTime: 1,
    sendHoldTime: 0,
    passive: false,
    families: [4, 6],
    gracefulRestart: { enabled: false, restartTime: 0 },
    addPath: { send: 0, receive: true },
    extendedNextHop: true,
    nextHop: 'auto',
    routeReflectorClient: asNumber === localAs,
    importPolicy: ACCEPT,
    exportPolicy: REJECT,
  }
}
