/**
 * Whose a row of a device is. Pure. Rules:
 * - ours is what has our name prefix *and* our tag in its description *and* lies in our partition (or in LOCAL_ONLY, which
 *   units of a pair do not sync); a name that the operator chose for us stands for the prefix;
 * - a row that is named by an address (a BGP neighbor) is ours by its tag;
 * - FDB records carry no description: those of an exclusive tunnel are ours, of a shared one those in our journal;
 * - what has a name of CIS's making is `adoptable` where the operator asked for it; once it has our tag it is ours under its
 *   own name, in its own partition;
 * - everything else is foreign: it is never changed and never deleted.
 */
import { KINDS } from './kind.ts'
import type { Row } from './row.ts'

export interface Identity {
  /** Lower-case letters, digits and hyphens: part of every name and of the tag, so that two clusters can share a device. */
  readonly clusterId: string
  /** Name, without slashes: `Common`. */
  readonly partition: string
  readonly adopt?: 'cis'
}

export type Owner = 'ours' | 'adoptable' | 'foreign'

export interface Ownership {
  readonly owner: Owner
  /** Of an object, as part of a sentence: `its description does not say podpeer cluster=c1`. */
  readonly reason: string
}

/** What tells whose FDB records are. */
export interface RecordOwners {
  /** Full paths of the tunnels whose records are all ours. */
  readonly exclusive: ReadonlySet<string>
  /** By tunnel, the names of the records that we put into shared tunnels. */
  readonly journal: ReadonlyMap<string, ReadonlySet<string>>
}

/** Of any cluster. */
const ANY_TAG = 'podpeer cluster='
/** Name of the partition that units of a pair do not sync. */
export const NOT_SYNCED = 'LOCAL_ONLY'

/** The full path of an object of ours: `/Common/podpeer-c1-10.244.1.7`. */
export function ownName({ clusterId, partition }: Identity, rest: string): string {
  return `/${partition}/podpeer-${clusterId}-${rest}`
}

/** What begins the description of every object of ours: `podpeer cluster=c1`. */
export function tagOf({ clusterId }: Identity): string {
  return ANY_TAG + clusterId
}

/** A description that has our tag, with more words after it: `podpeer cluster=c1 node-1`. */
export function tagged(identity: Identity, rest = ''): string {
  return rest === '' ? tagOf(identity) : `${tagOf(identity)} ${rest}`
}

/** @param isChosen whether a wanted row has this very name, so that the operator may have chosen it */
export function ownership(row: Row, identity: Identity, records: RecordOwners, isChosen: boolean): Ownership {
  switch (KINDS[row.kind].owner) {
    case 'field':
      return { owner: 'ours', reason: 'it is chosen in the BIGIP object' }
    case 'journal':
      return recordOwnership(row, identity, records)
    case 'tag':
      return hasTag(row, identity) ? byTag : untagged(identity)
    case 'name and tag':
      return objectOwnership(row, identity, isChosen)
  }
}

const byTag: Ownership = { owner: 'ours', reason: 'it has our tag' }
const byJournal: Ownership = { owner: 'ours', reason: 'it is in our journal' }
const byTunnel: Ownership = { owner: 'ours', reason: 'all records of its tunnel are ours' }
const cis: Ownership = { owner: 'adoptable', reason: 'it has the name that CIS gives' }

function untagged(identity: Identity): Ownership {
  return { owner: 'foreign', reason: `its description does not begin with "${tagOf(identity)}"` }
}

function objectOwnership(row: Row, identity: Identity, isChosen: boolean): Ownership {
  const isCis = hasCisName(row)
  if (!hasTag(row, identity)) {
    const isFree = identity.adopt === 'cis' && row.description?.startsWith(ANY_TAG) !== true
    return isCis && isFree ? cis : untagged(identity)
  }
  if (isCis) return byTag
  const isPlaced = row.parent !== undefined || isInside(row.name, identity)
  if (!isPlaced) return { owner: 'foreign', reason: `it is not in partition ${identity.partition}` }
  if (isChosen || hasPrefix(row.name, identity)) return byTag
  return { owner: 'foreign', reason: `its name does not begin with podpeer-${identity.clusterId}` }
}

function recordOwnership(row: Row, identity: Identity, { exclusive, journal }: RecordOwners): Ownership {
  const tunnel = row.parent ?? ''
  if (exclusive.has(tunnel)) return byTunnel
  if (journal.get(tunnel)?.has(row.name) === true) return byJournal
  const reason = `tunnel ${tunnel} is shared, and the record is not in our journal`
  return identity.adopt === 'cis' ? { owner: 'adoptable', reason } : { owner: 'foreign', reason }
}

export function hasTag({ description }: Pick<Row, 'description'>, identity: Identity): boolean {
  const tag = tagOf(identity)
  return description?.startsWith(tag) === true && (description.length === tag.length || description[tag.length] === ' ')
}

function hasPrefix(name: string, { clusterId }: Identity): boolean {
  const last = name.slice(name.lastIndexOf('/') + 1)
  return last === `podpeer-${clusterId}` || last.startsWith(`podpeer-${clusterId}-`)
}

function isInside(name: string, { partition }: Identity): boolean {
  return name.startsWith(`/${partition}/`) || name.startsWith(`/${NOT_SYNCED}/`)
}

/**
 * CIS and CIS-C call an ARP or NDP entry `k8s-<address>`; CIS a route `k8s-<node>-<gateway>` or `k8s-<affinity>`, CIS-C by its
 * network address (reference: §4).
 */
function hasCisName(row: Row): boolean {
  const name = row.name.slice(row.name.lastIndexOf('/') + 1)
  switch (row.kind) {
    case 'ARP':
    case 'NDP':
      return name.toLowerCase() === `k8s-${row.fields.ipAddress.split('%')[0]}`
    case 'route':
      return name.startsWith('k8s-') || name === row.fields.network.split(/[%/]/)[0]
    default:
      return false
  }
}
