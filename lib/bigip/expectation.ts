/** Rows that are verified and never written: what of them is missing or differs, with the command that mends it. Pure. */
import { differencesOf, renderDifferences } from './difference.ts'
import type { Finding } from './finding.ts'
import { factsOf } from './kind.ts'
import type { Row } from './row.ts'
import type { RowIndex } from './row-index.ts'
import { tmshCreate, tmshModify } from './tmsh.ts'

/** Fields that are verified without their being the same text: what is wanted has to be among what is found. */
const OPEN = 'allowService'

export function verify(expectations: readonly Row[], actual: RowIndex): Finding[] {
  return expectations.flatMap(expected => {
    const found = actual.get(expected)
    return (found === undefined ? missing(expected, actual) : differing(expected, found)) ?? []
  })
}

/** `tunnel /Common/fl-tunnel`, `FDB record 0a:… of /Common/fl-tunnel` */
export function subjectOf({ kind, name, parent }: Row): string {
  return parent === undefined ? `${kind} ${name}` : `${kind} ${name} of ${parent}`
}

function missing(expected: Row, actual: RowIndex): Finding | undefined {
  const { unique } = factsOf(expected.kind)
  const holders = unique === undefined ? [] : actual.holders(expected.kind, unique(expected))
  const same = holders.find(holder => differencesFrom(expected, holder).length === 0)
  if (same !== undefined) return undefined
  return {
    code: 'expected-missing',
    severity: 'error',
    subject: subjectOf(expected),
    cause: `the ${expected.kind} ${expected.name} is not there; podpeer verifies it and does not make it`,
    remedy: tmshCreate(expected),
  }
}

function differing(expected: Row, found: Row): Finding | undefined {
  const differences = differencesFrom(expected, found)
  if (differences.length === 0) return undefined
  const obstacle = factsOf(expected.kind).fixed(expected, found)
  return {
    code: 'expected-differs',
    severity: 'error',
    subject: subjectOf(expected),
    cause: `${renderDifferences(differences)}; podpeer verifies this ${expected.kind} and does not change it`,
    remedy:
      obstacle === undefined
        ? tmshModify(
            expected,
            differences.map(({ field, wanted }) => [field, wanted]),
          )
        : `${obstacle}: delete it with what depends on it, then ${tmshCreate(expected)}`,
  }
}

function differencesFrom(expected: Row, found: Row) {
  return differencesOf(expected, found).filter(
    ({ field, wanted, found: services }) =>
      field !== 'description' && !(field === OPEN && allows(services as string[], wanted as string[])),
  )
}

function allows(found: readonly string[], wanted: readonly string[]): boolean {
  return found.includes('all') || wanted.every(service => service === 'none' || found.includes(service))
}
