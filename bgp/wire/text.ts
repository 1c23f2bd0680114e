/** Text inside messages: UTF-8 that a peer wrote and a person will see, perhaps on a terminal. */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** C0 and C1 controls, and what turns the direction of writing: what could make a terminal or a log line lie. */
const unprintable = /[\p{Cc}\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** Undefined when the octets are no UTF-8. What is not printable shows as U+FFFD. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes).replace(unprintable, '\ufffd')
  } catch (thrown) {
    if (thrown instanceof TypeError) return undefined
    throw thrown
  }
}

/** UTF-8 of at most `most` octets, cut off between characters. */
export function encodeText(text: string, most: number): Uint8Array {
  const bytes = new Uint8Array(most)
  return bytes.slice(0, new TextEncoder().encodeInto(text, bytes).written)
}
