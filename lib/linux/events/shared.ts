/** What the monitor of kernel events and its thread share. */

/** Shared with the monitor as numbers; see the indices. */
export interface ThreadData {
  /** Netlink socket, not blocking, its groups joined. */
  readonly socket: number
  /** eventfd: look at the shared numbers again. */
  readonly wake: number
  /** An Int32Array of `Shared` indices. */
  readonly shared: SharedArrayBuffer
}

/** Octets of one or more datagrams, each a row of messages; or: some were lost. */
export type ThreadPost = { readonly datagrams: readonly Uint8Array[] } | 'overflow'

export const Shared = {
  /** Posts that the monitor has not taken yet. */
  outstanding: 0,
  /** 1: end. */
  ending: 1,
} as const

/** More than this wait in the kernel, whose overflow is told: memory stays bounded when the monitor is slow. */
export const OUTSTANDING_LIMIT = 32
