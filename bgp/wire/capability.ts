/**
 * Capabilities (RFC 5492): one row per capability that this speaker understands; every other, and an understood one with
 * malformed content, stays as its octets, so that nothing an OPEN said is lost and a broken extra costs no session.
 */

export type Capability =
  | { readonly type: 'multiprotocol'; readonly afi: number; readonly safi: number }
  | { readonly type: 'routeRefresh' }
  | GracefulRestartCapability
  | { readonly type: 'fourOctetAs'; readonly asNumber: number }
  | { readonly type: 'unknown'; readonly code: number; readonly value: Uint8Array }

/** RFC 4724 §3, with the N bit of RFC 8538 §2. */
export interface GracefulRestartCapability {
  readonly type: 'gracefulRestart'
  /** R bit: this speaker has restarted. */
  readonly restarting: boolean
  /** N bit: graceful restart also after a NOTIFICATION. */
  readonly notification: boolean
  /** Seconds, 0 to 4095. */
  readonly restartTime: number
  /** `forwarding` is the F bit: forwarding state of the family was kept. */
  readonly families: readonly { readonly afi: number; readonly safi: number; readonly forwarding: boolean }[]
}
