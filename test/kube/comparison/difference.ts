/**
 * Where two transcripts of a case differ, as lines of text, and the list of differences that we know and keep: the table in
 * test/kube/README.md. A row there stands for the lines that it matches; one that matches none is a difference that vanished.
 */
import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../json.ts'
import type { Entry } from './scene.ts'

export interface Difference {
  /** Such as `limits 3 body.metadata.remainingItemCount`: case, number of the entry from 1, path in the answer. */
  readonly where: string
  readonly real: unknown
  readonly standIn: unknown
}

export function differences(name: string, real: readonly Entry[], standIn: readonly Entry[]): Difference[] {
  const length = Math.max(real.length, standIn.length)
  return Array.from({ length }, (_, index) => {
    const where = `${name} ${index + 1}`
    const [one, other] = [real[index]?.answer, standIn[index]?.answer]
    // who refuses where the other obeys differs in everything
    if (codeOf(one) === codeOf(other)) return compare(where, one, other, ' ')
    return [{ where: `${where} code`, real: outcome(one), standIn: outcome(other) }]
  }).flat()
}

const codeOf = (answer: unknown) => (answer as { code?: number } | undefined)?.code

/** The code, and the words of a refusal. */
function outcome(answer: unknown): string {
  const { code, body } = (answer ?? {}) as { code?: number; body?: { message?: string } }
  return code === undefined || code < 300 ? `${code}` : `${code} ${body?.message ?? ''}`
}

function compare(where: string, real: unknown, standIn: unknown, joint: string): Difference[] {
  if (isDeepStrictEqual(real, standIn)) return []
  if (isObject(real) && isObject(standIn)) {
    const fields = [...new Set([...Object.keys(real), ...Object.keys(standIn)])]
    return fields.flatMap(field => compare(`${where}${joint}${field}`, real[field], standIn[field], '.'))
  }
  if (Array.isArray(real) && Array.isArray(standIn) && real.length === standIn.length)
    return real.flatMap((item, index) => compare(`${where}[${index}]`, item, standIn[index], '.'))
  return [{ where, real, standIn }]
}

export function renderDifference({ where, real, standIn }: Difference): string {
  const short = (value: unknown) => (value === undefined ? '(nothing)' : JSON.stringify(value)).slice(0, 400)
  return `${where}\n    real      ${short(real)}\n    stand-in  ${short(standIn)}`
}

/** A row of the README's table: `*` in it stands for anything. */
export interface Known {
  readonly pattern: string
  readonly reason: string
}

const HEADING = '## Differences that remain'

/** @param text of test/kube/README.md */
export function knownDifferences(text: string): Known[] {
  const section = text.split(HEADING)[1]?.split('\n## ')[0]
  if (section === undefined) throw new Error(`test/kube/README.md has no section "${HEADING}"`)
  const rows = section.matchAll(/^\| `(?<pattern>[^`]+)` \| (?<reason>.+) \|$/gm)
  return [...rows].map(({ groups }) => ({ pattern: groups!['pattern']!, reason: groups!['reason']! }))
}

export function matches({ pattern }: Known, { where }: Difference): boolean {
  const parts = pattern.split('*').map(part => part.replace(/[.[\]()|+?^$\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(where)
}
