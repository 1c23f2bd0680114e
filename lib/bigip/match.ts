/**
 * Which row on the device each wanted row is, and what has to be done to it. Pure. Rules: a row that is there and right keeps
 * its name and is not written, whatever name is wanted for it; nothing foreign is changed; one row on the device is one wanted
 * row.
 */
import { differencesOf, isAsWanted, renderDifferences } from './difference.ts'
import { subjectOf } from './expectation.ts'
import type { Finding } from './finding.ts'
import { factsOf, isDescribable } from './kind.ts'
import type { RowOperation } from './operation.ts'
import { type Identity, ownership, type RecordOwners } from './ownership.ts'
import { type Kind, type Row, rowKey } from './row.ts'
import type { RowIndex } from './row-index.ts'
import { tmshDelete } from './tmsh.ts'

export interface Matches {
  /** Creations, updates and replacements. */
  readonly changes: readonly RowOperation[]
  /** Rows on the device that are wanted, or in the way of one that is. */
  readonly claimed: ReadonlySet<Row>
  readonly findings: readonly Finding[]
  readonly unchanged: number
  /** By kind, how many of the claimed are ours. */
  readonly ours: ReadonlyMap<Kind, number>
}

/** @param barred keys of wanted rows that must not be written, for they would stand on what is not ours */
export function match(
  desired: readonly Row[],
  actual: RowIndex,
  identity: Identity,
  owners: RecordOwners,
  barred: ReadonlySet<string>,
): Matches {
  const matching = new Matching(actual, identity, owners, barred)
  const unmatched = desired.filter(row => !matching.claimRight(row))
  for (const row of unmatched) matching.claimNamed(row)
  return matching.result
}

class Matching {
  readonly #actual: RowIndex
  readonly #identity: Identity
  readonly #owners: RecordOwners
  readonly #barred: ReadonlySet<string>
  readonly #changes: RowOperation[] = []
  readonly #claimed = new Set<Row>()
  readonly #findings: Finding[] = []
  readonly #ours = new Map<Kind, number>()
  /** Wanted rows, by kind, that are on the device as somebody else's. */
  readonly #held = new Map<Kind, Row[]>()
  /** Rows to be made, by name and by what there can be only one of. */
  readonly #coming = new Map<string, Row>()
  #unchanged = 0

  constructor(actual: RowIndex, identity: Identity, owners: RecordOwners, barred: ReadonlySet<string>) {
    this.#actual = actual
    this.#identity = identity
    this.#owners = owners
    this.#barred = barred
  }

