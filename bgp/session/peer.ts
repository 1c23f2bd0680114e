/**
 * One peering: the connection it dials, the one that the peer dialled meanwhile, and which of the two stays. Pure: time
 * and chance come in as values, and all that is to happen goes out as effects.
 */
import type { LocalIdentity, PeerConfig } from './config.ts'
import type { PeerEffect } from './effect.ts'
import type { ConnectionId, PeerInput } from './input.ts'
import type { SessionStatus } from './status.ts'

export class Peer {
  /** Idle until `start`. */
  constructor(_config: PeerConfig, _local: LocalIdentity) {
    throw new Error('not yet written')
  }

  get config(): PeerConfig {
    throw new Error('not yet written')
  }

  /** A number for a connection that the peer has opened; those of `dial` effects are from the same series. */
  newConnection(): ConnectionId {
    throw new Error('not yet written')
  }

  /**
   * @param now ms on a monotonic clock
   * @param random in [0, 1), for jitter
   */
  handle(_input: PeerInput, _now: number, _random: number): PeerEffect[] {
    throw new Error('not yet written')
  }

  /**
   * The short way for UPDATE and KEEPALIVE in Established: restarts the hold time, allocates nothing. False when this
   * connection is not the Established one; then the message goes through `handle`.
   */
  received(_connection: ConnectionId, _type: 'update' | 'keepalive', _now: number): boolean {
    throw new Error('not yet written')
  }

  /**
   * Takes a new configuration or identity. What a live session cannot change ends it with Cease / Other Configuration
   * Change and starts it anew (`resetReason` says which); everything else counts from now on.
   */
  reconfigure(_config: PeerConfig, _local: LocalIdentity, _now: number, _random: number): PeerEffect[] {
    throw new Error('not yet written')
  }

  /** When `timer` is due, ms on the clock of `now`; Infinity: never. Ask again after every call; cheap. */
  deadline(): number {
    throw new Error('not yet written')
  }

  status(): SessionStatus {
    throw new Error('not yet written')
  }
}
