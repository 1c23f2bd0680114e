/**
 * What has to change on a device: rows wanted and rows found in, operations out. Pure. Rules:
 * - what is right is not touched, and nothing foreign ever is (match.ts, ownership.ts);
 * - creations parents first, deletions last and in reverse; what has to go so that its parent can be made again goes before;
 * - nothing is deleted before all sources have synced, nor beyond the cap without an operator's word (refusal.ts).
 */

import { parseAddress } from '../base/ip.ts'
import { Prefix, parsePrefix } from '../base/prefix.ts'
import { dependentsOf, inUse, isReferredTo, standingOnOthers, withoutNeeded, withoutWaiting } from './dependent.ts'
import { subjectOf, verify } from './expectation.ts'
import type { Finding } from './finding.ts'
import { formerAdvertisements } from './former-advertisement.ts'
import { isNoted, journalOf, readJournal } from './journal.ts'
import { factsOf } from './kind.ts'
import { type Matches, match } from './match.ts'
import type { Operation, RowOperation } from './operation.ts'
import { hasTag, type Identity, ownership, type RecordOwners } from './ownership.ts'
import { gatherRecords } from './record-list.ts'
import { markShared, recordEntries, recordOwners, type TunnelShares } from './record-owners.ts'
import { type Allowance, DEFAULT_CAP, type DeletionCap, judge, type Refusal, type Word } from './refusal.ts'
import { type Kind, type Row, rowKey } from './row.ts'
import type { RowIndex } from './row-index.ts'
import { tmshDelete } from './tmsh.ts'

export interface Counts {
  readonly desired: number
  /** Of ours on the device. */
  readonly actual: number
  /** Rows of ours that are missing, differ or are too many. */
  readonly drift: number
}

export interface Plan {
  /** In order: parents first, deletions last and in reverse. */
  readonly operations: readonly Operation[]
  /** What waits for an operator's word; it is not among the operations. */
  readonly refused?: Refusal
  /** What the operator's word still holds for: for the next plan. */
  readonly word?: Word | undefined
  /** How many deletions wait until all sources have synced. */
  readonly held: number
  /** Conflicts with objects of others, and expectations that are not met. */
  readonly findings: readonly Finding[]
  readonly unchanged: number
  readonly counts: ReadonlyMap<Kind, Counts>
}

export interface PlanInput extends TunnelShares {
  /** With our tag (`tagged`), where the kind has a description. */
  readonly desired: readonly Row[]
  /** Rows that are verified only. */
  readonly expectations: readonly Row[]
  readonly actual: RowIndex
  readonly identity: Identity
  /** Whether all sources are read. */
  readonly synced: boolean
  readonly cap?: DeletionCap
  readonly allowance?: Allowance | undefined
  /** Of the plan before. */
  readonly word?: Word | undefined
  /** With `adopt: cis`: rows of CIS within these prefixes go where nothing wants them. */
  readonly podNetworks?: readonly string[]
  /** Kinds that the device cannot hold now. */
  readonly unavailable?: readonly Kind[]
}

