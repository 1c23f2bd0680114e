/** BGP as wanted, brought to a device both ways: objects of REST (tmos), and ZebOS through imish (legacy). */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { splitAccess } from '../../../../lib/bigip/access.ts'
import { BigIpClient } from '../../../../lib/bigip/client.ts'
import { Device } from '../../../../lib/bigip/device.ts'
import type { Operation } from '../../../../lib/bigip/operation.ts'
import { RestAccess } from '../../../../lib/bigip/rest-access.ts'
import { RouteDomains } from '../../../../lib/bigip/route-domains.ts'
import { bgpRows } from '../../../../lib/bigip/routing/desired.ts'
import { IMISH_KINDS, ImishAccess, imishFinding } from '../../../../lib/bigip/routing/imish-access.ts'
import type { BgpSpeaker } from '../../../../lib/bigip/routing/speakers.ts'
import type { Row } from '../../../../lib/bigip/row.ts'
import { BigIp } from '../../../bigip/big-ip.ts'

const identity = { clusterId: 'c1', partition: 'Common' }
const routeDomain = { id: 0, path: '/Common/0' }

const node = (number: number, asNumber = 64512): BgpSpeaker => ({
  kind: 'Node',
  name: `node-${number}`,
  addresses: [`10.1.10.${number}`, `fd00:10::${number}`],
  asNumber,
})

function wanted(speakers: readonly BgpSpeaker[], change: Partial<Parameters<typeof bgpRows>[0]> = {}) {
  return bgpRows({
    identity,
    unit: 'unit bigip-a',
    routeDomain: '/Common/0',
    asNumber: 64512,
    routerId: '10.1.10.60',
    holdTime: 90,
    keepaliveTime: 30,
    speakers,
    connected: ['10.1.10.0/24'],
    processes: [],
    manage: true,
    ...change,
  })
}

let stand: BigIp
let client: BigIpClient
let imish: ImishAccess
let device: Device

async function start(routing: 'tmos' | 'legacy' | 'none', applianceMode = false): Promise<void> {
  stand = await BigIp.start({ routing, applianceMode })
  client = new BigIpClient({ url: stand.url, credentials: async () => stand.credentials, tls: { ca: stand.ca } })
  imish = new ImishAccess({ client, identity, routeDomain })
  const rest = new RestAccess(client, new RouteDomains('Common', new Map()))
  const access = routing === 'legacy' ? splitAccess(rest, imish, IMISH_KINDS) : rest
  device = new Device({ name: 'bigip-a', access, identity, lead: () => true })
}

afterEach(async () => {
  await device.close()
  await client.close()
  await stand.close()
})

/** What a person tells imish. */
function tell(...lines: string[]): Promise<string> {
  const told = ['enable', 'configure terminal', ...lines].flatMap(line => ['-e', line])
  return client.bash(['imish', '-r', '0', ...told])
}

/** One pass, and what it did; then one that has nothing to do. */
async function make(rows: readonly Row[], expectations: readonly Row[] = []): Promise<string[]> {
  device.want({ rows, expectations, synced: true })
  const { plan, failed, converged } = await device.apply()
  assert.deepEqual(failed, [])
  assert.ok(converged, JSON.stringify([plan.findings, plan.refused]))
  const { plan: again } = await device.apply()
  assert.deepEqual(again.operations.map(textOf), [])
  return plan.operations.map(textOf)
}

function textOf(operation: Operation): string {
  return operation.verb === 'records' ? 'records' : `${operation.verb} ${operation.row.kind} ${operation.row.name}`
}

