/**
 * UPDATE as the receiver's hot path: one reader per session, used again for each message, allocates nothing for a good one.
 * It judges the whole message (RFC 4271 §6.3, RFC 7606) and leaves ranges of NLRI and one run of canonical attribute bytes.
 * It knows no route, no policy and no table.
 */
import type { Family } from '../../lib/base/ip.ts'

/** What the session negotiated that changes how an UPDATE reads. */
export interface UpdateContext {
  /** Whether AS_PATH and AGGREGATOR carry 4-octet AS numbers (RFC 6793: both sides sent the capability). */
  readonly fourOctetAs: boolean
  readonly internal: boolean
  readonly families: readonly Family[]
  readonly localAs: number
  readonly peerAs: number
}

/** An attribute that was malformed, and what it cost (RFC 7606 §2). Worth a log line. */
export interface AttributeFault {
  /** Attribute type code. */
  readonly attribute: number
  readonly verdict: 'discard' | 'withdraw'
  readonly reason: string
}

export class UpdateReader {
  /** Classic IPv4 fields as ranges of the buffer given to `read`; each NLRI's length octet is judged, its host bits are not cleared. */
  withdrawnStart = 0
  withdrawnEnd = 0
  nlriStart = 0
  nlriEnd = 0
  /** NLRI inside MP_REACH_NLRI and MP_UNREACH_NLRI (RFC 4760), ranges of the same buffer; family 0 when absent or not negotiated. */
  mpReachFamily: Family | 0 = 0
  mpReachStart = 0
  mpReachEnd = 0
  mpUnreachFamily: Family | 0 = 0
  mpUnreachStart = 0
  mpUnreachEnd = 0
  /** The family whose End-of-RIB this message is (RFC 4724 §2), else 0. */
  endOfRib: Family | 0 = 0
  /** `withdraw`: everything in NLRI and MP_REACH is to be taken as withdrawn; the message's own withdrawals stand as well. */
  verdict: 'accept' | 'withdraw' = 'accept'
  readonly faults: AttributeFault[] = []
  /**
   * Canonical attribute bytes: `attributes[0, attributesEnd)`, valid until the next `read`. In type order, each at most once, flags and
   * length form normalised, AS numbers of 4 octets; without NEXT_HOP, MP_REACH, MP_UNREACH, AS4_*; without what this
   * kind of session must ignore (LOCAL_PREF, ORIGINATOR_ID, CLUSTER_LIST from outside; unknown non-transitive ones).
   * Unknown transitive ones carry the Partial bit (RFC 4271 §9). Equal bytes ⇔ equal attributes. Read them with DecisionKeys.
   */
  readonly attributes = new Uint8Array(4 * 4096)
  attributesEnd = 0
  /** This message's attribute octets are those of the message read before: canonical bytes and next hop are unchanged. */
  repeated = false
  /** NEXT_HOP of the classic NLRI, meaningful when there is any. Syntax is judged, meaning (0.0.0.0, own address …) is not. */
  nextHop4 = 0
  /** Next hop of MP_REACH: 4 or 16 octets. A link-local second half (RFC 2545 §3) is left out. */
  readonly mpNextHop = new Uint8Array(16)
  mpNextHopLength: 0 | 4 | 16 = 0

  readonly context: UpdateContext

  constructor(context: UpdateContext) {
    this.context = context
  }

  /**
   * Reads the body of one UPDATE, `buffer[start, end)`, as the Framer left it.
   * @throws PeerFault when the session must be reset
   */
  read(_buffer: Uint8Array, _start: number, _end: number): void {
    throw new Error('not yet written')
  }
}
