/**
 * A world for speakers without sockets: a clock that moves by hand and a network in memory, deterministic to the last
 * octet. Every chunk arrives in a turn of its own; a link can be cut (silence), refused, or blocked (a full window).
 */

import {
  type Channel,
  ChannelEvents,
  type Clock,
  type DialOptions,
  type Listener,
  type Transport,
} from '../../bgp/transport.ts'
import { WorldFault } from '../../lib/base/failure.ts'
import type { Address } from '../../lib/base/ip.ts'

interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

export class MemoryClock implements Clock {
  #now = 0
  #order = 0
  #events: Event[] = []
  #seed: number

  constructor(seed = 1) {
    this.#seed = seed
  }

  now(): number {
    return this.#now
  }

  /** Park–Miller: enough for jitter, and the same in every run. */
  random(): number {
    this.#seed = (this.#seed * 48271) % 0x7fffffff
    return this.#seed / 0x7fffffff
  }

  wake(at: number, run: () => void): () => void {
    const event = { at: Math.max(at, this.#now), order: this.#order++, run }
    this.#events.push(event)
    return () => {
      this.#events = this.#events.filter(other => other !== event)
    }
  }

  yield(run: () => void): void {
    this.wake(this.#now, run)
  }

  /** The process was not run for so long: nothing happens before the next `advance`, and all that was due then is late. */
  jump(ms: number): void {
    this.#now += ms
  }

  /** Runs all that is due in the next `ms` milliseconds, in order. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (let steps = 0; ; steps++) {
      if (steps > 1_000_000) throw new Error('the clock does not come to rest')
      this.#events.sort((a, b) => a.at - b.at || a.order - b.order)
      const next = this.#events[0]
      if (next === undefined || next.at > end) break
      this.#events.shift()
      this.#now = Math.max(this.#now, next.at)
      next.run()
    }
    this.#now = end
  }
}

class MemoryChannel extends ChannelEvents implements Channel {
  readonly local: Address
  readonly remote: Address
  readonly interface = undefined
  readonly #network: MemoryNetwork
  #other: MemoryChannel | undefined
  #state: 'open' | 'closing' | 'closed' = 'open'
  #held: Uint8Array[] = []

  constructor(network: MemoryNetwork, local: Address, remote: Address) {
    super()
    this.#network = network
    this.local = local
    this.remote = remote
  }

  join(other: MemoryChannel): void {
    this.#other = other
  }

  get bufferedBytes(): number {
    return this.#held.reduce((sum, chunk) => sum + chunk.length, 0)
  }

  get closed(): boolean {
    return this.#state === 'closed'
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#state !== 'open') return true
    this.#held.push(...chunks)
    this.flush()
    return this.#held.length === 0
  }

  /** Hands what is held to the other end, unless the window is shut. */
  flush(): void {
    if (!this.#network.isBlocked(this)) this.release(this.#held.length)
  }

  /** Hands over so many chunks, blocked or not. */
  release(count: number): void {
    const chunks = this.#held.splice(0, count)
    for (const chunk of chunks) {
      this.#network.octets += chunk.length
      this.#network.later(this, () => this.#other?.receive(chunk))
    }
    if (chunks.length > 0 && this.#held.length === 0) this.#network.later(this, () => this.onDrain())
  }

  receive(chunk: Uint8Array): void {
    if (this.#state === 'open') this.onData(chunk)
  }

  close(): void {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.#network.later(this, () => this.end('closed'))
    this.#network.later(this, () => this.#other?.end('closed by the peer'))
  }

  destroy(): void {
    this.#held = []
    this.close()
  }

  end(reason: string): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.onClosed(reason)
  }
}

export class MemoryNetwork {
  readonly clock: MemoryClock
  readonly #listeners = new Map<string, (channel: Channel) => void>()
  readonly #cut = new Set<string>()
  readonly #blocked = new Set<string>()
  readonly #channels = new Set<MemoryChannel>()
  /** Octets that travelled, both ways. */
  octets = 0
  /** What was asked for at each dial. */
  readonly dials: DialOptions[] = []
  /** The sets of TCP MD5 keys that listeners were told. */
  readonly keys: Parameters<Listener['secure']>[0][] = []

  constructor(clock: MemoryClock) {
    this.clock = clock
  }

  /** The transport of one host. `addresses[0]` is where it dials from unless told otherwise. */
  host(...addresses: Address[]): Transport {
    return {
      dial: options =>
        this.#dial(options, options.localAddress ?? addresses.find(a => a.family === options.address.family)!),
      listen: (options, accept) => this.#listen(options, addresses, accept),
      attachment: local => {
        const of = (family: 4 | 6) => (family === local.family ? local : addresses.find(one => one.family === family))
        const [v4, v6] = [of(4), of(6)]
        return { self: { ...(v4 && { 4: v4 }), ...(v6 && { 6: v6 }) }, subnets: [] }
      },
    }
  }

  /** Segments from and to this address vanish until `mend`. */
  cut(address: Address): void {
    this.#cut.add(address.toString())
  }

  mend(address: Address): void {
    this.#cut.delete(address.toString())
  }

  /** What `from` sends to `to` stays in its buffers: `to` has stopped reading. */
  block(from: Address, to: Address): void {
    this.#blocked.add(`${from} ${to}`)
  }

  unblock(from: Address, to: Address): void {
    this.#blocked.delete(`${from} ${to}`)
    for (const channel of this.#channels) if (!this.isBlocked(channel)) channel.flush()
  }

  /** Lets one chunk through from a blocked sender, if it holds one. */
  trickle(from: Address, to: Address): void {
    for (const channel of this.#channels)
      if (channel.local.equals(from) && channel.remote.equals(to)) channel.release(1)
  }

  isBlocked(channel: Channel): boolean {
    return this.#blocked.has(`${channel.local} ${channel.remote}`)
  }

  /** Ends every connection of this address at both ends, as a process that is killed does. */
  reset(address: Address): void {
    for (const channel of [...this.#channels])
      if (channel.local.equals(address) || channel.remote.equals(address))
        this.later(channel, () => channel.end('connection reset'))
  }

  later(channel: MemoryChannel, run: () => void): void {
    if (this.#cut.has(channel.local.toString()) || this.#cut.has(channel.remote.toString())) return
    this.clock.yield(run)
  }

  #dial(options: DialOptions, local: Address): Channel {
    this.dials.push(options)
    const near = this.#add(new MemoryChannel(this, local, options.address))
    this.later(near, () => {
      const accept = this.#listeners.get(`${options.address} ${options.port}`)
      if (near.closed) return
      if (accept === undefined) return near.end('connection refused')
      const far = this.#add(new MemoryChannel(this, options.address, local))
      near.join(far)
      far.join(near)
      near.onConnect()
      accept(far)
    })
    return near
  }

  #listen(
    options: Parameters<Transport['listen']>[0],
    own: readonly Address[],
    accept: (channel: Channel) => void,
  ): Listener {
    const wanted = options.addresses.flatMap(address =>
      address.isUnspecified ? own.filter(one => one.family === address.family) : [address],
    )
    const keys = wanted.map(address => `${address} ${options.port}`)
    for (const key of keys)
      if (this.#listeners.has(key)) throw new WorldFault('EADDRINUSE', `${key} is in use`, { retry: true })
    for (const key of keys) this.#listeners.set(key, accept)
    this.keys.push(options.rules ?? [])
    return {
      secure: keys => {
        this.keys.push(keys)
      },
      close: () => {
        for (const key of keys) if (this.#listeners.get(key) === accept) this.#listeners.delete(key)
      },
    }
  }

  #add(channel: MemoryChannel): MemoryChannel {
    for (const old of this.#channels) if (old.closed) this.#channels.delete(old)
    this.#channels.add(channel)
    return channel
  }
}
