/** Devices that others use, too: CIS before us, another cluster beside us, a tunnel that others write to, route domains. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Identity } from '../../../lib/bigip/ownership.ts'
import { ownName, tagged } from '../../../lib/bigip/ownership.ts'
import type { Row } from '../../../lib/bigip/row.ts'
import type { BigIp } from '../../bigip/big-ip.ts'
import { leaveCis, leaveCisRoutes, prepareFlannelByHand } from '../../bigip/cis-leftovers.ts'
import { until } from '../../until.ts'
import { type PlayedNode, rowsOf } from './played-cluster.ts'
import { c1, reconcile, startBigIp, wanted } from './stand-in.ts'

const adopting: Identity = { ...c1, adopt: 'cis' }
const flTunnel = '/Common/fl-tunnel'
const flRecords = '/tm/net/fdb/tunnel/~Common~fl-tunnel/records'
const cisNodes = [1, 2].map(id => ({
  name: `node-${id}`,
  address: `10.1.10.${id}`,
  vtepMac: `0a:00:00:00:00:0${id}`,
  podCIDR: `10.244.${id}.0/24`,
}))
const cisPods = [1, 2].map(id => ({ address: `10.244.${id}.2`, node: `node-${id}` }))

/** What a mode wants in the place of CIS. */
function wantedOfCis(): Row[] {
  const records = cisNodes.map(
    ({ vtepMac, address }): Row => ({
      kind: 'FDB record',
      parent: flTunnel,
      name: vtepMac,
      fields: { endpoint: address },
    }),
  )
  const neighbors = cisPods.map(
    ({ address }, at): Row => ({
      kind: 'ARP',
      name: ownName(c1, address),
      description: tagged(c1),
      fields: { ipAddress: address, macAddress: cisNodes[at]!.vtepMac },
    }),
  )
  return [...records, ...neighbors]
}

async function leftByCis(bigIp: BigIp): Promise<void> {
  await prepareFlannelByHand(bigIp, '10.1.10.60', '10.244.255.1/16')
  // the last pod has gone while nobody looked
  await leaveCis(bigIp, { nodes: cisNodes, pods: [...cisPods, { address: '10.244.2.9', node: 'node-2' }] })
}

const names = async (bigIp: BigIp, path: string) => (await bigIp.list(path)).map(({ name }) => name).sort()

test('what CIS left is adopted under its names and gets our tag; nothing that is right is deleted or made again', async context => {
  const bigIp = await startBigIp(context)
  await leftByCis(bigIp)
  const { device } = reconcile(context, bigIp, { identity: adopting })
  device.want(wanted(wantedOfCis(), { podNetworks: ['10.244.0.0/16'] }))
  const outcome = await device.apply()
  assert.equal(outcome.converged, true)

  const arps = await bigIp.list('/tm/net/arp')
  assert.deepEqual(
    arps.map(({ name, description }) => [name, description]),
    cisPods.map(({ address }) => [`k8s-${address}`, 'podpeer cluster=c1']),
  )
  assert.equal(bigIp.calls.count('POST /tm/net/arp'), 0)
  assert.equal(bigIp.calls.count('PATCH /tm/net/arp'), 2)
  assert.equal(bigIp.calls.count('DELETE /tm/net/arp'), 1, 'that of the pod that has gone')
  assert.deepEqual(
    await names(bigIp, flRecords),
    cisNodes.map(({ vtepMac }) => vtepMac),
  )
  assert.equal(bigIp.calls.count('POST /tm/net/fdb/tunnel/records'), 0)

  bigIp.calls.reset()
  const later = reconcile(context, bigIp)
  later.device.want(wanted(wantedOfCis()))
  assert.equal((await later.device.apply()).converged, true)
  assert.equal(bigIp.calls.writes, 0, 'adopted once, it is ours without the word')

  later.device.want(wanted([]))
  await later.device.apply()
  assert.deepEqual(await bigIp.list('/tm/net/arp'), [])
  assert.deepEqual(await bigIp.list(flRecords), [])
})

