/**
 * What a real server answered, kept in the repository, one case a line: where there is no real server, the stand-in is compared
 * with this. `RECORD=1` beside KUBEBUILDER_ASSETS writes it anew.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Entry } from './scene.ts'

const FOLDER = join(import.meta.dirname, 'recorded')

export interface Recording {
  readonly minor: number
  readonly transcripts: ReadonlyMap<string, readonly Entry[]>
}

/** Of the newest server that was recorded. */
export function readRecording(): Recording {
  const minors = readdirSync(FOLDER).map(file => Number(/^1\.(\d+)\.jsonl$/.exec(file)?.[1] ?? 0))
  const minor = Math.max(...minors)
  const lines = readFileSync(fileOf(minor), 'utf8').split('\n').filter(Boolean)
  const rows = lines.map(line => JSON.parse(line) as [string, readonly Entry[]])
  return { minor, transcripts: new Map(rows) }
}

export function writeRecording({ minor, transcripts }: Recording): void {
  const lines = [...transcripts].map(row => JSON.stringify(row))
  const text = `${lines.join('\n')}\n`
  if (!existsSync(fileOf(minor)) || readFileSync(fileOf(minor), 'utf8') !== text) writeFileSync(fileOf(minor), text)
}

const fileOf = (minor: number) => join(FOLDER, `1.${minor}.jsonl`)
