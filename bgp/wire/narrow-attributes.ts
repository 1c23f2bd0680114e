/**
 * Attributes for a peer that knows only 2-octet AS numbers (RFC 6793 §4.2.2): AS_TRANS where a number does not fit, and the
 * whole truth beside it in AS4_PATH and AS4_AGGREGATOR.
 */
import { asPathCount, pathNeedsFourOctets, writeNarrowPath } from './as-path.ts'
import { attributeEnd, attributeValueStart, writeAttributeHeader } from './attribute-header.ts'
import { asTrans, attributeCode, attributeFlag } from './iana.ts'
import { copyOctets, readUint32, writeUint16 } from './octets.ts'

const optionalTransitive = attributeFlag.optional | attributeFlag.transitive

/** Writes canonical attributes `source[start, end)` in the 2-octet form; returns the end, at most twice as far as the source is long. */
export function writeNarrowAttributes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  let pathStart = 0
  let pathEnd = 0
  let aggregatorStart = -1
  let before = 0
  for (let from = start; from <= end; ) {
    const code = from < end ? source[from + 1]! : 256
    if (before < attributeCode.as4Path && code > attributeCode.as4Path && pathEnd > pathStart)
      at = writeAs4(attributeCode.as4Path, source, pathStart, pathEnd, target, at)
    if (before < attributeCode.as4Aggregator && code > attributeCode.as4Aggregator && aggregatorStart !== -1)
      at = writeAs4(attributeCode.as4Aggregator, source, aggregatorStart, aggregatorStart + 8, target, at)
    if (from === end) break
    const valueStart = attributeValueStart(source, from)
    const next = attributeEnd(source, from)
    if (code === attributeCode.asPath) {
      at = writePath(source, valueStart, next, target, at)
      if (pathNeedsFourOctets(source, valueStart, next)) {
        pathStart = valueStart
        pathEnd = next
      }
    } else if (code === attributeCode.aggregator) {
      at = writeAggregator(source, from, valueStart, target, at)
      if (readUint32(source, valueStart) > 0xffff) aggregatorStart = valueStart
    } else {
      at = copyOctets(source, from, next, target, at)
    }
    before = code
    from = next
  }
  return at
}

function writeAs4(
  code: number,
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  const valueStart = writeAttributeHeader(target, at, optionalTransitive, code, end - start)
  return copyOctets(source, start, end, target, valueStart)
}

function writePath(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  const length = end - start - 2 * asPathCount(source, start, end, 4)
  const valueStart = writeAttributeHeader(target, at, attributeFlag.transitive, attributeCode.asPath, length)
  return writeNarrowPath(source, start, end, target, valueStart)
}

function writeAggregator(source: Uint8Array, from: number, valueStart: number, target: Uint8Array, at: number): number {
  const asNumber = readUint32(source, valueStart)
  const narrow = writeAttributeHeader(target, at, source[from]!, attributeCode.aggregator, 6)
  writeUint16(target, narrow, asNumber > 0xffff ? asTrans : asNumber)
  return copyOctets(source, valueStart + 4, valueStart + 8, target, narrow + 2)
}
