/** Layout of plain tables. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import type { Look } from '../../../daemon/cli/screen.ts'
import {
  type Column,
  layOut,
  renderFields,
  renderNote,
  renderRow,
  renderTable,
  uncut,
} from '../../../daemon/cli/table.ts'

interface Row {
  readonly id: string
  readonly count: number
  readonly text: string
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'ID', cell: row => row.id },
  { title: 'COUNT', align: 'right', cell: row => ({ text: String(row.count), tone: 'good' }) },
  { title: 'TEXT', least: 8, optional: true, cell: row => row.text },
]
const ROWS: readonly Row[] = [
  { id: 'a', count: 7, text: 'some words that take room' },
  { id: 'longer', count: 1234567, text: '' },
]
const plain = (columns?: number): Look => ({ columns, colour: false })

test('columns are as wide as their widest cell, numbers stand on the right, and no line ends in blanks', () => {
  assert.equal(
    renderTable(COLUMNS, ROWS, plain()),
    'ID        COUNT  TEXT\na             7  some words that take room\nlonger  1234567\n',
  )
})

test('on a terminal no line is wider than it: flexible columns are cut first, then optional ones go', () => {
  for (let columns = 15; columns < 60; columns++)
    for (const line of renderTable(COLUMNS, ROWS, plain(columns)).split('\n'))
      assert.ok(line.length <= columns, `${columns}: ${line}`)
  assert.match(renderTable(COLUMNS, ROWS, plain(30)), /some words t…\n/)
  assert.doesNotMatch(renderTable(COLUMNS, ROWS, plain(22)), /TEXT/)
})

test('what names a thing is never cut, however narrow the terminal is', () => {
  assert.match(renderTable(COLUMNS, ROWS, plain(5)), /^longer {2}1234567$/m)
})

test('without a terminal nothing is cut, also where a later row is wider than the layout knew', () => {
  const layout = layOut(COLUMNS, ROWS.slice(1), plain())
  assert.equal(renderRow(layout, ROWS[0]!), 'a             7  some words that take room\n')
})

test('colour changes no width', () => {
  const painted = renderTable(COLUMNS, ROWS, { columns: 30, colour: true })
  assert.ok(painted.includes('\x1b[32m'))
  assert.equal(stripVTControlCharacters(painted), renderTable(COLUMNS, ROWS, plain(30)))
})

test('no rows are no table', () => {
  assert.equal(renderTable(COLUMNS, [], plain()), '')
})

test('fields stand one below the other, and a long one goes on below itself', () => {
  const fields = [
    ['Name', 'tor'],
    ['Capabilities', 'the quick brown fox jumps over'],
  ] as const
  assert.equal(
    renderFields(plain(36), fields),
    'Name:         tor\nCapabilities: the quick brown fox\n              jumps over\n',
  )
})

test('who asks for everything gets it uncut', () => {
  assert.equal(renderTable(COLUMNS, ROWS, uncut(plain(22))), renderTable(COLUMNS, ROWS, plain()))
})

test('a note is wrapped between words and indented', () => {
  assert.equal(
    renderNote(plain(24), 'plain', 'the quick brown fox jumps over', '  '),
    '  the quick brown fox\n  jumps over\n',
  )
})