export function plan(input: PlanInput): Plan {
  const { actual, identity, synced, cap = DEFAULT_CAP, unavailable = [] } = input
  const wanted = input.desired.filter(({ kind }) => !unavailable.includes(kind))
  const owners = recordOwners(wanted, actual, identity, input)
  const chosen = (found: Row) => ownership(found, identity, owners, true)
  const barred = standingOnOthers(wanted, actual, found => chosen(found).owner === 'foreign')
  const writable = barred.size === 0 ? wanted : wanted.filter(row => !barred.has(rowKey(row)))
  const former = formerAdvertisements(wanted, actual, readJournal(actual, identity))
  const journal = journalOf(identity, [...recordEntries(writable, actual, identity, owners), ...former.entries])
  const shared = new Set(input.sharedTunnels)
  const marked = shared.size === 0 ? wanted : wanted.map(row => (isIn(row, shared) ? markShared(row) : row))
  const desired = [...marked, ...(synced ? former.rows : []), ...(journal === undefined ? [] : [journal])]

  const taken = journal === undefined ? undefined : actual.get(journal)
  const unnoted = taken !== undefined && chosen(taken).owner === 'foreign' ? desired.filter(isNoted(owners)) : []
  const matches = match(desired, actual, identity, owners, new Set([...barred, ...unnoted.map(rowKey)]))
  const left = leftOf(matches, owners, input)
  const again = matches.changes.filter(isRecreation)
  const uses = [...left.rows, ...again.map(({ before }) => before)].map(row => useOf(row, owners, input))
  const kept = new Set(uses.filter(({ foreign }) => foreign.length > 0).map(({ row }) => row))
  const going = left.rows.filter(row => !kept.has(row))
  const processes = processesOf(going)
  const deletions = going.filter(row => !goesAlong(row, processes))
  const recreations = synced ? again.filter(({ before }) => !kept.has(before)) : []

  const ours = new Map(matches.ours)
  for (const { kind } of left.rows) ours.set(kind, (ours.get(kind) ?? 0) + 1)
  const risk = { deletions: synced ? deletions : [], replacements: recreations, ours }
  const { refused, word } = judge(risk, cap, input.allowance, input.word)
  const mayDelete = synced && (refused?.deletions.length ?? 0) === 0
  const allowed = (refused?.replacements.length ?? 0) === 0 ? recreations : []

  const changes = recreate(matches, allowed, actual)
  const staying = again.filter(one => !allowed.includes(one))
  const mayGo = mayDelete ? withoutNeeded(deletions, staying, desired) : []
  const operations = inOrder(changes.before, withoutWaiting(changes.main, staying), mayGo, actual, owners)
  return {
    operations,
    ...(refused !== undefined && { refused }),
    word: synced ? word : input.word,
    held: synced ? 0 : deletions.length,
    findings: [
      ...matches.findings,
      ...left.findings,
      ...uses.filter(({ row }) => kept.has(row)).map(({ row, foreign }) => inUse(row, foreign)),
      ...verify(input.expectations, actual),
    ],
    unchanged: matches.unchanged,
    counts: countsOf(desired, ours, matches.changes, deletions),
  }
}

function isIn(row: Row, shared: ReadonlySet<string>): row is Row<'tunnel'> {
  return row.kind === 'tunnel' && shared.has(row.name)
}

type Recreation = RowOperation & { readonly verb: 'replace' }

function isRecreation(operation: RowOperation): operation is Recreation {
  return operation.verb === 'replace' && factsOf(operation.row.kind).recreate === 'by word'
}

/** Rows of ours that nothing wants. */
function leftOf({ claimed }: Matches, owners: RecordOwners, input: PlanInput) {
  const { actual, identity, podNetworks = [], unavailable = [], chosenNames } = input
  const chosen = new Set(chosenNames)
  const rows: Row[] = []
  const findings: Finding[] = []
  const networks = podNetworks.map(text => parsePrefix(text))
  for (const row of actual.rows()) {
    if (claimed.has(row) || factsOf(row.kind).owner === 'field' || unavailable.includes(row.kind)) continue
    const { owner, reason } = ownership(row, identity, owners, chosen.has(row.name))
    if (owner === 'ours' || (owner === 'adoptable' && isWithin(row, networks))) rows.push(row)
    else if (owner === 'foreign' && hasTag(row, identity)) findings.push(leftover(row, reason))
  }
  return { rows, findings }
}

/** A BGP process goes with all that it has; a tunnel is not deleted by devices while it has records. */
function goesAlong({ kind, parent }: Row, processes: ReadonlySet<string | undefined>): boolean {
  return factsOf(kind).parent === 'BGP' && processes.has(parent)
}

function processesOf(rows: readonly Row[]): ReadonlySet<string | undefined> {
  return new Set(rows.filter(({ kind }) => kind === 'BGP').map(({ name }) => name))
}

function leftover(row: Row, reason: string): Finding {
  return {
    code: 'tagged-leftover',
    severity: 'note',
    subject: subjectOf(row),
    cause: `it has our tag and nothing wants it, but ${reason}: it is left as it is`,
    remedy: tmshDelete(row),
  }
}