test('what CIS left is in the way, and left alone, where nobody asked for its adoption', async context => {
  const bigIp = await startBigIp(context)
  await leftByCis(bigIp)
  await bigIp.hand('PATCH', '/tm/net/arp/~Common~k8s-10.244.1.2', { macAddress: '02:00:00:00:00:01' })
  const { device } = reconcile(context, bigIp)
  device.want(wanted(wantedOfCis(), { podNetworks: ['10.244.0.0/16'] }))
  const { plan, applied } = await device.apply()
  assert.equal(applied, 0)
  assert.deepEqual(plan.findings.map(({ code, severity }) => `${severity} ${code}`).sort(), [
    'error held-by-other',
    'note kept-by-other',
    'note kept-by-other',
  ])
  const conflict = plan.findings.find(({ severity }) => severity === 'error')!
  assert.equal(conflict.subject, 'ARP /Common/k8s-10.244.1.2')
  assert.match(conflict.remedy!, /tmsh delete net arp \/Common\/k8s-10\.244\.1\.2\) or, if CIS made it, set adopt: cis/)
})

test('what CIS left for another cluster stays', async context => {
  const bigIp = await startBigIp(context)
  await prepareFlannelByHand(bigIp, '10.1.10.60', '10.244.255.1/16')
  await leaveCisRoutes(bigIp, [{ ...cisNodes[0]!, podCIDR: '10.50.1.0/24' }, cisNodes[1]!], 'other-cis')
  const { device } = reconcile(context, bigIp, { identity: adopting })
  const route: Row = {
    kind: 'route',
    name: ownName(c1, '10.244.2.0-24'),
    fields: { network: '10.244.2.0/24', gateway: '10.1.10.2' },
  }
  device.want(wanted([route], { podNetworks: ['10.244.0.0/16'] }))
  assert.equal((await device.apply()).converged, true)
  const routes = await bigIp.list('/tm/net/route')
  assert.deepEqual(routes.map(({ name, description }) => [name, description]).sort(), [
    ['k8s-node-1-10.1.10.1', 'other-cis'],
    ['k8s-node-2-10.1.10.2', 'podpeer cluster=c1'],
  ])
})

test('two clusters on one device do not touch each other’s objects, whichever goes', async context => {
  const bigIp = await startBigIp(context)
  // its id begins with that of the first
  const c12: Identity = { clusterId: 'c1-2', partition: 'Common' }
  const nodes: readonly PlayedNode[] = [1, 2, 3].map(id => ({ id, life: 0, pods: 2 }))
  const [first, second] = [reconcile(context, bigIp), reconcile(context, bigIp, { identity: c12 })]
  first.device.want(wanted(rowsOf(c1, 'arp node', nodes)))
  second.device.want(wanted(rowsOf(c12, 'arp pod', nodes, 245)))
  const outcomes = await Promise.all([first.device.apply(), second.device.apply()])
  assert.deepEqual(
    outcomes.map(({ converged }) => converged),
    [true, true],
  )
  assert.equal((await bigIp.list('/tm/net/arp')).length, 3 + 6)

  bigIp.calls.reset()
  await Promise.all([first.device.apply(), second.device.apply()])
  assert.equal(bigIp.calls.writes, 0)

  first.device.want(wanted([]))
  assert.equal((await first.device.apply({ allowDeletions: 100 })).converged, true)
  assert.equal((await second.device.apply()).applied, 0)
  assert.equal((await bigIp.list('/tm/net/arp')).length, 6)
  assert.deepEqual(await bigIp.list('/tm/net/route'), [])
})

test('in a shared tunnel only the records of our journal are ours, also after a restart', async context => {
  const bigIp = await startBigIp(context)
  await prepareFlannelByHand(bigIp, '10.1.10.60', '10.244.255.1/16')
  await bigIp.hand('POST', flRecords, { name: '02:00:00:00:00:09', endpoint: '10.1.10.99' })
  const { device } = reconcile(context, bigIp)
  device.want(wanted(wantedOfCis()))
  assert.equal((await device.apply()).converged, true)
  assert.equal((await bigIp.list(flRecords)).length, 3)
  const journal = async () =>
    (await bigIp.list('/tm/ltm/data-group/internal')).find(({ name }) => name === 'podpeer-c1-journal')
  const entries = ['01', '02'].map(octet => ({ name: `${flTunnel} 0a:00:00:00:00:${octet}` }))
  assert.deepEqual((await journal())?.['records'], entries)

  const after = reconcile(context, bigIp)
  after.device.want(wanted([]))
  assert.equal((await after.device.apply()).converged, true)
  assert.deepEqual(await names(bigIp, flRecords), ['02:00:00:00:00:09'])
  assert.equal(await journal(), undefined)
})

