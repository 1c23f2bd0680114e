/** Findings as text: what it is about, what was found, and below it what mends it. */
import type { Finding } from '../controller/document.ts'
import { type Look, paint, type Tone } from './screen.ts'
import { renderNote } from './table.ts'

const SEVERITIES: readonly { readonly severity: Finding['severity']; readonly tone: Tone }[] = [
  { severity: 'error', tone: 'bad' },
  { severity: 'warning', tone: 'warn' },
  { severity: 'note', tone: 'faint' },
]

/** The worst first; '' for none. */
export function renderFindings(findings: readonly Finding[], look: Look): string {
  return SEVERITIES.flatMap(({ severity, tone }) =>
    findings
      .filter(finding => finding.severity === severity)
      .map(({ subject, code, cause, remedy }) => {
        const head = `${paint(look, tone, severity.padEnd(7))}  ${paint(look, 'strong', subject)}  ${paint(look, 'faint', code)}\n`
        return head + renderNote(look, 'plain', cause, INDENT) + renderRemedy(remedy, look)
      }),
  ).join('')
}

/** One of several lines is to be copied as it stands. */
function renderRemedy(remedy: string | undefined, look: Look): string {
  if (remedy === undefined) return ''
  if (!remedy.includes('\n')) return renderNote(look, 'good', `→ ${remedy}`, INDENT)
  return `${INDENT}→\n${remedy.trimEnd()}\n`
}

const INDENT = '         '

/** `2 errors, 1 warning`; `nothing found`. */
export function countFindings(findings: readonly Finding[]): string {
  const counts = SEVERITIES.flatMap(({ severity }) => {
    const count = findings.filter(finding => finding.severity === severity).length
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? '' : 's'}`]
  })
  return counts.join(', ') || 'nothing found'
}
