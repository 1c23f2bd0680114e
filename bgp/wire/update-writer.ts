/**
 * UPDATE as the sender's hot path: packs NLRI with equal attributes into as few messages as fit, one after another in one
 * growing buffer. Nothing is allocated per prefix. It knows no route and no peer; the caller notes `length` before and
 * after a bucket to know the bucket's bytes (always whole messages after `finish`).
 *
 *   writer.announce(attributes, 0, end, nextHop, 4, true) && (writer.add(bytes, at, 24), …, writer.finish())
 *   writer.withdraw(4); writer.add(bytes, at, 24); …; writer.finish()
 */
import type { Family } from '../../lib/base/ip.ts'

export class UpdateWriter {
  /** The buffer written so far: `bytes[0, length)`. Replaced when it grows or is taken. */
  bytes: Uint8Array = new Uint8Array(65536)
  length = 0

  /**
   * Opens a bucket of announcements.
   * @param attributes canonical attribute bytes `[start, end)`, already rewritten for export; not copied until `finish`
   * @param nextHop 4 octets for IPv4; 16, or 32 with a link-local second, for IPv6
   * @returns false, and nothing is opened, when these attributes leave no room for one NLRI of any length in 4096 octets:
   *   the routes cannot be advertised
   */
  announce(
    _attributes: Uint8Array,
    _start: number,
    _end: number,
    _nextHop: Uint8Array,
    _family: Family,
    _fourOctetAs: boolean,
  ): boolean {
    return false
  }

  /** Opens a bucket of withdrawals. */
  withdraw(_family: Family): void {}

  /** Adds one NLRI to the open bucket: the first ceil(prefixLength / 8) octets at `bytes[at]`, host bits zero. */
  add(_bytes: Uint8Array, _at: number, _prefixLength: number): void {}

  /** Closes the open bucket. */
  finish(): void {}

  /** End-of-RIB (RFC 4724 §2). */
  endOfRib(_family: Family): void {}

  /** Hands over what was written, to be kept by sockets as long as they like; the writer starts empty. */
  take(): Uint8Array {
    return this.bytes
  }
}
