import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../kube/json.ts'
import { BigIp } from './big-ip.ts'
import type { DeviceWorld, WorldChange } from './device-world.ts'
import { RestAsker } from './rest-asker.ts'

/** Keeps what it was told: one item for each call. */
class Recorder implements DeviceWorld {
  readonly told: (readonly WorldChange[])[] = []
  broken = false

  apply(changes: readonly WorldChange[]): void {
    if (this.broken) throw new Error('no such device')
    this.told.push(changes)
  }

  async bgpNeighbors() {
    const counts = { prefixesReceived: 3, prefixesSent: 1, messagesReceived: 9, messagesSent: 8 }
    return [{ address: '10.1.10.71', state: 'Established', since: 3661, ...counts }]
  }

  /** What the last call brought, in short. */
  get last(): string[] {
    return this.told.at(-1)!.map(({ before, after }) => {
      const verb = before === undefined ? '+' : after === undefined ? '-' : '~'
      return `${verb} ${(after ?? before)!.kind} ${(after ?? before)!.path}`
    })
  }
}

async function make(device: BigIp, path: string, body: JsonObject): Promise<void> {
  const { status, body: answer } = await device.hand('POST', path, body)
  assert.equal(status, 200, JSON.stringify(answer))
}

test('a world is told what is there at the start, and then each change as kernels see it', async () => {
  const world = new Recorder()
  const device = await BigIp.start({ world })
  assert.deepEqual(world.last, ['+ self IP /Common/external-self'])
  await make(device, '/tm/net/tunnels/vxlan', {
    name: 'p',
    defaultsFrom: '/Common/vxlan',
    floodingType: 'none',
    port: 8472,
  })
  assert.equal(world.told.length, 1, 'a profile alone is nothing')
  await make(device, '/tm/net/tunnels/tunnel', { name: 't', profile: '/Common/p', key: 1, localAddress: '10.1.10.60' })
  const { after } = world.told.at(-1)![0]!
  assert.ok(after?.kind === 'tunnel')
  const { mac, ...rest } = after
  assert.match(mac, /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
  assert.deepEqual(rest, {
    ...{ kind: 'tunnel', path: '/Common/t', routeDomain: 0, flooding: 'none', port: 8472, vni: 1 },
    ...{ localAddress: '10.1.10.60', mtu: 1450 },
  })
  await make(device, '/tm/net/self', { name: 's', address: '10.42.20.1/16', vlan: '/Common/t' })
  const records = [
    { name: '0a:0a:00:00:00:01', endpoint: '10.1.10.71' },
    { name: '0a:0a:00:00:00:02', endpoint: '10.1.10.72' },
  ]
  await device.hand('PATCH', '/tm/net/fdb/tunnel/~Common~t', { records })
  assert.deepEqual(world.last, ['+ FDB record /Common/t/0a:0a:00:00:00:01', '+ FDB record /Common/t/0a:0a:00:00:00:02'])
  await device.hand('PATCH', '/tm/net/fdb/tunnel/~Common~t', { records: [{ ...records[0]!, endpoint: '10.1.10.73' }] })
  assert.deepEqual(world.last, ['~ FDB record /Common/t/0a:0a:00:00:00:01', '- FDB record /Common/t/0a:0a:00:00:00:02'])
  await device.close()
})

test('a transaction is told at once, parents first and deletions last', async () => {
  const world = new Recorder()
  const device = await BigIp.start({ world })
  await make(device, '/tm/net/arp', { name: 'old', ipAddress: '10.1.10.9', macAddress: '0a:0a:00:00:00:01' })
  const asker = await RestAsker.login(device)
  const { body } = await asker.ask('POST', '/tm/transaction', {})
  const headers = { 'X-F5-REST-Coordination-Id': String(body.transId) }
  await asker.ask('DELETE', '/tm/net/arp/old', undefined, headers)
  await asker.ask(
    'POST',
    '/tm/net/arp',
    { name: 'a', ipAddress: '10.1.10.10', macAddress: '0a:0a:00:00:00:01' },
    headers,
  )
  await asker.ask(
    'POST',
    '/tm/net/tunnels/tunnel',
    { name: 't', profile: '/Common/vxlan', localAddress: '10.1.10.60' },
    headers,
  )
  await asker.ask('PATCH', `/tm/transaction/${body.transId}`, { state: 'VALIDATING' })
  assert.deepEqual(world.last, ['+ tunnel /Common/t', '+ ARP /Common/a', '- ARP /Common/old'])
  asker.close()
  await device.close()
})

test('BGP is told as a whole, with what neighbours have of their groups, in both ways of routing', async () => {
  for (const routing of ['tmos', 'legacy'] as const) {
    const world = new Recorder()
    const device = await BigIp.start({ world, routing })
    if (routing === 'tmos') {
      const addressFamily = [{ name: 'ipv6', activate: 'enabled' }]
      await make(device, '/tm/net/routing/bgp', {
        ...{ name: 'bgp', localAs: 64512, addressFamily: [{ name: 'ipv4', redistribute: [{ name: 'kernel' }] }] },
        peerGroup: [{ name: 'nodes', remoteAs: 64513, ebgpMultihop: 2, addressFamily }],
        neighbor: [{ name: '10.1.10.71', peerGroup: 'nodes', description: 'node-1' }],
      })
    } else {
      const group = ['neighbor nodes peer-group', 'neighbor nodes remote-as 64513', 'neighbor nodes ebgp-multihop 2']
      const family = ['address-family ipv6', 'neighbor nodes activate', 'exit-address-family']
      const neighbor = ['neighbor 10.1.10.71 peer-group nodes', 'neighbor 10.1.10.71 description node-1']
      await device.imish([
        'configure terminal',
        'router bgp 64512',
        'redistribute kernel',
        ...group,
        ...family,
        ...neighbor,
      ])
    }
    const { before, after } = world.told.at(-1)![0]!
    assert.equal(before, undefined)
    assert.deepEqual(after, {
      ...{ kind: 'BGP', path: '/Common/bgp', routeDomain: 0, asNumber: 64512, holdTime: 90, keepaliveTime: 30 },
      redistribute: [{ family: 'ipv4', from: 'kernel' }],
      neighbors: [
        {
          ...{
            address: '10.1.10.71',
            asNumber: 64513,
            peerGroup: 'nodes',
            families: ['ipv4', 'ipv6'],
            ebgpMultihop: 2,
          },
          ...{ description: 'node-1', passive: false, shutdown: false, routeMaps: {} },
        },
      ],
      ...{ prefixLists: [], routeMaps: [] },
    })
    await device.close()
  }
})

test('states of neighbours are those that the world tells', async () => {
  const device = await BigIp.start({ world: new Recorder(), routing: 'legacy' })
  await device.imish(['configure terminal', 'router bgp 64512', 'neighbor 10.1.10.71 remote-as 64512'])
  await device.imish(['configure terminal', 'router bgp 64512', 'neighbor 10.1.10.72 remote-as 64512'])
  const summary = await device.imish(['show ip bgp summary'])
  assert.match(summary, /^10\.1\.10\.71 .* 9 +8 .* 01:01:01 +3$/m)
  assert.match(summary, /^10\.1\.10\.72 .* never +Idle$/m)
  await device.close()
})

test('only the active unit has floating self IPs and advertises virtual addresses', async () => {
  const [worldA, worldB] = [new Recorder(), new Recorder()]
  const [a, b] = await BigIp.pair({ world: worldA }, { world: worldB }, { autoSync: true })
  const trafficGroup = '/Common/traffic-group-1'
  await make(a, '/tm/net/self', { name: 'float', address: '10.1.10.62/24', vlan: '/Common/external', trafficGroup })
  await make(a, '/tm/ltm/virtual-address', { name: 'va', address: '10.1.10.100', routeAdvertisement: 'always' })
  const advertised = (world: Recorder) =>
    world.told.flat().findLast(({ after }) => after?.kind === 'virtual address')?.after as { advertised: boolean }
  assert.deepEqual([advertised(worldA).advertised, advertised(worldB).advertised], [true, false])
  assert.ok(!worldB.told.flat().some(({ after }) => after?.path === '/Common/float'))
  await a.failOver()
  assert.deepEqual(worldA.last, ['~ virtual address /Common/va', '- self IP /Common/float'])
  assert.deepEqual(worldB.last, ['+ self IP /Common/float', '~ virtual address /Common/va'])
  assert.deepEqual([advertised(worldA).advertised, advertised(worldB).advertised], [false, true])
  await a.close()
  await b.close()
})

test('a reboot is told as what was lost by it', async () => {
  const world = new Recorder()
  const device = await BigIp.start({ world })
  await make(device, '/tm/net/arp', { name: 'a', ipAddress: '10.1.10.9', macAddress: '0a:0a:00:00:00:01' })
  await device.reboot()
  assert.deepEqual(world.last, ['- ARP /Common/a'])
  await device.close()
})

test('what a world throws is answered with 500, and kept', async () => {
  const world = new Recorder()
  const device = await BigIp.start({ world })
  world.broken = true
  const arp = { name: 'a', ipAddress: '10.1.10.9', macAddress: '0a:0a:00:00:00:01' }
  const { status, body } = await device.hand('POST', '/tm/net/arp', arp)
  assert.deepEqual([status, body.message], [500, 'the world behind the stand-in failed: Error: no such device'])
  assert.equal(device.worldFaults.length, 1)
  await device.close()
})
