/**
 * One slice of Adj-RIB-Out changes, sorted and packed: prefixes with the same announcement share UPDATEs, and everything
 * that came from one source peer lies in one range of the result, so that the source itself can be sent the rest. Encodes
 * once; knows neither members nor why something changed.
 *
 * Buckets are lists through arrays sized to the slice: nothing is allocated per prefix.
 */
import type { Family } from '../../lib/base/ip.ts'
import type { PrefixTable } from '../../lib/base/prefix-table.ts'
import type { NlriForm } from '../wire/nlri.ts'
import { UpdateWriter } from '../wire/update-writer.ts'
import type { AnnouncementTable } from './announcement-table.ts'
import type { ExportRule } from './export-rule.ts'
import { resized } from './typed-array.ts'

/** Most changes of one batch. */
export const BATCH_SIZE = 8192

export class UpdateBatch {
  readonly #announcements: AnnouncementTable
  readonly #writer = new UpdateWriter()
  readonly #octets = new Uint8Array(16)
  /** By entry. */
  readonly #prefix = new Int32Array(BATCH_SIZE)
  readonly #nextEntry = new Int32Array(BATCH_SIZE)
  #entries = 0
  /** By bucket: the announcement (0: withdrawals), first and last entry, next bucket of the source. */
  readonly #announcement = new Int32Array(BATCH_SIZE + 1)
  readonly #first = new Int32Array(BATCH_SIZE + 1)
  readonly #last = new Int32Array(BATCH_SIZE + 1)
  readonly #nextBucket = new Int32Array(BATCH_SIZE + 1)
  #buckets = 0
  /** Bucket of an announcement, and of a source's withdrawals; 0: none yet (buckets start at 1). */
  #bucketOf = new Int32Array(64)
  #withdrawalsOf = new Int32Array(16)
  /** By source peer: its buckets, and its range of the result. */
  #firstBucket = new Int32Array(16)
  #lastBucket = new Int32Array(16)
  #rangeStart = new Int32Array(16)
  #rangeEnd = new Int32Array(16)
  readonly #sources: number[] = []

  constructor(announcements: AnnouncementTable) {
    this.#announcements = announcements
  }

  get isEmpty(): boolean {
    return this.#entries === 0
  }