for (const routing of ['tmos', 'legacy'] as const)
  describe(`BGP of a device in ${routing} mode`, () => {
    beforeEach(() => start(routing))

    it('is made from nothing, and is then as wanted', async () => {
      const advertised = ['10.1.20.80/32', '10.1.20.81/32', 'fd00:20::80/128']
      const { rows } = wanted([node(1), node(2, 65010)], { advertised })
      const made = await make(rows)
      assert.deepEqual(made.slice(0, 9), [
        'create prefix list /Common/podpeer-c1-vips',
        'create prefix list /Common/podpeer-c1-vips-ipv6',
        'create route map /Common/podpeer-c1-vips',
        'create route map /Common/podpeer-c1-vips-ipv6',
        'create BGP /Common/podpeer-c1-bgp',
        'create BGP peer group podpeer-c1-64512',
        'create BGP peer group podpeer-c1-64512-ipv6',
        'create BGP peer group podpeer-c1-65010',
        'create BGP peer group podpeer-c1-65010-ipv6',
      ])
      assert.deepEqual(made.slice(9).sort(), [
        'create BGP neighbor 10.1.10.1',
        'create BGP neighbor 10.1.10.2',
        'create BGP neighbor fd00:10::1',
        'create BGP neighbor fd00:10::2',
      ])
    })

    it('gains and loses a neighbour without a word to the others', async () => {
      await make(wanted([node(1), node(2)]).rows)
      assert.deepEqual(await make(wanted([node(1), node(2), node(3)]).rows), [
        'create BGP neighbor 10.1.10.3',
        'create BGP neighbor fd00:10::3',
      ])
      assert.deepEqual((await make(wanted([node(1), node(3)]).rows)).sort(), [
        'delete BGP neighbor 10.1.10.2',
        'delete BGP neighbor fd00:10::2',
      ])
    })

    it('follows a node to another AS, and VIPs that come and go', async () => {
      await make(wanted([node(1)], { advertised: ['10.1.20.80/32'] }).rows)
      const moved = await make(wanted([node(1, 65010)], { advertised: ['10.1.20.80/32'] }).rows)
      assert.ok(moved.includes('update BGP neighbor 10.1.10.1'), String(moved))
      assert.deepEqual(await make(wanted([node(1, 65010)], { advertised: ['10.1.20.79/32', '10.1.20.80/32'] }).rows), [
        'update prefix list /Common/podpeer-c1-vips',
      ])
      assert.deepEqual(await make(wanted([node(1, 65010)]).rows), [
        'update BGP /Common/podpeer-c1-bgp',
        'delete route map /Common/podpeer-c1-vips',
        'delete prefix list /Common/podpeer-c1-vips',
      ])
    })

    it('has to be made again for another AS number, which ends all sessions: that waits for a word', async () => {
      const connected = ['10.1.10.0/24', 'fd00:10::/64']
      await make(wanted([node(1)], { connected }).rows)
      device.want({ rows: wanted([node(1)], { connected, asNumber: 64999 }).rows, expectations: [], synced: true })
      const { plan, applied } = await device.apply()
      assert.equal(applied, 0)
      assert.deepEqual(
        plan.refused?.replacements.map(({ kind }) => kind),
        ['BGP'],
      )
      const allowed = await device.apply({ allowDeletions: plan.refused!.hash })
      assert.deepEqual([allowed.failed, allowed.converged], [[], true])
      assert.deepEqual(allowed.plan.operations.map(textOf).slice(0, 3), [
        'replace BGP /Common/podpeer-c1-bgp',
        'create BGP peer group podpeer-c1-64512',
        'create BGP peer group podpeer-c1-64512-ipv6',
      ])
    })

    it('keeps what others put into it, and loses each neighbour of ours, when nothing is wanted any more', async () => {
      const advertised = ['10.1.20.80/32']
      await make(wanted([node(1), node(2)], { advertised }).rows)
      await addByHand('10.1.10.251', 65001)
      device.want({ rows: [], expectations: [], synced: true })
      const { plan, failed, converged } = await device.apply({ allowDeletions: 100 })
      assert.deepEqual([failed, converged], [[], true])
      assert.deepEqual(await neighborsThere(), ['10.1.10.251'])
      assert.ok(
        plan.findings.some(({ code, subject }) => code === 'in-use-by-other' && subject.startsWith('BGP ')),
        JSON.stringify(plan.findings),
      )
    })

    const addByHand = async (address: string, asNumber: number) => {
      if (routing === 'legacy')
        return void (await tell('router bgp 64512', `neighbor ${address} remote-as ${asNumber}`))
      const path = '/tm/net/routing/bgp/~Common~podpeer-c1-bgp/neighbor'
      const { status } = await stand.hand('POST', path, { name: address, remoteAs: asNumber })
      assert.equal(status, 200)
    }
    const neighborsThere = async () => {
      if (routing === 'legacy') return (await imish.read('BGP neighbor')).map(({ name }) => name)
      const path = '/tm/net/routing/bgp/~Common~podpeer-c1-bgp/neighbor'
      return (await stand.list(path)).map(({ name }) => name)
    }

    it('goes with all that is ours', async () => {
      await make(wanted([node(1)], { advertised: ['10.1.20.80/32'] }).rows)
      await make([])
      assert.deepEqual(await stand.list('/tm/net/routing/bgp').catch(() => []), [])
    })
  })

