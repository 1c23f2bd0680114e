/**
 * One slice of Adj-RIB-Out changes, sorted and packed: prefixes with the same announcement share UPDATEs, and everything
 * that came from one source peer lies in one range of the result, so that the source itself can be sent the rest. Encodes
 * once; knows neither members nor why something changed.
 *
 * What is announced is an entry of the Adj-RIB-Out: a prefix or, where the form has path ids, a path. Buckets are lists
 * through arrays sized to the slice: nothing is allocated per entry.
 */
import { resized } from '../../lib/base/typed-array.ts'
import { UpdateWriter } from '../wire/update-writer.ts'
import type { AnnouncementTable } from './announcement-table.ts'
import type { ExportRule } from './export-rule.ts'
import type { PathTable } from './path-table.ts'

/** Most changes of one batch. */
export const BATCH_SIZE = 8192

export class UpdateBatch {
  readonly #announcements: AnnouncementTable
  readonly #writer = new UpdateWriter()
  readonly #octets = new Uint8Array(16)
  /** By place: an entry of the Adj-RIB-Out, and the next place of the bucket. */
  readonly #content = new Int32Array(BATCH_SIZE)
  readonly #nextPlace = new Int32Array(BATCH_SIZE)
  #places = 0
  /** By bucket: the announcement (0: withdrawals), first and last place, next bucket of the source. */
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
    return this.#places === 0
  }

  get isFull(): boolean {
    return this.#places === BATCH_SIZE
  }

  announce(entry: number, announcement: number): void {
    if (announcement >= this.#bucketOf.length) this.#bucketOf = resized(this.#bucketOf, this.#announcements.capacity)
    let bucket = this.#bucketOf[announcement]!
    if (bucket === 0) {
      bucket = this.#open(this.#announcements.peer[announcement]!, announcement)
      this.#bucketOf[announcement] = bucket
    }
    this.#add(bucket, entry)
  }

  /** @param source the peer that what is withdrawn came from */
  withdraw(entry: number, source: number): void {
    if (source >= this.#firstBucket.length) this.#growSources(source)
    let bucket = this.#withdrawalsOf[source]!
    if (bucket === 0) {
      bucket = this.#open(source, 0)
      this.#withdrawalsOf[source] = bucket
    }
    this.#add(bucket, entry)
  }

  /**
   * Encodes everything and starts anew. The result is not written to again.
   * @param unsendable called for an entry whose attributes fit no message; it is withdrawn instead
   */
  encode(table: PathTable, rule: ExportRule, unsendable: (entry: number) => void): Uint8Array {
    const writer = this.#writer
    rule.begin()
    for (const source of this.#sources) {
      this.#rangeStart[source] = writer.length
      for (let bucket = this.#firstBucket[source]!; bucket !== 0; bucket = this.#nextBucket[bucket]!)
        this.#encodeBucket(bucket, table, rule, unsendable)
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

  /** Forgets the last result's sources and places. */
  clear(): void {
    for (let bucket = 1; bucket <= this.#buckets; bucket++) this.#bucketOf[this.#announcement[bucket]!] = 0
    for (const source of this.#sources) {
      this.#firstBucket[source] = this.#withdrawalsOf[source] = 0
      this.#rangeStart[source] = this.#rangeEnd[source] = 0
    }
    this.#sources.length = 0
    this.#buckets = 0
    this.#places = 0
  }

  /** One run of withdrawals outside of any batch, for a single peer. */
  encodeWithdrawals(table: PathTable, rule: ExportRule, entries: readonly number[]): Uint8Array {
    const writer = this.#writer
    writer.withdraw(rule.form)
    for (const entry of entries) this.#writeEntry(table, rule, entry)
    writer.finish()
    return writer.take()
  }

  #encodeBucket(bucket: number, table: PathTable, rule: ExportRule, unsendable: (entry: number) => void): void {
    const writer = this.#writer
    const announcement = this.#announcement[bucket]!
    let fits = announcement !== 0
    if (fits) {
      const end = rule.rewrite(announcement)
      fits = writer.announce(rule.rewritten, 0, end, rule.nextHop(announcement), rule.form)
    }
    if (!fits) writer.withdraw(rule.form)
    for (let place = this.#first[bucket]!; place !== -1; place = this.#nextPlace[place]!) {
      const entry = this.#content[place]!
      this.#writeEntry(table, rule, entry)
      if (!fits && announcement !== 0) unsendable(entry)
    }
    writer.finish()
  }

  #writeEntry({ prefixes, prefix }: PathTable, { form }: ExportRule, entry: number): void {
    const id = form.addPath ? prefix[entry]! : entry
    prefixes.write(id, this.#octets, 0)
    this.#writer.add(this.#octets, 0, prefixes.lengthOf(id), entry)
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

  #add(bucket: number, entry: number): void {
    const place = this.#places++
    this.#content[place] = entry
    this.#nextPlace[place] = -1
    const last = this.#last[bucket]!
    if (last === -1) this.#first[bucket] = place
    else this.#nextPlace[last] = place
    this.#last[bucket] = place
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
