/** In what form, not in what content, a daemon's message differs from what our encoder makes of it. */
import { attributeEnd, attributeValueStart } from '../../bgp/wire/attribute-header.ts'
import { attributeCode, attributeFlag, headerLength, messageType } from '../../bgp/wire/iana.ts'
import { readUint16 } from '../../bgp/wire/octets.ts'

/** The reasons, or '' when the octets are equal. */
export function formOf(theirs: Uint8Array, ours: Uint8Array): string {
  if (Buffer.compare(theirs, ours) === 0) return ''
  if (theirs[headerLength - 1] === messageType.open) return 'capabilities in more than one parameter'
  const reasons: string[] = []
  const attributes = attributesOf(theirs)
  const codes = attributes.map(({ code }) => code)
  if (
    codes.join() !==
    attributesOf(ours)
      .map(({ code }) => code)
      .join()
  )
    reasons.push('attributes in another order')
  const multiprotocol = (code: number) => code === attributeCode.mpReach || code === attributeCode.mpUnreach
  if (attributes.some(({ code, extended, length }) => !multiprotocol(code) && extended && length < 256))
    reasons.push('an extended length where one octet would do')
  if (attributes.some(({ code, extended }) => multiprotocol(code) && extended !== theirs.length > 29))
    reasons.push('another form of length in a multiprotocol attribute')
  if (attributes.some(({ code, nextHopLength }) => code === attributeCode.mpReach && nextHopLength === 32))
    reasons.push('a link-local next hop beside the global one')
  return reasons.join(', ') || 'unexplained'
}

function attributesOf(message: Uint8Array) {
  const start = headerLength + 2 + readUint16(message, headerLength) + 2
  const end = start + readUint16(message, start - 2)
  const found: { code: number; extended: boolean; length: number; nextHopLength: number }[] = []
  for (let at = start; at < end; at = attributeEnd(message, at)) {
    const valueStart = attributeValueStart(message, at)
    found.push({
      code: message[at + 1]!,
      extended: (message[at]! & attributeFlag.extendedLength) !== 0,
      length: attributeEnd(message, at) - valueStart,
      nextHopLength: message[valueStart + 3]!,
    })
  }
  return found
}