test('in a tunnel of ours that is shared, records of others stay, and with them the tunnel', async context => {
  const bigIp = await startBigIp(context)
  const tunnel = ownName(c1, 'flannel')
  const nodes: readonly PlayedNode[] = [{ id: 1, life: 0, pods: 1 }]
  const { device } = reconcile(context, bigIp)
  device.want(wanted(rowsOf(c1, 'arp pod', nodes), { sharedTunnels: [tunnel] }))
  await device.apply()
  const records = '/tm/net/fdb/tunnel/~Common~podpeer-c1-flannel/records'
  await bigIp.hand('POST', records, { name: '02:00:00:00:00:09', endpoint: '10.1.10.99' })
  assert.equal((await device.apply()).applied, 0)

  // a later run that has forgotten all, and is not told that it is shared
  const after = reconcile(context, bigIp)
  after.device.want(wanted([]))
  const { plan } = await after.device.apply()
  assert.deepEqual(await names(bigIp, records), ['02:00:00:00:00:09'])
  const finding = plan.findings.find(({ code }) => code === 'in-use-by-other')
  assert.match(finding!.cause, /FDB record 02:00:00:00:00:09 of \/Common\/podpeer-c1-flannel/)
})

test('a tunnel of others that has the name of ours is told, and nothing is put into it or taken out of it', async context => {
  const bigIp = await startBigIp(context)
  const tunnel = 'podpeer-c1-flannel'
  const records = `/tm/net/fdb/tunnel/~Common~${tunnel}/records`
  await bigIp.hand('POST', '/tm/net/tunnels/vxlan', { name: 'mine', defaultsFrom: '/Common/vxlan', port: 4789 })
  await bigIp.hand('POST', '/tm/net/tunnels/tunnel', {
    name: tunnel,
    profile: '/Common/mine',
    key: 7,
    localAddress: '10.1.10.60',
  })
  await bigIp.hand('POST', records, { name: '02:00:00:00:00:09', endpoint: '10.1.10.99' })
  const { device } = reconcile(context, bigIp)
  device.want(wanted(rowsOf(c1, 'arp pod', [{ id: 1, life: 0, pods: 1 }])))
  const { plan, converged } = await device.apply()
  assert.equal(converged, true, 'until a person has decided')
  assert.deepEqual(
    plan.findings.map(({ code, subject }) => [code, subject]),
    [['held-by-other', `tunnel /Common/${tunnel}`]],
  )
  assert.doesNotMatch(plan.findings[0]!.remedy!, /adopt/, 'CIS makes no tunnels')
  assert.deepEqual(await names(bigIp, records), ['02:00:00:00:00:09'])
  assert.equal(
    (await bigIp.list('/tm/net/self')).some(({ vlan }) => vlan === `/Common/${tunnel}`),
    false,
  )
  assert.equal(
    (await bigIp.list('/tm/ltm/data-group/internal')).some(({ name }) => name === 'podpeer-c1-journal'),
    false,
  )

  device.want(wanted([]))
  assert.equal((await device.apply()).converged, true)
  assert.deepEqual(await names(bigIp, records), ['02:00:00:00:00:09'])
})