  announce(prefix: number, announcement: number): void {
    if (announcement >= this.#bucketOf.length) this.#bucketOf = resized(this.#bucketOf, this.#announcements.capacity)
    let bucket = this.#bucketOf[announcement]!
    if (bucket === 0) {
      bucket = this.#open(this.#announcements.peer[announcement]!, announcement)
      this.#bucketOf[announcement] = bucket
    }
    this.#add(bucket, prefix)
  }

  /** @param source the peer that what is withdrawn came from */
  withdraw(prefix: number, source: number): void {
    if (source >= this.#firstBucket.length) this.#growSources(source)
    let bucket = this.#withdrawalsOf[source]!
    if (bucket === 0) {
      bucket = this.#open(source, 0)
      this.#withdrawalsOf[source] = bucket
    }
    this.#add(bucket, prefix)
  }

  /**
   * Encodes everything and starts anew. The result is not written to again.
   * @param unsendable called for a prefix whose attributes fit no message; it is withdrawn instead
   */
  encode(prefixes: PrefixTable, rule: ExportRule, unsendable: (prefix: number) => void): Uint8Array {
    const writer = this.#writer
    rule.begin()
    for (const source of this.#sources) {
      this.#rangeStart[source] = writer.length
      for (let bucket = this.#firstBucket[source]!; bucket !== 0; bucket = this.#nextBucket[bucket]!)
        this.#encodeBucket(bucket, prefixes, rule, unsendable)
      this.#rangeEnd[source] = writer.length
    }
    return writer.take()
  }

  /** The part of the last result that a peer may have: all but what came from itself. */
  partFor(peer: number, bytes: Uint8Array): Uint8Array[] {
    const isSource = peer < this.#rangeStart.length && this.#rangeStart[peer] !== this.#rangeEnd[peer]
    const parts = !isSource
      ? [bytes]
      : [bytes.subarray(0, this.#rangeStart[peer]!), bytes.subarray(this.#rangeEnd[peer]!)]
    return parts.filter(part => part.length > 0)
  }

  /** Forgets the last result's sources and entries. */
  clear(): void {
    for (let bucket = 1; bucket <= this.#buckets; bucket++) this.#bucketOf[this.#announcement[bucket]!] = 0
    for (const source of this.#sources) {
      this.#firstBucket[source] = this.#withdrawalsOf[source] = 0
      this.#rangeStart[source] = this.#rangeEnd[source] = 0
    }
    this.#sources.length = 0
    this.#buckets = 0
    this.#entries = 0
  }

  /** One run of withdrawals outside of any batch, for a single peer. */
  encodeWithdrawals(prefixes: PrefixTable, ids: readonly number[]): Uint8Array {
    const writer = this.#writer
    writer.withdraw(plainForm(prefixes.family, true))
    for (const id of ids) this.#writePrefix(prefixes, id)
    writer.finish()
    return writer.take()
  }

  #encodeBucket(bucket: number, prefixes: PrefixTable, rule: ExportRule, unsendable: (prefix: number) => void): void {
    const writer = this.#writer
    const announcement = this.#announcement[bucket]!
    const form = plainForm(prefixes.family, rule.encoding.fourOctetAs)
    let fits = announcement !== 0
    if (fits) {
      const end = rule.rewrite(announcement)
      fits = writer.announce(rule.rewritten, 0, end, rule.nextHop(announcement), form)
    }
    if (!fits) writer.withdraw(form)
    for (let entry = this.#first[bucket]!; entry !== -1; entry = this.#nextEntry[entry]!) {
      this.#writePrefix(prefixes, this.#prefix[entry]!)
      if (!fits && announcement !== 0) unsendable(this.#prefix[entry]!)
    }
    writer.finish()
  }

  #writePrefix(prefixes: PrefixTable, id: number): void {
    prefixes.write(id, this.#octets, 0)
    this.#writer.add(this.#octets, 0, prefixes.lengthOf(id))
  }

  #open(source: number, announcement: number): number {
    if (source >= this.#firstBucket.length) this.#growSources(source)
    const bucket = ++this.#buckets
    this.#announcement[bucket] = announcement
    this.#first[bucket] = this.#last[bucket] = -1
    this.#nextBucket[bucket] = 0
    if (this.#firstBucket[source] === 0) {
      this.#sources.push(source)
      this.#firstBucket[source] = bucket
    } else this.#nextBucket[this.#lastBucket[source]!] = bucket
    this.#lastBucket[source] = bucket
    return bucket
  }

  #add(bucket: number, prefix: number): void {
    const entry = this.#entries++
    this.#prefix[entry] = prefix
    this.#nextEntry[entry] = -1
    const last = this.#last[bucket]!
    if (last === -1) this.#first[bucket] = entry
    else this.#nextEntry[last] = entry
    this.#last[bucket] = entry
  }

  #growSources(source: number): void {
    const length = Math.max(source + 1, 2 * this.#firstBucket.length)
    this.#withdrawalsOf = resized(this.#withdrawalsOf, length)
    this.#firstBucket = resized(this.#firstBucket, length)
    this.#lastBucket = resized(this.#lastBucket, length)
    this.#rangeStart = resized(this.#rangeStart, length)
    this.#rangeEnd = resized(this.#rangeEnd, length)
  }
}

/** Without add-path, extended next hops and extended messages. */
function plainForm(family: Family, fourOctetAs: boolean): NlriForm {
  return { family, fourOctetAs, addPath: false, extendedNextHop: false, maxLength: 4096 }
}