  get result(): Matches {
    const held = Array.from(this.#held, ([kind, rows]) => heldByOthers(kind, rows))
    return {
      changes: this.#changes,
      claimed: this.#claimed,
      findings: [...this.#findings, ...held],
      unchanged: this.#unchanged,
      ours: this.#ours,
    }
  }

  /** The row of this name, or the one that has what only one can have. @returns whether there is one */
  claimRight(row: Row): boolean {
    const named = this.#actual.get(row)
    const { unique, keepsName } = factsOf(row.kind)
    if (unique === undefined) {
      if (named === undefined) return false
      this.#settle(row, named)
      return true
    }
    const text = unique(row)
    if (named !== undefined && unique(named) === text) {
      this.#settle(row, named)
      return true
    }
    const holder = this.#actual.holders(row.kind, text).find(one => keepsName || this.#isOurs(one))
    if (holder === undefined || (!keepsName && named !== undefined)) return false
    this.#settle(row, holder)
    return true
  }

  /** Nothing on the device has what the row must have: its name may be there, with something else. */
  claimNamed(row: Row): void {
    const named = this.#actual.get(row)
    if (named !== undefined && !this.#claimed.has(named)) return this.#settle(row, named)
    if (factsOf(row.kind).owner === 'field') return void this.#findings.push(absent(row))
    const { unique, keepsName } = factsOf(row.kind)
    const keys = [rowKey(row), ...(keepsName && unique !== undefined ? [`${row.kind} ${unique(row)}`] : [])]
    const twin = keys.map(key => this.#coming.get(key)).find(one => one !== undefined)
    if (twin !== undefined) return void this.#findings.push(wantedTwice(row, twin))
    for (const key of keys) this.#coming.set(key, row)
    this.#change(row, { verb: 'create', row: this.#underFreeName(row), reason: 'it is not there' })
  }

  #settle(row: Row, found: Row): void {
    if (this.#claimed.has(found)) return void this.#findings.push(wantedTwice(row, found))
    this.#claimed.add(found)
    if (row === found && isDescribable(row.kind)) {
      this.#count(row.kind)
      this.#unchanged++
      return
    }
    const { owner, reason } = ownership(found, this.#identity, this.#owners, row.name === found.name)
    if (owner === 'foreign') return this.#leave(row, found, reason)
    this.#count(row.kind)
    const isRenamed = row.name !== found.name
    const { fixed, keepsName } = factsOf(row.kind)
    if (isRenamed && !keepsName)
      return this.#change(row, { verb: 'replace', row, before: found, reason: `its name is ${found.name}` })
    const wanted = isRenamed ? ({ ...row, name: found.name } as Row) : row
    if (isAsWanted(wanted, found)) {
      this.#unchanged++
      return
    }
    const obstacle = fixed(wanted, found)
    const difference = obstacle ?? renderDifferences(differencesOf(wanted, found))
    this.#change(row, {
      verb: obstacle === undefined ? 'update' : 'replace',
      row: wanted,
      before: found,
      reason: owner === 'adoptable' ? `adopted, for ${reason}; ${difference}` : difference,
    })
  }

  #change(wanted: Row, operation: RowOperation): void {
    if (!this.#barred.has(rowKey(wanted))) this.#changes.push(operation)
  }

  #leave(row: Row, found: Row, reason: string): void {
    const differences = differencesOf(row, found).filter(({ field }) => field !== 'description')
    if (differences.length > 0) {
      this.#findings.push(conflict(row, found, reason, renderDifferences(differences)))
      return
    }
    this.#unchanged++
    const held = this.#held.get(row.kind)
    if (held === undefined) this.#held.set(row.kind, [found])
    else held.push(found)
  }

  #isOurs(found: Row): boolean {
    return ownership(found, this.#identity, this.#owners, false).owner === 'ours'
  }

  #count(kind: Kind): void {
    this.#ours.set(kind, (this.#ours.get(kind) ?? 0) + 1)
  }

  /** A row of ours may stand, under this name, for another wanted row that it had been all along. */
  #underFreeName(row: Row): Row {
    let name = row.name
    for (let at = 2; this.#actual.get({ ...row, name }) !== undefined; at++) name = `${row.name}-${at}`
    return name === row.name ? row : ({ ...row, name } as Row)
  }
}

const MADE_BY_CIS: readonly Kind[] = ['FDB record', 'ARP', 'NDP', 'route']

function conflict(row: Row, found: Row, reason: string, difference: string): Finding {
  return {
    code: 'held-by-other',
    severity: 'error',
    subject: subjectOf(found),
    cause: `${row.kind} ${row.name} is wanted, but ${found.name} stands there and is not ours: ${reason}; ${difference}`,
    remedy: `remove it (${tmshDelete(found)})${MADE_BY_CIS.includes(row.kind) ? ' or, if CIS made it, set adopt: cis' : ''}`,
  }
}

function heldByOthers(kind: Kind, rows: readonly Row[]): Finding {
  const names = rows.slice(0, 3).map(({ name }) => name)
  return {
    code: 'kept-by-other',
    severity: 'note',
    subject: kind,
    cause: `${rows.length} wanted of kind ${kind} are there already but not ours (${names.join(', ')}${rows.length > 3 ? ' …' : ''}): they are left as they are`,
  }
}

function wantedTwice(row: Row, first: Row): Finding {
  return {
    code: 'wanted-twice',
    severity: 'warning',
    subject: subjectOf(row),
    cause: `another row stands for the same object of the device, ${first.name}: the first one counts`,
  }
}

function absent(row: Row): Finding {
  return {
    code: 'object-missing',
    severity: 'error',
    subject: subjectOf(row),
    cause: `${row.name} is not there, and podpeer does not make it`,
  }
}
