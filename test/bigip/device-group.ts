/**
 * A pair of units: trust, what a config sync takes across and what it does not, who is active. What syncs is said by the kinds;
 * static neighbours, FDB records, VLANs, non-floating self IPs, route domains, dynamic routing and database variables do not.
 */

import { withoutDomain } from './address.ts'
import type { Box } from './box.ts'
import type { Entry } from './kind.ts'
import { subcollectionsOf } from './kinds.ts'
import { RestError } from './rest-error.ts'
import type { Change } from './store.ts'
import type { Unit } from './unit.ts'

export class DeviceGroup {
  readonly name: string
  readonly units: readonly [Unit, Unit]
  autoSync: boolean
  /** Units that have changes which the other has not. */
  readonly #pending = new Set<Unit>()

  constructor(name: string, units: readonly [Unit, Unit], autoSync: boolean) {
    this.name = name
    this.units = units
    this.autoSync = autoSync
  }

  state(): { status: string; color: string } {
    if (this.#pending.size === 2) return { status: 'Sync Conflict', color: 'red' }
    return this.#pending.size === 1
      ? { status: 'Changes Pending', color: 'yellow' }
      : { status: 'In Sync', color: 'green' }
  }

  configSyncAddress({ store }: Box): string {
    const [first] = store.list('/net/self')
    return first === undefined ? 'none' : withoutDomain(first.values['address']).split('/')[0]!
  }

  /** Told by a unit of what was done to it. */
  async changed(unit: Unit, changes: readonly Change[]): Promise<void> {
    const concerned = changes.some(({ before, after }) => [before, after].some(one => one && syncs(unit.box, one)))
    if (!concerned) return
    this.#pending.add(unit)
    if (!this.autoSync) return
    try {
      await this.sync(unit)
    } catch (thrown) {
      // the change itself was done: that the other unit refuses it, the sync status tells
      if (!(thrown instanceof RestError)) throw thrown
    }
  }

  /** Makes the other unit hold what this one has of all that syncs, or nothing of it. @throws RestError */
  async sync(from: Unit): Promise<void> {
    const to = this.units.find(unit => unit !== from)!
    const wanted = new Map(
      from.box.store
        .snapshot()
        .filter(one => syncs(from.box, one))
        .map(one => [keyOf(one), one]),
    )
    const { store } = to.box
    await to.receive(() => {
      for (const entry of store
        .snapshot()
        .filter(one => syncs(from.box, one))
        .toReversed())
        if (!wanted.has(keyOf(entry))) take(to.box, entry)
      for (const entry of wanted.values()) put(to.box, entry)
    })
    this.#pending.clear()
  }

  /** Makes the other unit the active one. */
  async failOver(): Promise<void> {
    for (const unit of this.units) {
      unit.box.active = !unit.box.active
      unit.forgetSessions()
    }
    // the one that gives up first: an address is never on both
    for (const unit of this.units.toSorted((a, b) => Number(a.box.active) - Number(b.box.active)))
      await unit.settleAll()
  }
}

const syncs = (box: Box, entry: Entry) => entry.kind.synced?.(box, entry) === true

const keyOf = ({ kind, path }: Entry) => `${kind.collection}\t${path}`

/** Past most rules: a sync loads a whole configuration. */
function put(box: Box, entry: Entry): void {
  const before = box.store.get(entry.kind.collection, entry.path)
  if (before?.values === entry.values) return
  const after = entry.kind.check?.(box, entry, before) ?? entry
  box.store.put(after)
  entry.kind.changed?.(box, before, after)
}

function take(box: Box, entry: Entry): void {
  for (const child of [...subcollectionsOf(entry.kind), { collection: '/net/fdb/tunnel/records' }])
    for (const inner of box.store.list(child.collection, entry.path)) box.store.remove(inner)
  box.store.remove(entry)
  entry.kind.changed?.(box, entry, undefined)
}