test('in a partition with a route domain of its own, addresses are compared without its id and written with it', async context => {
  const bigIp = await startBigIp(context)
  await bigIp.hand('POST', '/tm/net/route-domain', { name: '20', id: 20 })
  await bigIp.hand('POST', '/tm/auth/partition', { name: 'pods', defaultRouteDomain: 20 })
  const identity: Identity = { clusterId: 'c1', partition: 'pods' }
  const row: Row = {
    kind: 'ARP',
    name: '/pods/podpeer-c1-10.244.1.2',
    fields: { ipAddress: '10.244.1.2', macAddress: '0a:00:00:00:00:01' },
  }
  const { device } = reconcile(context, bigIp, { identity, partitions: new Map([['pods', 20]]) })
  device.want(wanted([row]))
  const outcome = await device.apply()
  assert.deepEqual(outcome.failed, [])
  assert.equal((await device.apply()).applied, 0)
  // AS3 resets the default of a partition at will
  await bigIp.hand('PATCH', '/tm/auth/partition/pods', { defaultRouteDomain: 0 })
  assert.equal((await bigIp.list('/tm/net/arp'))[0]?.['ipAddress'], '10.244.1.2%20')
  assert.equal((await device.apply()).applied, 0)
})

test('the same networks in another route domain are no conflict, though that is the default of their partition', async context => {
  const bigIp = await startBigIp(context)
  await bigIp.hand('POST', '/tm/net/route-domain', { name: '20', id: 20 })
  await bigIp.hand('POST', '/tm/auth/partition', { name: 'pods', defaultRouteDomain: 20 })
  const neighbor = (clusterId: string, partition: string): Row => ({
    kind: 'ARP',
    name: ownName({ clusterId, partition }, '10.244.1.2'),
    fields: { ipAddress: '10.244.1.2', macAddress: '0a:00:00:00:00:01' },
  })
  const partitions = new Map([['pods', 20]])
  const there = reconcile(context, bigIp, { identity: { clusterId: 'c2', partition: 'pods' }, partitions })
  there.device.want(wanted([neighbor('c2', 'pods')]))
  await there.device.apply()
  const { device } = reconcile(context, bigIp, { partitions })
  device.want(wanted([neighbor('c1', 'Common')]))
  const { plan, converged } = await device.apply()
  assert.deepEqual([converged, plan.findings], [true, []])
  assert.deepEqual((await bigIp.list('/tm/net/arp')).map(({ fullPath, ipAddress }) => [fullPath, ipAddress]).sort(), [
    ['/Common/podpeer-c1-10.244.1.2', '10.244.1.2'],
    ['/pods/podpeer-c2-10.244.1.2', '10.244.1.2'],
  ])
})

test('a record of a shared tunnel is not written while the journal cannot be', async context => {
  const bigIp = await startBigIp(context)
  await prepareFlannelByHand(bigIp, '10.1.10.60', '10.244.255.1/16')
  const { device } = reconcile(context, bigIp)
  const refusal = { status: 400, body: { code: 400, message: 'not now', errorStack: [], apiError: 3 } }
  const end = bigIp.faults.add(refusal, { on: ({ method, path }) => method === 'POST' && path.includes('data-group') })
  device.want(wanted(wantedOfCis()))
  const { failed } = await device.apply()
  assert.equal(failed.length, 1)
  assert.deepEqual(await bigIp.list(flRecords), [])
  assert.equal((await bigIp.list('/tm/net/arp')).length, 2, 'what needs no journal is written')
  end()
  assert.equal((await device.apply()).converged, true)
  assert.equal((await bigIp.list(flRecords)).length, 2)
})

test('a tunnel that nothing wanted before is read before anything is put into it', async context => {
  const bigIp = await startBigIp(context)
  await prepareFlannelByHand(bigIp, '10.1.10.60', '10.244.255.1/16')
  const { device } = reconcile(context, bigIp)
  device.want(wanted([]))
  device.start()
  await until('it is in sync', () => device.status().phase === 'in sync')
  await bigIp.hand('POST', flRecords, { name: cisNodes[0]!.vtepMac, endpoint: '10.1.10.99' })
  device.want(wanted(wantedOfCis()))
  await until('the rest is there', () => device.status().phase === 'in sync' && device.status().objects.actual === 4)
  assert.deepEqual(
    (await bigIp.list(flRecords)).map(({ endpoint }) => String(endpoint).split('%')[0]),
    ['10.1.10.99', '10.1.10.2'],
  )
  assert.equal(bigIp.calls.count('POST /tm/net/fdb/tunnel/records'), 1)
  assert.ok(device.status().findings.some(({ code }) => code === 'held-by-other'))
})
