/** The table of calicoctl up to v3.32, compared with its own output. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderBoxed } from '../../../daemon/cli/boxed-table.ts'

const TITLES = ['PEER ADDRESS', 'PEER TYPE', 'STATE', 'SINCE', 'INFO']

test('it is what calicoctl prints, wrapped cells included', () => {
  assert.equal(
    renderBoxed(TITLES, [
      ['10.1.0.12', 'node-to-node mesh', 'up', '08:40:07', 'Established'],
      ['10.1.0.60', 'global', 'start', '09:02:51', 'Active Socket: Connection refused'],
    ]),
    `\
+--------------+-------------------+-------+----------+---------------------------+
| PEER ADDRESS |     PEER TYPE     | STATE |  SINCE   |           INFO            |
+--------------+-------------------+-------+----------+---------------------------+
| 10.1.0.12    | node-to-node mesh | up    | 08:40:07 | Established               |
| 10.1.0.60    | global            | start | 09:02:51 | Active Socket: Connection |
|              |                   |       |          | refused                   |
+--------------+-------------------+-------+----------+---------------------------+
`,
  )
})

test('a cell is split where the empty squares are fewest, the earlier break winning, not where a line is full', () => {
  const lines = renderBoxed(['T'], [['aaaaaaaaaaaa bbbbbbbbbbbb cccccccccccc dddddddddddddddddddddddddddd']])
    .split('\n')
    .slice(3, -2)
    .map(line => line.slice(2, -2).trimEnd())
  assert.deepEqual(lines, ['aaaaaaaaaaaa', 'bbbbbbbbbbbb cccccccccccc', 'dddddddddddddddddddddddddddd'])
})

test('a word longer than 30 columns is kept whole and sets the width', () => {
  const word = 'x'.repeat(40)
  assert.match(renderBoxed(['T'], [[`a ${word}`]]), new RegExp(`\\| ${word} \\|`))
})
