/** A BIGIP in a BGP mode, from a device without dynamic routing to its neighbours, both ways that a device keeps BGP. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bigIpViews } from '../../../daemon/config/index.ts'
import { Stage } from './stage.ts'

describe('a BIGIP in mode bgp', () => {
  for (const api of ['tmos', 'imish'] as const)
    test(`enables ${api}, since the object names it, makes the neighbours and tells agents whom to peer with`, async t => {
      const stage = await Stage.open(t)
      stage.putBigIp({ mode: 'bgp', bgp: { api, nodeASNumber: 65010 } })
      stage.controller().start()
      const neighbors = () => namesOf(stage, api)
      await eventually(`2 neighbours by ${api}`, async () => (await neighbors()).length === 2)
      assert.deepEqual(await neighbors(), ['10.1.10.1', '10.1.10.2'])
      await eventually('the status', () => stage.status.units?.[0]?.bgp !== undefined)
      const { views, problems } = bigIpViews([stage.api.find('BIGIP', 'bigip')!], [])
      assert.deepEqual(problems, [])
      assert.deepEqual(
        views.map(({ tunnels: _, ...bgp }) => bgp),
        [
          {
            name: 'bigip',
            peers: 'per-node',
            nodeASNumber: 65010,
            holdTime: 90,
            keepaliveTime: 30,
            units: [{ name: 'bigip-a', addresses: ['10.1.10.60'], asNumber: 64512 }],
            reflectors: [],
            vips: [],
          },
        ],
      )
      stage.putNode(3)
      await eventually('a neighbour for the new node', async () => (await neighbors()).length === 3)
    })

  for (const api of ['tmos', 'imish'] as const)
    test(`enables ${api} and makes the neighbours in one apply`, async t => {
      const stage = await Stage.open(t)
      stage.putBigIp({ mode: 'bgp', bgp: { api } })
      const [outcome] = await stage.controller().apply()
      assert.equal(outcome?.error, undefined)
      assert.equal(outcome?.result?.converged, true)
      assert.deepEqual(await namesOf(stage, api), ['10.1.10.1', '10.1.10.2'])
    })

  test('enables nothing where the object does not name it, and says what to write', async t => {
    const stage = await Stage.open(t)
    stage.putBigIp({ mode: 'bgp' })
    stage.controller().start()
    const told = () => stage.status.findings?.find(({ code }) => code === 'bgp-not-enabled')
    await eventually('the finding', () => told() !== undefined)
    assert.match(told()!.remedy!, /spec\.bgp\.api: tmos/)
    const { body } = await stage.device.hand('GET', '/tm/sys/db/tmrouted.tmos.routing')
    assert.equal(body.value, 'disable')
  })
})

async function namesOf({ device }: Stage, api: 'tmos' | 'imish'): Promise<string[]> {
  if (api === 'imish') {
    const text = await device.imish(['show running-config'])
    return [...text.matchAll(/^ neighbor (\S+) peer-group podpeer-/gm)].map(([, name]) => name!)
  }
  const { status, body } = await device.hand('GET', '/tm/net/routing/bgp?expandSubcollections=true')
  if (status !== 200) return []
  const processes = (body.items ?? []) as { neighborReference?: { items?: { name: string }[] } }[]
  return processes.flatMap(({ neighborReference }) => neighborReference?.items?.map(({ name }) => name) ?? [])
}

/** Looks again until it is so, for at most two minutes. */
async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 120_000; !(await holds()); ) {
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
