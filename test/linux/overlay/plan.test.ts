import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KernelRow, OverlayPlan } from '../../../lib/linux/overlay/plan.ts'
import { rowContent, rowKey } from '../../../lib/linux/overlay/row.ts'
import { vtepRows } from './overlay-bench.ts'

const [ROW] = vtepRows()
const KEY = rowKey(ROW!)
const OURS: KernelRow = { row: ROW!, owner: 'ours', content: rowContent(ROW!) }

test('a row that a former run left is ours from the moment it is wanted, and its loss is a repair', () => {
  const plan = new OverlayPlan()
  plan.scanned(new Map([[KEY, OURS]]), 1, 0)
  plan.want([ROW!])
  assert.equal(plan.next(2), undefined)
  const [adopted] = plan.states()
  assert.deepEqual([adopted?.status, adopted?.installedAt, adopted?.repairs], ['installed', 2, 0])
  plan.heard(KEY, undefined, 3, 0)
  const operation = plan.next(3)
  assert.equal(operation?.change, 'add')
  plan.done(operation!, 4)
  const [repaired] = plan.states()
  assert.deepEqual([repaired?.repairs, repaired?.repairedAt, plan.repairs], [1, 3, 1])
})
