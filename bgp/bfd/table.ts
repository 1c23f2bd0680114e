/**
 * The BFD sessions of one speaker: which of them a packet belongs to (RFC 5880 §6.3, RFC 5881 §3, RFC 5883 §4), whether it
 * came from near enough, and which sessions there are to be. Pure as the sessions are: its driver has the sockets.
 *
 * Rules: a packet that names a discriminator of ours counts only from the address of that session's peer; one that does
 * not is told by its addresses and interface. What is discarded is counted by reason and changes nothing. A session that
 * is not wanted any more says AdminDown until the peer must have heard it.
 */
import type { Address } from '../../lib/base/ip.ts'
import { type ControlPacket, type DiscardReason, decodePacket, encodePacket } from './packet.ts'
import { BfdSession, type SessionEffect, type SessionInput } from './session.ts'
import { type BfdSessionConfig, FULL_TTL } from './session-config.ts'
import type { BfdChange, BfdCounters, BfdSessionStatus } from './session-status.ts'

/** A datagram that came to one of the two ports. */
export interface Arrival {
  readonly bytes: Uint8Array
  readonly source: Address
  readonly destination: Address
  /** Name of the interface it came in by; '' where no session asks for one. */
  readonly interface: string
  /** TTL or hop limit as it arrived. */
  readonly ttl: number
  /** Whether it came to the port of RFC 5883. */
  readonly multihop: boolean
}

export type TableEffect =
  | { readonly type: 'send'; readonly discriminator: number; readonly bytes: Uint8Array }
  | { readonly type: 'change'; readonly change: BfdChange }
  /** The session of this number is no more: nothing is sent for it again. */
  | { readonly type: 'end'; readonly discriminator: number }

interface Entry {
  config: BfdSessionConfig
  readonly session: BfdSession
  /** When `timer` is due. */
  due: number
  /** When a session that says AdminDown ends. */
  endsAt: number
  sent: number
  received: number
  /** Revision of the status that was told last. */
  told: number
}

export class BfdTable {
  readonly #random: () => number
  /** By our discriminator: also those that are leaving. */
  readonly #entries = new Map<number, Entry>()
  readonly #byName = new Map<string, Entry>()
  /** By the peer's address. */
  readonly #byRemote = new Map<string, Set<Entry>>()
  /** Those whose status may have something else to say than was told. */
  readonly #changed = new Set<Entry>()
  readonly #discarded = new Map<DiscardReason, number>()

  /** @param random in [0, 1) at each call */
  constructor(random: () => number) {
    this.#random = random
  }

