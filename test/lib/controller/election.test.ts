/** Several controllers, of which one writes. One test at a time: a Lease is soon lost where the machine is busy. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { until } from '../../until.ts'
import { eventually, Stage, writesOf } from './stage.ts'

describe('of several controllers', () => {
  it('one writes, and another takes over at once when it is stopped', async context => {
    const stage = await Stage.open(context)
    stage.putBigIp()
    const first = stage.controller({ election: true })
    first.start()
    await until('the first leads', () => first.leading)
    const second = stage.controller({ election: true })
    let written = 0
    second.on('applied', () => written++)
    second.start()
    await stage.ready()
    await until('the second knows the device', () => second.units()[0]?.unit.status?.phase === 'following')
    assert.deepEqual([first.leading, second.leading, written], [true, false, 0])
    await first.close()
    await until('the second leads', () => second.leading)
    stage.putNode(3)
    await eventually(async () => Object.keys(await stage.records()).length, 3)
    // the device has the record before its answer is heard
    await until('the second tells what it wrote', () => written > 0)
  })

  it('one that cannot renew its Lease stops writing before another may begin', async context => {
    const stage = await Stage.open(context)
    stage.putBigIp()
    const controller = stage.controller({ election: true })
    controller.start()
    await stage.ready()
    stage.api.faults.judge = ({ path }) => (path.includes('/leases') ? { code: 503 } : undefined)
    await until('it leads no more', () => !controller.leading)
    const writes = writesOf(stage.device)
    stage.putNode(3)
    await until('the node is known', () => (controller.network('bigip')?.nodes.length ?? 0) === 3)
    await until('it has followed', () => controller.units()[0]?.unit.desire?.served === 3)
    assert.equal(writesOf(stage.device), writes)
    stage.api.faults.judge = () => undefined
    await eventually(async () => Object.keys(await stage.records()).length, 3)
  })
})
