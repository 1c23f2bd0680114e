/**
 * Messages out of a byte stream (RFC 4271 §4.1): any cutting of the stream into chunks gives the same messages. A message that lies whole
 * in a chunk is not copied; only a cut one is, and at most one message's worth is ever held.
 *
 *   framer.push(chunk); while (framer.next()) use(framer.type, framer.buffer, framer.start, framer.end)
 */

export class Framer {
  /** Message type code. */
  type = 0
  /** The body is `buffer[start, end)`, valid until the next call of `next` or `push`. */
  buffer: Uint8Array = new Uint8Array(0)
  start = 0
  end = 0

  /** Takes the next chunk, which is held (not copied) until `next` has returned false. */
  push(_chunk: Uint8Array): void {}

  /**
   * Moves to the next whole message; false when the rest of the chunk holds none.
   * @throws PeerFault 1/1, 1/2 or 1/3 (RFC 4271 §6.1)
   */
  next(): boolean {
    return false
  }
}
