/**
 * Whose a row of a device is. Pure. Rules:
 * - ours is what has our name prefix *and* our tag in its description *and* lies in our partition;
 * - FDB records carry no description: those of an exclusive tunnel are ours, of a shared one those in our journal;
 * - what has a name of CIS's making is `adoptable` where the operator asked for it; once it has our tag it is ours under its
 *   own name, in its own partition;
 * - everything else is foreign: it is never changed and never deleted.
 */
import type { Row } from './row.ts'

export interface Identity {
  /** Lower-case letters and digits: part of every name and of the tag, so that two clusters can share a device. */
  readonly clusterId: string
  /** Name, without slashes: `Common`. */
  readonly partition: string
  readonly adopt?: 'cis'
}

export type Owner = 'ours' | 'adoptable' | 'foreign'

export interface Ownership {
  readonly owner: Owner
  /** Part of a sentence: `it has no tag of cluster c1`. */
  readonly reason: string
}

/** What tells whose FDB records are. */
export interface RecordOwners {
  /** Full paths of the tunnels whose records are all ours. */
  readonly exclusive: ReadonlySet<string>
  /** By tunnel, the names of the records that we put into shared tunnels. */
  readonly journal: ReadonlyMap<string, ReadonlySet<string>>
}

/** The full path of an object of ours: `/Common/podpeer-c1-10.244.1.7`. */
export function ownName({ clusterId, partition }: Identity, rest: string): string {
  return `/${partition}/podpeer-${clusterId}-${rest}`
}

/** What begins the description of every object of ours: `podpeer cluster=c1`. */
export function tagOf({ clusterId }: Identity): string {
  return `podpeer cluster=${clusterId}`
}

/** A description that has our tag, with more words after it: `podpeer cluster=c1 node-1`. */
export function tagged(identity: Identity, rest = ''): string {
  return rest === '' ? tagOf(identity) : `${tagOf(identity)} ${rest}`
}

export function ownership(row: Row, identity: Identity, records: RecordOwners): Ownership {
  throw new Error(`not written yet: ${row.name} ${identity.clusterId} ${records.exclusive.size}`)
}
