/**
 * Rows of an overlay: what is wanted, what the kernel holds, and the next change to make. Pure and mutable: tables, events
 * and answers come in as values; clock and chance are arguments. It knows no netlink.
 *
 * Rules:
 * - a row of somebody else at a key of ours is left alone: if it says the same it serves us, else our row waits for it;
 *   only a key that was named for a take-over is taken;
 * - a route of somebody else that goes before ours, for it has no metric, is left alone just so (a rival); where the key of
 *   ours was named for a take-over, it is deleted, but not before ours is there;
 * - what the kernel found out by itself (a dynamic neighbour, a learned FDB row) is nobody's and is replaced;
 * - a row of a former run stays until it is wanted or swept;
 * - rows are added in the order in which packets need them last (neighbour, FDB row, route, rule), and deleted the other
 *   way round.
 */
import { Patience } from '../table/patience.ts'
import { type OverlayRow, type RowKind, rowContent, rowKey } from './row.ts'

/** A row as the kernel holds it. */
export interface KernelRow {
  readonly row: OverlayRow
  readonly owner: 'ours' | 'foreign' | 'kernel'
  /** As `rowContent`, or other words where no row of ours could say so. */
  readonly content: string
  /** An FDB row that names an endpoint itself, where ours name a nexthop group: the kernel cannot replace it. */
  readonly plain?: true
  /** Not at the key itself: a route of somebody else to the same by the same device, which packets take before ours. */
  readonly rival?: true
}

export interface RowOperation {
  readonly key: string
  /** `exchange`: delete and add in one go, with a stand-in meanwhile; `displace`: delete the rival. */
  readonly change: 'add' | 'replace' | 'exchange' | 'delete' | 'displace'
  readonly row: OverlayRow
  /** What is there before, where something is. */
  readonly before: KernelRow | undefined
}

/**
 * - `installed`: there, and ours;
 * - `served`: somebody else's row at our key says the same, or a rival of ours leads there as well;
 * - `conflict`: somebody else's row at our key says something else;
 * - `pending`: not written yet, or refused and tried again.
 */
export type RowStatus = 'installed' | 'served' | 'conflict' | 'pending'

export interface RowState {
  readonly row: OverlayRow
  readonly status: RowStatus
  /** Why it is not installed; empty when it is. */
  readonly reason: string
  /** Times that it had to be put back, since the start. */
  readonly repairs: number
  /** Milliseconds on the plan's clock; undefined: never. */
  readonly installedAt: number | undefined
  readonly repairedAt: number | undefined
}

interface Entry {
  readonly id: number
  readonly key: string
  /** Index in ORDER. */
  readonly rank: number
  wanted: OverlayRow | undefined
  content: string
  actual: KernelRow | undefined
  /** It was installed, so that its absence is somebody's doing. */
  settled: boolean
  /** Wanted at some time of this run. */
  known: boolean
  contested: boolean
  repairs: number
  installedAt: number | undefined
  repairedAt: number | undefined
}

/** What packets need last comes first. */
const ORDER: readonly RowKind[] = ['neighbor', 'proxy', 'fdb', 'route', 'rule']

export class OverlayPlan {
  readonly #entries = new Map<string, Entry>()
  readonly #byId: (Entry | undefined)[] = []
  readonly #free: number[] = []
  /** Ids that the patience has room for. */
  #capacity = 0
  /** By rank. */
  readonly #toAdd = ORDER.map(() => new Set<Entry>())
  readonly #toDelete = ORDER.map(() => new Set<Entry>())
  /** In the order in which they are worked off. */
  readonly #queues = [...this.#toAdd, ...this.#toDelete.toReversed()]
  /** Whatever rival there could be, by the key that a row of ours has or would have. */
  readonly #rivals = new Map<string, KernelRow>()
  readonly #patience = new Patience()
  #taken: ReadonlySet<string> = new Set()
  #swept = false
  repairs = 0

