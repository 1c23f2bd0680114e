/** In what form, not in what content, a daemon's message differs from what our encoder makes of it. */
import { attributeEnd, attributeValueStart } from '../../bgp/wire/attribute-header.ts'
import { attributeFlag, headerLength, messageType } from '../../bgp/wire/iana.ts'
import { readUint16 } from '../../bgp/wire/octets.ts'

/** The reasons, or '' when the octets are equal. */
export function formOf(theirs: Uint8Array, ours: Uint8Array): string {
  if (Buffer.compare(theirs, ours) === 0) return ''
  if (theirs[headerLength - 1] === messageType.open) return 'capabilities in more than one parameter'
  const reasons: string[] = []
  const attributes = attributesOf(theirs)
  const own = attributesOf(ours)
  const counterpart = (code: number) => own.find(attribute => attribute.code === code)
  if (attributes.map(({ code }) => code).join() !== own.map(({ code }) => code).join())
    reasons.push('attributes in another order')
  if (attributes.some(({ code, flags }) => (flags ^ (counterpart(code)?.flags ?? 0)) & attributeFlag.extendedLength))
    reasons.push('another form of length')
  if (attributes.some(({ code, flags }) => (flags ^ (counterpart(code)?.flags ?? 0)) & attributeFlag.partial))
    reasons.push('the Partial bit of an AS4_ attribute')
  return reasons.join(', ') || 'unexplained'
}

function attributesOf(message: Uint8Array) {
  const start = headerLength + 2 + readUint16(message, headerLength) + 2
  const end = start + readUint16(message, start - 2)
  const found: { code: number; flags: number; nextHopLength: number }[] = []
  for (let at = start; at < end; at = attributeEnd(message, at))
    found.push({
      code: message[at + 1]!,
      flags: message[at]!,
      nextHopLength: message[attributeValueStart(message, at) + 3]!,
    })
  return found
}