  /** Makes the sessions these; names are unique. Those whose ends did not change are not interrupted. */
  want(configs: readonly BfdSessionConfig[], now: number): TableEffect[] {
    const effects: TableEffect[] = []
    const wanted = new Map(configs.map(config => [config.name, config]))
    for (const [name, entry] of [...this.#byName]) {
      const config = wanted.get(name)
      if (config === undefined || endsOf(config) !== endsOf(entry.config)) this.#disable(entry, now, effects)
    }
    for (const config of wanted.values()) {
      const entry = this.#byName.get(config.name)
      if (entry === undefined) this.#add(config, now)
      else this.#configure(entry, config, now, effects)
    }
    return effects
  }

  receive(arrival: Arrival, now: number): TableEffect[] {
    const packet = decodePacket(arrival.bytes)
    const entry = typeof packet === 'string' ? packet : this.#find(packet, arrival)
    if (typeof entry === 'string') {
      this.#discarded.set(entry, (this.#discarded.get(entry) ?? 0) + 1)
      return []
    }
    const effects: TableEffect[] = []
    entry.received++
    this.#handle(entry, { type: 'packet', packet: packet as ControlPacket }, now, effects)
    return effects
  }

  /** Does what is due. */
  expire(now: number): TableEffect[] {
    const effects: TableEffect[] = []
    for (const [discriminator, entry] of this.#entries) {
      if (now >= entry.endsAt) {
        this.#entries.delete(discriminator)
        effects.push({ type: 'end', discriminator })
      } else if (now >= entry.due) this.#handle(entry, { type: 'timer' }, now, effects)
    }
    return effects
  }

  /** When `expire` has something to do, ms; Infinity: never. */
  deadline(): number {
    let due = Number.POSITIVE_INFINITY
    for (const entry of this.#entries.values()) {
      if (entry.due < due) due = entry.due
      if (entry.endsAt < due) due = entry.endsAt
    }
    return due
  }

  /** Undefined: there is none of this discriminator. */
  config(discriminator: number): BfdSessionConfig | undefined {
    return this.#entries.get(discriminator)?.config
  }

  /** There is something to say of the session that it does not know itself. */
  touch(discriminator: number): void {
    const entry = this.#entries.get(discriminator)
    if (entry !== undefined) this.#tell(entry)
  }

  /** The sessions that have something to say since this was asked last. */
  takeNews(): Omit<BfdSessionStatus, 'sendError'>[] {
    const news = Array.from(this.#changed, ({ config, session }) => ({ name: config.name, ...session.status() }))
    this.#changed.clear()
    return news
  }

  counters(): BfdCounters {
    return {
      sessions: new Map(Array.from(this.#byName, ([name, { sent, received }]) => [name, { sent, received }])),
      discarded: Object.fromEntries(this.#discarded),
    }
  }

  #add(config: BfdSessionConfig, now: number): void {
    const session = new BfdSession(this.#newDiscriminator(), config, now, this.#random())
    const entry: Entry = {
      config,
      session,
      due: session.deadline(),
      endsAt: Number.POSITIVE_INFINITY,
      sent: 0,
      received: 0,
      told: session.revision,
    }
    this.#changed.add(entry)
    this.#entries.set(session.discriminator, entry)
    this.#byName.set(config.name, entry)
    const remote = config.remote.toString()
    this.#byRemote.set(remote, (this.#byRemote.get(remote) ?? new Set()).add(entry))
  }

  #configure(entry: Entry, config: BfdSessionConfig, now: number, effects: TableEffect[]): void {
    const { transmit, receive, multiplier } = entry.config
    const same = transmit === config.transmit && receive === config.receive && multiplier === config.multiplier
    entry.config = config
    if (!same) this.#handle(entry, { type: 'configure', timers: config }, now, effects)
  }

  #disable(entry: Entry, now: number, effects: TableEffect[]): void {
    const remote = entry.config.remote.toString()
    const others = this.#byRemote.get(remote)
    this.#byName.delete(entry.config.name)
    this.#changed.delete(entry)
    if (others?.delete(entry) && others.size === 0) this.#byRemote.delete(remote)
    this.#handle(entry, { type: 'disable' }, now, effects)
    entry.endsAt = now + entry.session.remoteDetectionTime
  }

  /** The session that the packet is for, or why there is none. */
  #find(packet: ControlPacket, arrival: Arrival): Entry | DiscardReason {
    const { yourDiscriminator } = packet
    let entry: Entry | undefined
    if (yourDiscriminator === 0) {
      const known = this.#byRemote.get(arrival.source.toString()) ?? []
      entry = [...known].find(({ config }) => isFor(config, arrival))
      if (entry === undefined) return 'unknownPeer'
    } else {
      entry = this.#entries.get(yourDiscriminator)
      if (entry === undefined) return 'unknownDiscriminator'
      if (!isFor(entry.config, arrival)) return 'otherPeer'
    }
    return arrival.ttl < (entry.config.multihop?.leastTtl ?? FULL_TTL) ? 'ttl' : entry
  }

  #handle(entry: Entry, input: SessionInput, now: number, effects: TableEffect[]): void {
    const { session, config } = entry
    for (const effect of session.handle(input, now, this.#random()))
      effects.push(this.#effect(entry, effect, config.name))
    entry.due = session.deadline()
    if (entry.told !== session.revision) this.#tell(entry)
  }

  /** Of those that are leaving nothing is told. */
  #tell(entry: Entry): void {
    entry.told = entry.session.revision
    if (this.#byName.get(entry.config.name) === entry) this.#changed.add(entry)
  }

  #effect(entry: Entry, effect: SessionEffect, name: string): TableEffect {
    if (effect.type === 'send') {
      entry.sent++
      return { type: 'send', discriminator: entry.session.discriminator, bytes: encodePacket(effect.packet) }
    }
    const { up, failure, independent, reason } = effect
    return { type: 'change', change: { name, up, failure, independent, reason } }
  }

  /** §6.8.1: unique here, and random, so that one who cannot see our packets cannot guess it. */
  #newDiscriminator(): number {
    for (;;) {
      const number = Math.floor(this.#random() * 0xffffffff) + 1
      if (!this.#entries.has(number)) return number
    }
  }
}

function isFor(config: BfdSessionConfig, arrival: Arrival): boolean {
  return (
    arrival.multihop === (config.multihop !== undefined) &&
    arrival.source.equals(config.remote) &&
    (config.local === undefined || arrival.destination.equals(config.local)) &&
    (config.interface === undefined || arrival.interface === config.interface)
  )
}

/** What a session cannot change while it lives, as text. */
function endsOf({ remote, local, interface: link, multihop }: BfdSessionConfig): string {
  return `${remote} ${local ?? ''} ${link ?? ''} ${multihop?.leastTtl ?? ''}`
}
