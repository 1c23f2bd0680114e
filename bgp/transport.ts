/**
 * What the speaker needs from the world around it: TCP, time and chance. bgp/io provides them on Linux; tests provide
 * a network in memory and a clock that moves by hand. The engine itself imports neither sockets nor timers.
 */
import type { Address } from '../lib/base/ip.ts'
import type { Prefix } from '../lib/base/prefix.ts'

/** TCP options of one peering that must be set before the first segment. */
export interface SessionSecurity {
  /** TCP MD5 key (RFC 2385), at most 80 octets. */
  readonly password?: string
  /** IP TTL or hop limit of what we send on connections that we dial, 1–255; absent: the kernel's default, any number of hops. */
  readonly ttl?: number
  /** What comes with a lower TTL or hop limit is dropped in silence (RFC 5082 §3), from the first segment on; 1–255. */
  readonly minimumTtl?: number
}

export interface DialOptions extends SessionSecurity {
  readonly address: Address
  readonly port: number
  readonly localAddress?: Address
  /** Name of the interface whose link a link-local `address` is on. */
  readonly interface?: string
}

/** What a channel tells its owner, who sets these at once. `onClosed` is the last one ever called, and called once. */
export class ChannelEvents {
  /** Dialled channels only: the handshake is done, `local` is known. */
  onConnect = (): void => {}
  onData = (_chunk: Uint8Array): void => {}
  /** All that was buffered has gone to the kernel. */
  onDrain = (): void => {}
  /** @param reason in words: `connection refused`, `closed by the peer`, `connection timed out` */
  onClosed = (_reason: string): void => {}
}

/** One TCP connection. */
export interface Channel extends ChannelEvents {
  readonly local: Address
  readonly remote: Address
  /** Name of the interface whose link the two ends are on, where they are link-local addresses. */
  readonly interface: string | undefined
  /** Octets accepted by `write` that the kernel has not taken yet. */
  readonly bufferedBytes: number
  /** Sends without copying: the arrays must not be written to afterwards. Returns false while some of it is buffered. */
  write(chunks: readonly Uint8Array[]): boolean
  /** Sends what is buffered, then FIN; `onClosed` comes within seconds, whether the other end reads or not. */
  close(): void
  /** Drops what is buffered. */
  destroy(): void
}

export interface ListenOptions {
  readonly addresses: readonly Address[]
  readonly port: number
}

/** What a listener asks of the segments from some addresses. Of several rules for an address the longest prefix counts. */
export interface ListenRule extends Pick<SessionSecurity, 'password' | 'minimumTtl'> {
  readonly from: Prefix
}

export interface Listener {
  /**
   * Replaces all rules. While any of them has a least TTL we answer with TTL 255, as the other end may ask the same of us.
   * @throws WorldFault where the kernel cannot take them
   */
  secure(rules: readonly ListenRule[]): void
  close(): void
}

export interface Transport {
  dial(options: DialOptions): Channel
  /**
   * @param rules hold from the first segment on; absent: there are none
   * @throws WorldFault such as EADDRINUSE
   */
  listen(
    options: ListenOptions & { readonly rules?: readonly ListenRule[] },
    accept: (channel: Channel) => void,
  ): Listener
  /**
   * Where `local` lives; asked when a session comes up.
   * @param interfaceName where it is a link-local address, which may live on several links
   */
  attachment(local: Address, interfaceName?: string): Attachment
}

/** The interface that holds one of our addresses. */
export interface Attachment {
  /** Our address per family there, the asked one included, no other link-local one: the next hops `self`. */
  readonly self: { readonly 4?: Address; readonly 6?: Address }
  /** Subnets of its addresses. */
  readonly subnets: readonly Prefix[]
}

export interface Clock {
  /** Milliseconds on a monotonic clock. */
  now(): number
  /** A number in [0, 1). */
  random(): number
  /** Runs once at or after `at`; returns how to cancel it. */
  wake(at: number, run: () => void): () => void
  /** Runs soon, after what the event loop already holds (sockets, timers): how long work gives way. */
  yield(run: () => void): void
}