describe('a BGP process that others keep in a legacy device', () => {
  beforeEach(() => start('legacy'))

  const namesOf = async (kind: 'BGP' | 'BGP neighbor') => (await imish.read(kind)).map(({ name }) => name)

  it('gets neighbours of ours and loses them, and nothing else of it changes', async () => {
    await tell(
      'router bgp 64512',
      'neighbor tors peer-group',
      'neighbor tors remote-as 65000',
      'neighbor 10.1.10.250 peer-group tors',
      'neighbor 10.1.10.251 remote-as 65001',
      'max-paths ebgp 4',
    )
    const before = await client.bash(['imish', '-r', '0', '-e', 'enable', '-e', 'show running-config'])
    const processes = (await imish.read('BGP')) as Row<'BGP'>[]
    assert.deepEqual(
      processes.map(({ name, description }) => [name, description]),
      [['/Common/bgp', undefined]],
    )
    const { rows, expectations } = wanted([node(1)], { processes, routerId: undefined as never })
    assert.deepEqual(await make(rows, expectations), [
      'create BGP peer group podpeer-c1-64512',
      'create BGP peer group podpeer-c1-64512-ipv6',
      'create BGP neighbor 10.1.10.1',
      'create BGP neighbor fd00:10::1',
    ])
    await make([], expectations)
    const after = await client.bash(['imish', '-r', '0', '-e', 'enable', '-e', 'show running-config'])
    assert.equal(after, before)
  })

  it('is not deleted with ours while a neighbour of others is in it', async () => {
    await make(wanted([node(1)]).rows)
    await tell('router bgp 64512', 'neighbor 10.1.10.251 remote-as 65001')
    device.want({ rows: [], expectations: [], synced: true })
    await device.apply()
    assert.ok((await namesOf('BGP neighbor')).includes('10.1.10.251'))
    // as if it had come after the plan
    const [process] = await imish.read('BGP')
    await imish.write({ verb: 'delete', row: process!, reason: 'nothing wants it' })
    assert.deepEqual(await namesOf('BGP neighbor'), ['10.1.10.251'])
    assert.deepEqual(await namesOf('BGP'), ['/Common/bgp'])
  })

  it('goes with a neighbour of a cluster whose name begins like ours still in it as that of others', async () => {
    await make(wanted([node(1)]).rows)
    await tell(
      'router bgp 64512',
      'neighbor 10.1.10.251 remote-as 65001',
      'neighbor 10.1.10.251 description podpeer cluster=c10',
    )
    const [process] = await imish.read('BGP')
    await imish.write({ verb: 'delete', row: process!, reason: 'nothing wants it' })
    assert.deepEqual(await namesOf('BGP neighbor'), ['10.1.10.251'])
  })

  it('refuses one row whose name has no place in a line, and one whose process is gone, as faults of the device', async () => {
    const neighbor = { kind: 'BGP neighbor', parent: '/Common/bgp', name: 'eth0', fields: { families: [] } } as const
    const remove = (name: string) =>
      imish.write({ verb: 'delete', row: { ...neighbor, name }, reason: 'nothing wants it' })
    await assert.rejects(remove('10.1.10.1'), { code: 'BIGIP_NOT_FOUND', applied: 'no' })
    await tell('router bgp 64512')
    await assert.rejects(remove('eth0'), { code: 'BIGIP_REFUSED', applied: 'no' })
    await remove('10.1.10.1')
  })

  it('takes it for a refusal that what a change needs is not there', async () => {
    await tell('router bgp 64512')
    const row = {
      kind: 'BGP neighbor',
      parent: '/Common/bgp',
      name: '10.1.10.1',
      fields: { peerGroup: 'none-such', families: ['ipv4'] },
    } as const
    await assert.rejects(imish.write({ verb: 'create', row, reason: 'it is not there' }), { code: 'BIGIP_REFUSED' })
  })

  it('shows its sessions as it sees them', async () => {
    await make(wanted([node(1)]).rows)
    const states = await imish.neighbors()
    assert.deepEqual(states.map(({ address, asNumber }) => `${address} ${asNumber}`).sort(), [
      '10.1.10.1 64512',
      'fd00:10::1 64512',
    ])
  })
})

it('a device in appliance mode has no imish, and a finding says what to do', async () => {
  await start('legacy', true)
  const thrown = await imish.read('BGP').then(
    () => undefined,
    reason => reason,
  )
  assert.equal(imishFinding(thrown, 'unit bigip-a')?.code, 'imish-appliance-mode')
})

it('a route domain without BGP is a fault that says so, never an empty configuration', async () => {
  await start('none')
  const thrown = await imish.read('BGP').then(
    () => undefined,
    reason => reason,
  )
  assert.match(String(thrown), /Dynamic routing is not enabled in route domain 0/)
  assert.equal(imishFinding(thrown, 'unit bigip-a')?.code, 'bgp-not-enabled')
})