  /** All that shall be there from now on. @param taken keys whose foreign rows are taken over */
  want(rows: readonly OverlayRow[], taken: ReadonlySet<string> = new Set()): void {
    const wanted = new Map(rows.map(row => [rowKey(row), row]))
    for (const entry of this.#entries.values())
      if (entry.wanted !== undefined && !wanted.has(entry.key)) {
        entry.wanted = undefined
        entry.settled = false
        this.#touch(entry)
      }
    for (const [key, row] of wanted) {
      const entry = this.#entry(key)
      const content = rowContent(row)
      const isNew = entry.wanted === undefined || entry.content !== content
      const isTaken = taken.has(key) && !this.#taken.has(key)
      entry.wanted = row
      entry.known = true
      if (!isNew && !isTaken) continue
      entry.content = content
      entry.settled = false
      this.#patience.settled(entry.id)
      this.#touch(entry)
    }
    this.#taken = taken
  }

  /** Whatever a former run left, and nobody has wanted, may go. */
  sweep(): void {
    this.#swept = true
    for (const entry of this.#entries.values()) if (!entry.known) this.#touch(entry)
  }

  /** The whole of what the kernel holds at keys that matter, and of rivals. */
  scanned(
    rows: ReadonlyMap<string, KernelRow>,
    now: number,
    random: number,
    rivals: ReadonlyMap<string, KernelRow> = new Map(),
  ): void {
    for (const entry of [...this.#entries.values()])
      if (!rows.has(entry.key)) this.heard(entry.key, undefined, now, random)
    for (const [key, row] of rows) this.heard(key, row, now, random)
    for (const key of this.#rivals.keys()) if (!rivals.has(key)) this.heardRival(key, undefined)
    for (const [key, rival] of rivals) this.heardRival(key, rival)
  }

  heardRival(key: string, rival: KernelRow | undefined): void {
    if (rival === undefined) this.#rivals.delete(key)
    else this.#rivals.set(key, rival)
    const entry = this.#entries.get(key)
    if (entry !== undefined) this.#touch(entry)
  }

  /** What the kernel holds at one key has changed. */
  heard(key: string, actual: KernelRow | undefined, now: number, random: number): void {
    const known = this.#entries.get(key)
    if (known === undefined && actual?.owner !== 'ours') return
    const entry = known ?? this.#entry(key)
    entry.actual = actual
    entry.contested = false
    const right = this.#isRight(entry)
    if (entry.settled && !right) {
      entry.settled = false
      entry.repairs++
      entry.repairedAt = now
      this.repairs++
      this.#patience.disturbed(entry.id, now, random)
    } else if (right) this.#settle(entry, now)
    this.#touch(entry)
  }

  /** Whether what happens at this key matters. */
  concerns(key: string): boolean {
    return this.#entries.has(key)
  }

  /** The next change; undefined: none by now. Answer it with `done`, `refused` or `lost` before the plan is asked for its end. */
  next(now: number): RowOperation | undefined {
    for (const queue of this.#queues)
      for (const entry of queue) {
        queue.delete(entry)
        const operation = this.#decide(entry, now)
        if (operation !== undefined) return operation
        this.#forgetIdle(entry)
      }
    return undefined
  }

  done({ key, change, row }: RowOperation, now: number): void {
    const entry = this.#entries.get(key)
    if (change === 'displace') this.#rivals.delete(key)
    if (entry === undefined || change === 'displace') return
    this.#patience.settled(entry.id)
    entry.actual = change === 'delete' ? undefined : { row, owner: 'ours', content: rowContent(row) }
    if (this.#isRight(entry)) this.#settle(entry, now)
    this.#touch(entry)
  }

  /**
   * The kernel said no. @param code symbolic errno
   * @returns `read`: its tables must be read to know more
   */
  refused({ key, change }: RowOperation, code: string, reason: string, now: number, random: number): 'read' | 'held' {
    const entry = this.#entries.get(key)
    if (entry === undefined) return 'held'
    const isGone = ['ENOENT', 'ESRCH', 'ENODEV', 'EADDRNOTAVAIL'].includes(code)
    if (isGone && change === 'displace') {
      this.#rivals.delete(key)
      return 'held'
    }
    if (isGone && change === 'delete') {
      entry.actual = undefined
      this.#touch(entry)
      return 'held'
    }
    if (code === 'EEXIST') entry.contested = true
    this.#patience.refused(entry.id, reason, now, random)
    return code === 'EEXIST' ? 'read' : 'held'
  }

  /** Nobody knows what became of it; the kernel will be read anew. */
  lost({ key }: RowOperation): void {
    const entry = this.#entries.get(key)
    if (entry !== undefined) this.#touch(entry)
  }

  /** What was refused may be accepted now: a device came. */
  forgive(): void {
    for (const id of this.#patience.forgive()) {
      const entry = this.#byId[id]
      if (entry !== undefined) this.#touch(entry)
    }
  }

  /** What waited long enough may be tried again. */
  wake(now: number): void {
    for (const id of this.#patience.due(now)) {
      const entry = this.#byId[id]
      if (entry !== undefined) this.#touch(entry)
    }
  }

  get busy(): boolean {
    return this.#queues.some(({ size }) => size > 0)
  }

  get deadline(): number {
    return this.#patience.deadline
  }

  *states(): Generator<RowState> {
    for (const entry of this.#entries.values()) if (entry.wanted !== undefined) yield this.#state(entry, entry.wanted)
  }

  /** Rows of a former run that nobody has wanted. */
  get adopted(): number {
    let count = 0
    for (const { known, actual } of this.#entries.values()) if (!known && actual?.owner === 'ours') count++
    return count
  }

  #state({ id, key, actual, content, contested, ...entry }: Entry, row: OverlayRow): RowState {
    const { repairs, installedAt, repairedAt } = entry
    const tell = (status: RowStatus, reason: string) => ({ row, status, reason, repairs, installedAt, repairedAt })
    if (actual?.owner === 'ours' && actual.content === content)
      return this.#rivalOf(key, row) === undefined
        ? tell('installed', '')
        : tell('served', "somebody else's route, which has no metric, goes before it")
    if (actual?.owner === 'foreign' && actual.content === content)
      return tell('served', 'somebody else has put the same there')
    if (actual?.owner === 'foreign') return tell('conflict', `somebody else has put "${actual.content}" there`)
    if (contested) return tell('conflict', 'somebody else holds our key')
    return tell('pending', this.#patience.reason(id) ?? '')
  }

  /** What is there does what is wanted. */
  #isRight({ key, wanted, content, actual }: Entry): boolean {
    if (wanted === undefined || actual === undefined || actual.content !== content) return false
    return actual.owner === 'ours' || (actual.owner === 'foreign' && !this.#taken.has(key))
  }

  #rivalOf(key: string, wanted: OverlayRow): KernelRow | undefined {
    const rival = this.#rivals.get(key)
    if (rival?.row.kind !== 'route' || wanted.kind !== 'route' || rival.row.device !== wanted.device) return undefined
    return rival.content === rowContent(wanted) ? undefined : rival
  }

  #settle(entry: Entry, now: number): void {
    if (!entry.settled) entry.installedAt = now
    entry.settled = true
  }

  #decide(entry: Entry, now: number): RowOperation | undefined {
    if (this.#patience.isWaiting(entry.id, now)) return undefined
    const operation = this.#changeOf(entry)
    if (operation !== undefined) return operation
    this.#patience.settled(entry.id)
    // of a former run, or just as somebody else has it
    if (this.#isRight(entry)) this.#settle(entry, now)
    return undefined
  }

  #changeOf(entry: Entry): RowOperation | undefined {
    const { key, wanted, actual, known } = entry
    if (wanted === undefined) {
      const mayGo = actual?.owner === 'ours' && (known || this.#swept)
      return mayGo ? { key, change: 'delete', row: actual.row, before: actual } : undefined
    }
    if (this.#isRight(entry)) {
      const rival = this.#taken.has(key) ? this.#rivalOf(key, wanted) : undefined
      return rival && { key, change: 'displace', row: rival.row, before: rival }
    }
    if (actual === undefined) return { key, change: 'add', row: wanted, before: undefined }
    if (actual.owner === 'foreign' && !this.#taken.has(key)) return undefined
    return { key, change: actual.plain ? 'exchange' : 'replace', row: wanted, before: actual }
  }

  #touch(entry: Entry): void {
    const [add, remove] = [this.#toAdd[entry.rank]!, this.#toDelete[entry.rank]!]
    const isWanted = entry.wanted !== undefined
    ;(isWanted ? add : remove).add(entry)
    ;(isWanted ? remove : add).delete(entry)
  }

  #entry(key: string): Entry {
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    const id = this.#free.pop() ?? this.#byId.length
    const entry: Entry = {
      id,
      key,
      rank: ORDER.findIndex(kind => key.startsWith(`${kind} `)),
      wanted: undefined,
      content: '',
      actual: undefined,
      settled: false,
      known: false,
      contested: false,
      repairs: 0,
      installedAt: undefined,
      repairedAt: undefined,
    }
    this.#byId[id] = entry
    if (id >= this.#capacity) {
      this.#capacity = 2 * id + 64
      this.#patience.grow(this.#capacity)
    }
    this.#entries.set(key, entry)
    return entry
  }

  #forgetIdle(entry: Entry): void {
    if (entry.wanted !== undefined || entry.actual?.owner === 'ours') return
    this.#patience.forget(entry.id)
    this.#entries.delete(entry.key)
    this.#byId[entry.id] = undefined
    this.#free.push(entry.id)
  }
}
