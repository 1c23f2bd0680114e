/**
 * Tables of plain text, in the manner of ps and kubectl: titles, two spaces between columns, no rules. The layout is made
 * from some rows and used for any number, so that a long listing can be written while it comes. On a terminal the flexible
 * columns give way until a line fits (cells that were cut end in `…`), then the optional ones go. What names a thing is
 * neither: half an address is of no use.
 */
import { type Look, paint, type Tone } from './screen.ts'

export type Cell = string | { readonly text: string; readonly tone: Tone }

export interface Column<Row> {
  readonly title: string
  readonly align?: 'right'
  /** May be cut down to this width when the terminal is narrow. */
  readonly least?: number
  /** Left out when the terminal is too narrow even so. */
  readonly optional?: true
  cell(row: Row): Cell
}

export interface Layout<Row> {
  readonly columns: readonly Column<Row>[]
  readonly widths: readonly number[]
  readonly look: Look
}

const GAP = '  '

export function layOut<Row>(columns: readonly Column<Row>[], rows: readonly Row[], look: Look): Layout<Row> {
  const widths = columns.map(column =>
    rows.reduce((width, row) => Math.max(width, lengthOf(textOf(column.cell(row)))), lengthOf(column.title)),
  )
  const available = look.columns ?? Infinity
  shrink(columns, widths, available)
  const spare = columns.findLastIndex(column => column.optional)
  if (spare === -1 || lengthOfLine(widths) <= available) return { columns, widths, look }
  return layOut(columns.toSpliced(spare, 1), rows, look)
}

export function renderTitles<Row>({ columns, widths, look }: Layout<Row>): string {
  const cells = columns.map((column, at) => fit(column.title, widths[at]!, column))
  return `${paint(look, 'faint', cells.join(GAP).trimEnd())}\n`
}

export function renderRow<Row>({ columns, widths, look }: Layout<Row>, row: Row): string {
  const cells = columns.map((column, at) => {
    const cell = column.cell(row)
    const text = fit(textOf(cell), widths[at]!, column, look.columns !== undefined)
    return { text, tone: typeof cell === 'string' ? ('plain' as const) : cell.tone }
  })
  while (cells.at(-1)?.text.trim() === '') cells.pop()
  const last = cells.length - 1
  return `${cells.map(({ text, tone }, at) => paint(look, tone, at === last ? text.trimEnd() : text)).join(GAP)}\n`
}

/** Titles, where a column has one, and rows; '' for no rows. */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], look: Look): string {
  if (rows.length === 0) return ''
  const layout = layOut(columns, rows, look)
  const titles = columns.some(({ title }) => title !== '') ? renderTitles(layout) : ''
  return titles + rows.map(row => renderRow(layout, row)).join('')
}

/** For who asks for everything: however narrow the terminal is, nothing is cut or left out, and it may break lines. */
export function uncut({ colour }: Look): Look {
  return { columns: undefined, colour }
}

/** A sentence in lines no wider than the terminal, each after `indent`. */
export function renderNote(look: Look, tone: Tone, text: string, indent: string): string {
  return wrap(look, text, indent.length)
    .map(line => `${indent}${paint(look, tone, line)}\n`)
    .join('')
}

/** Names and what they stand for, one below the other; what is too long for a line goes on below itself. */
export function renderFields(look: Look, fields: readonly (readonly [name: string, text: string])[]): string {
  const width = 2 + fields.reduce((most, [name]) => Math.max(most, lengthOf(name)), 0)
  return fields
    .flatMap(([name, text]) => wrap(look, text, width).map((line, at) => [at === 0 ? `${name}:` : '', line] as const))
    .map(([head, line]) => `${head.padEnd(width)}${line}\n`)
    .join('')
}

/** Between words, into lines that leave room for `indent` columns. */
function wrap(look: Look, text: string, indent: number): string[] {
  const width = Math.max(20, (look.columns ?? Infinity) - indent)
  const lines: string[] = []
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1)
    if (line !== undefined && lengthOf(line) + 1 + lengthOf(word) <= width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

function lengthOfLine(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1))
}

function shrink<Row>(columns: readonly Column<Row>[], widths: number[], available: number): void {
  let excess = lengthOfLine(widths) - available
  while (excess > 0) {
    // the widest that still may, so that equal columns end up equal
    let widest = -1
    columns.forEach(({ least = Infinity, title }, at) => {
      const floor = Math.max(least, lengthOf(title))
      if (widths[at]! > floor && (widest === -1 || widths[at]! > widths[widest]!)) widest = at
    })
    if (widest === -1) break
    widths[widest]!--
    excess--
  }
}

function fit<Row>(text: string, width: number, { align, least }: Column<Row>, cut = false): string {
  const length = lengthOf(text)
  if (cut && least !== undefined && length > width) return `${[...text].slice(0, width - 1).join('')}…`
  const padding = ' '.repeat(Math.max(0, width - length))
  return align === 'right' ? padding + text : text + padding
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text
}

function lengthOf(text: string): number {
  return [...text].length
}