function isWithin(row: Row, networks: readonly Prefix[]): boolean {
  if (row.kind !== 'ARP' && row.kind !== 'NDP' && row.kind !== 'route') return false
  const text = row.kind === 'route' ? row.fields.network : row.fields.ipAddress
  if (text.includes('%')) return false
  const [address = '', length] = text.split('/')
  const { bytes, family } = parseAddress(address)
  const prefix = new Prefix(bytes, Number(length ?? (family === 4 ? 32 : 128)))
  return networks.some(network => network.contains(prefix))
}

interface Use {
  readonly row: Row
  /** What depends on it and is not ours. */
  readonly foreign: readonly Row[]
}

function useOf(row: Row, owners: RecordOwners, { actual, identity }: PlanInput): Use {
  if (!isReferredTo(row.kind)) return { row, foreign: [] }
  const foreign = dependentsOf([row], actual).filter(
    one => ownership(one, identity, owners, false).owner === 'foreign' && !hasTag(one, identity),
  )
  return { row, foreign }
}

/** @returns what has to go before, and all changes, with what has to come back */
function recreate({ changes, claimed }: Matches, recreations: readonly Recreation[], actual: RowIndex) {
  const withheld = new Set<RowOperation>(changes.filter(isRecreation))
  for (const recreation of recreations) withheld.delete(recreation)
  const main = changes.filter(change => !withheld.has(change))
  if (recreations.length === 0) return { before: [], main }
  const roots = recreations.map(({ before }) => before)
  const going = dependentsOf(roots, actual)
  const gone = new Set(going)
  const processes = processesOf(roots)
  const changing = new Map(main.flatMap(change => ('before' in change ? [[change.before, change] as const] : [])))
  const back = going
    .filter(row => claimed.has(row))
    .map((row): RowOperation => {
      const change = changing.get(row)
      return { verb: 'create', row: change?.row ?? row, reason: `what it depends on was made again` }
    })
  const rest = main.filter(change => !('before' in change && gone.has(change.before)))
  const before = going
    .filter(row => !goesAlong(row, processes))
    .map((row): RowOperation => ({ verb: 'delete', row, reason: 'what it depends on is made again' }))
  return { before, main: [...rest, ...back] }
}

function inOrder(
  before: readonly RowOperation[],
  main: readonly RowOperation[],
  deletions: readonly Row[],
  actual: RowIndex,
  { exclusive }: RecordOwners,
): Operation[] {
  const gone = new Set(before.map(({ row }) => row))
  const removals = deletions
    .filter(row => !gone.has(row))
    .map((row): RowOperation => ({ verb: 'delete', row, reason: 'nothing wants it' }))
  // records are all of one level: those that go may go with those that come
  const coming = new Set(main.map(({ row }) => (row.kind === 'FDB record' ? row.parent : undefined)))
  const isListed = ({ row }: RowOperation) => row.kind === 'FDB record' && coming.has(row.parent)
  const going = removals.filter(isListed)
  const last = removals.filter(removal => !isListed(removal))
  return [
    ...byLevel(gatherRecords(before, actual, exclusive)).reverse(),
    ...byLevel(gatherRecords([...main, ...going], actual, exclusive)),
    ...byLevel(gatherRecords(last, actual, exclusive)).reverse(),
  ]
}

/** The place of an operation in the order of creation. */
export function levelOf(operation: Operation): number {
  return factsOf(operation.verb === 'records' ? 'FDB record' : operation.row.kind).level
}

function byLevel(operations: readonly Operation[]): Operation[] {
  return operations.toSorted((one, other) => levelOf(one) - levelOf(other))
}

function countsOf(
  desired: readonly Row[],
  ours: ReadonlyMap<Kind, number>,
  changes: readonly RowOperation[],
  deletions: readonly Row[],
): ReadonlyMap<Kind, Counts> {
  const counts = new Map<Kind, { desired: number; actual: number; drift: number }>()
  const of = (kind: Kind) => {
    const found = counts.get(kind) ?? { desired: 0, actual: 0, drift: 0 }
    counts.set(kind, found)
    return found
  }
  for (const { kind } of desired) of(kind).desired++
  for (const [kind, actual] of ours) of(kind).actual = actual
  for (const { row } of changes) of(row.kind).drift++
  for (const { kind } of deletions) of(kind).drift++
  return counts
}
