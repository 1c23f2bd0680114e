/** A BIGIP of two units: a pair whose configuration syncs, and of which either may be the active one. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { BigIp, type BigIpOptions } from '../../bigip/big-ip.ts'
import { until } from '../../until.ts'
import { eventually, Stage, writesOf } from './stage.ts'

const PASSWORD = 'of-both'
/** Each unit has its own address and tunnel subnet. */
const SELF_IPS = ['10.244.254.1/16', '10.244.255.1/16'] as const
const NODES = { '02:00:00:00:00:01': '10.1.10.1', '02:00:00:00:00:02': '10.1.10.2' }

/** The first has the addresses of the factory. */
const SECOND: BigIpOptions = { networks: [{ vlan: 'external', selfIPs: ['10.1.10.61/24'] }] }

interface Pair {
  readonly stage: Stage
  readonly devices: readonly [BigIp, BigIp]
  put(spec?: object): void
}

/** @param tunnelSync as the factory has it, or as podpeer asks for it */
async function open(
  context: TestContext,
  options: { readonly first?: BigIpOptions; readonly second?: BigIpOptions; readonly autoSync?: boolean } = {},
  tunnelSync: 'enable' | 'disable' = 'disable',
): Promise<Pair> {
  const { first, second, autoSync = false } = options
  const own = { password: PASSWORD }
  const devices = (await BigIp.pair({ ...own, ...first }, { ...own, ...second }, { autoSync })) as [BigIp, BigIp]
  for (const device of devices) await device.hand('PATCH', '/tm/sys/db/iptunnel.configsync', { value: tunnelSync })
  const stage = await Stage.open(context, { devices })
  const units = unitsOf(devices)
  return { stage, devices, put: (spec = {}) => stage.putBigIp({ units, ...spec }) }
}

/** As the BIGIP names them. */
function unitsOf(devices: readonly BigIp[]) {
  return devices.map(({ url: address }, at) => ({
    name: `bigip-${'ab'[at]}`,
    address,
    tunnel: { selfIPs: [SELF_IPS[at]!] },
  }))
}

/** A device that nodes can open sessions to. */
const speaker = (selfIP: string): BigIpOptions => ({
  routing: 'tmos',
  networks: [{ vlan: 'external', selfIPs: [selfIP], allowService: ['tcp:179'] }],
})

const ready = (stage: Stage) => until('it is ready', () => stage.condition('Ready') === 'True')

/** All of podpeer's that a device has, without what each device makes up itself. */
async function holdings({ stage }: Pair, device: BigIp): Promise<unknown> {
  const collections = [
    '/tm/net/tunnels/vxlan',
    '/tm/net/tunnels/tunnel',
    '/tm/net/self',
    '/tm/net/route',
    '/tm/net/arp',
  ]
  const lists = collections.map(async path =>
    (await device.list(path))
      .filter(({ name }) => String(name).startsWith('podpeer-'))
      .map(({ generation: _, ...rest }) => rest),
  )
  return [await stage.records(device), ...(await Promise.all(lists))]
}

/** As a person does it at one of the units. @returns status of the answer */
async function sync(from: BigIp): Promise<number> {
  const options = [{ 'force-full-load-push to-group': 'dg-failover' }]
  return (await from.hand('POST', '/tm/cm/config-sync', { command: 'run', options })).status
}

/** What nodes and agents are told. */
const told = ({ stage }: Pair) =>
  stage.status.units?.map(({ vtep, vxlan, tunnelSubnets, selfIPs, bgp }) => ({
    vtep,
    vxlan,
    tunnelSubnets,
    selfIPs,
    bgp,
  }))

/** They come once the tunnels are there. */
const macsAreTold = (pair: Pair) =>
  until('both MAC addresses are told', () => told(pair)?.every(unit => unit.vtep?.mac !== undefined) === true)

const haStates = ({ stage }: Pair) => stage.status.units?.map(({ haState }) => haState)

/** Resolves when both devices have been read anew. */
async function resynced(controller: ReturnType<Stage['controller']>): Promise<void> {
  const units = new Set<string>()
  const hear = ({ unit }: { unit: string }) => units.add(unit)
  controller.on('synced', hear)
  // a reading that is under way may have begun before
  for (const _ of [1, 2]) {
    units.clear()
    for (const { unit } of controller.units()) unit.resync()
    await until('both devices are read', () => units.size === 2)
  }
  controller.off('synced', hear)
}

/** Fails over until it was told within 3 s who serves: a machine that is busy with other things may be late now and then. */
async function toldWithin3s(device: BigIp, states: () => unknown): Promise<void> {
  const took: number[] = []
  for (let serves = ['standby', 'active']; took.length < 5; serves = serves.toReversed()) {
    await device.failOver()
    const since = performance.now()
    await until('who is active is told', () => isDeepStrictEqual(states(), serves))
    took.push(performance.now() - since)
    if (took.at(-1)! < 3000) return
  }
  assert.fail(`it took ${took} ms`)
}

describe('a pair of units', () => {
  it('has a VTEP, a subnet and a self IP that does not float on each, and all nodes on both', async context => {
    const pair = await open(context)
    pair.put()
    pair.stage.controller().start()
    await ready(pair.stage)
    await macsAreTold(pair)
    assert.deepEqual(
      told(pair)?.map(({ vtep, tunnelSubnets, selfIPs }) => [vtep?.address, tunnelSubnets, selfIPs]),
      [
        ['10.1.10.60', ['10.244.254.0/24'], [SELF_IPS[0]]],
        ['10.1.10.61', ['10.244.255.0/24'], [SELF_IPS[1]]],
      ],
    )
    for (const [at, device] of pair.devices.entries()) {
      assert.deepEqual(await pair.stage.records(device), NODES)
      const own = (await device.list('/tm/net/self')).filter(({ name }) => String(name).startsWith('podpeer-'))
      assert.deepEqual(
        own.map(({ address, floating, trafficGroup }) => [address, floating, trafficGroup]),
        [[SELF_IPS[at], 'disabled', '/Common/traffic-group-local-only']],
      )
    }
  })

  it('keeps on both units what each has, whichever of them is synced to the other', async context => {
    const pair = await open(context)
    pair.stage.putPod('web', 1, '10.244.1.7')
    pair.put()
    const controller = pair.stage.controller()
    controller.start()
    await ready(pair.stage)
    await macsAreTold(pair)
    const before = await Promise.all(pair.devices.map(device => holdings(pair, device)))
    const agents = told(pair)
    for (const device of pair.devices) {
      assert.equal(await sync(device), 200)
      await resynced(controller)
      assert.deepEqual(await Promise.all(pair.devices.map(one => holdings(pair, one))), before)
    }
    assert.deepEqual(told(pair), agents)
    await ready(pair.stage)
  })

  it('puts routes where they do not sync: each unit keeps its own', async context => {
    const pair = await open(context)
    pair.put({ mode: 'static' })
    const controller = pair.stage.controller()
    controller.start()
    await ready(pair.stage)
    for (const device of pair.devices) {
      const routes = await device.list('/tm/net/route')
      assert.deepEqual(
        routes.map(({ partition, network, gw }) => [partition, network, gw]),
        [
          ['LOCAL_ONLY', '10.244.1.0/24', '10.1.10.1'],
          ['LOCAL_ONLY', '10.244.2.0/24', '10.1.10.2'],
        ],
      )
    }
    const [, second] = pair.devices
    pair.devices[0].calls.reset()
    second.calls.reset()
    assert.equal(await sync(pair.devices[0]), 200)
    await resynced(controller)
    assert.deepEqual(pair.devices.map(writesOf), [0, 0])
    assert.equal((await second.list('/tm/net/route')).length, 2)
  })

  it('settles where changes sync by themselves', async context => {
    const pair = await open(context, { autoSync: true })
    pair.put({ arp: 'node' })
    const controller = pair.stage.controller()
    controller.start()
    await ready(pair.stage)
    pair.stage.putNode(3)
    await until('the node is served', () => pair.stage.status.nodes?.served === 3)
    await resynced(controller)
    // what came over by itself may have to be put right once more
    let quiet = 0
    for (let round = 0; round < 10 && quiet < 2; round++) {
      for (const device of pair.devices) device.calls.reset()
      await resynced(controller)
      quiet = pair.devices.every(device => writesOf(device) === 0) ? quiet + 1 : 0
    }
    assert.equal(quiet, 2)
    for (const device of pair.devices) {
      assert.equal(Object.keys(await pair.stage.records(device)).length, 3)
      assert.equal((await device.list('/tm/net/route')).length, 3)
    }
  })

  it('tells within 3 s which unit serves, nodes all else as before, and writes nothing for it', async context => {
    const pair = await open(context)
    pair.put()
    const controller = pair.stage.controller()
    controller.start()
    await ready(pair.stage)
    await macsAreTold(pair)
    await resynced(controller)
    const before = told(pair)
    for (const device of pair.devices) device.calls.reset()
    // tokens are gone, too
    await toldWithin3s(pair.devices[0], () => haStates(pair))
    assert.deepEqual(told(pair), before)
    for (const { calls } of pair.devices)
      assert.deepEqual(
        calls.last.filter(({ method, path }) => method !== 'GET' && !/\/shared\/auth|\/sys\/config$/.test(path)),
        [],
      )
  })

  it('tells it as soon of a device that was alone when it became one', async context => {
    const [a, b] = [await BigIp.start({ password: PASSWORD }), await BigIp.start({ password: PASSWORD, ...SECOND })]
    const stage = await Stage.open(context, { devices: [a, b] })
    stage.putBigIp({ units: unitsOf([a]) })
    stage.controller().start()
    await ready(stage)
    await a.join(b)
    stage.putBigIp({ units: unitsOf([a, b]) })
    const states = () => stage.status.units?.map(({ haState }) => haState)
    await until('both are told', () => isDeepStrictEqual(states(), ['active', 'standby']))
    await toldWithin3s(a, states)
  })

  it('does not believe a unit that is silent since the other one serves', async context => {
    const pair = await open(context)
    pair.put()
    pair.stage.controller().start()
    await ready(pair.stage)
    assert.deepEqual(haStates(pair), ['active', 'standby'])
    const end = pair.devices[0].faults.add('drop before')
    await pair.devices[0].failOver()
    await until('who is active is told', () => isDeepStrictEqual(haStates(pair), ['unknown', 'active']))
    end()
    await until('both are told', () => isDeepStrictEqual(haStates(pair), ['standby', 'active']))
  })

  it('shows how the configuration of the units is in sync', async context => {
    const pair = await open(context)
    pair.put()
    const controller = pair.stage.controller()
    controller.start()
    await ready(pair.stage)
    const shown = async () => {
      await Promise.all(controller.units().map(({ unit }) => unit.link.read()))
      return controller.units().map(({ unit }) => unit.link.facts?.sync.status)
    }
    assert.deepEqual(await shown(), ['Sync Conflict', 'Sync Conflict'], 'the profile was made on each of them')
    await sync(pair.devices[0])
    assert.deepEqual(await shown(), ['In Sync', 'In Sync'])
    await until(
      'it is told',
      () => pair.stage.status.units?.every(({ syncStatus }) => syncStatus === 'In Sync') === true,
    )
  })

  it('serves one unit while the other does not answer, and that one once it does', async context => {
    const pair = await open(context)
    pair.put()
    const [first, second] = pair.devices
    const end = second.faults.add('drop before')
    pair.stage.controller().start()
    await until('the other is told', () => pair.stage.condition('Reachable').startsWith('False Unreachable: bigip-b'))
    await until('the one is in sync', () => pair.stage.status.units?.[0]?.vtep?.mac !== undefined)
    await eventually(() => pair.stage.records(first), NODES)
    assert.match(pair.stage.status.units?.[1]?.lastError ?? '', /POST .*unreachable/)
    pair.stage.putNode(3)
    await until('the one follows', () => pair.stage.status.nodes?.served === 3)
    end()
    await ready(pair.stage)
    assert.equal(Object.keys(await pair.stage.records(first)).length, 3)
    assert.equal(Object.keys(await pair.stage.records(second)).length, 3)
  })

  it('whose tunnels sync gets none, and is told the command that mends it', async context => {
    const pair = await open(context, {}, 'enable')
    pair.put()
    const controller = pair.stage.controller()
    controller.start()
    await until('it is told', () => pair.stage.condition('Ready').startsWith('False Misconfigured'))
    const findings = () => pair.stage.status.findings?.filter(({ code }) => code === 'tunnel-config-sync') ?? []
    await until('of both', () => findings().length === 2)
    assert.match(findings()[0]?.remedy ?? '', /tmsh modify sys db iptunnel\.configsync value disable/)
    for (const device of pair.devices) assert.deepEqual(await pair.stage.records(device), {})
    for (const device of pair.devices)
      await device.hand('PATCH', '/tm/sys/db/iptunnel.configsync', { value: 'disable' })
    await Promise.all(controller.units().map(({ unit }) => unit.link.read()))
    await ready(pair.stage)
  })

  it('peers by BGP on both units, and the units with each other', async context => {
    const pair = await open(context, { first: speaker('10.1.10.60/24'), second: speaker('10.1.10.61/24') })
    pair.put({ mode: 'bgp' })
    pair.stage.controller().start()
    await ready(pair.stage)
    const neighbors = async (device: BigIp) => {
      const { body } = await device.hand('GET', '/tm/net/routing/bgp?expandSubcollections=true')
      const [process] = body.items as { neighborReference: { items: { name: string }[] } }[]
      return process?.neighborReference.items.map(({ name }) => name).sort()
    }
    for (const [at, other] of ['10.1.10.61', '10.1.10.60'].entries())
      await eventually(() => neighbors(pair.devices[at]!), ['10.1.10.1', '10.1.10.2', other])
    assert.deepEqual(
      told(pair)?.map(({ bgp }) => bgp),
      [
        { addresses: ['10.1.10.60'], asNumber: 64512 },
        { addresses: ['10.1.10.61'], asNumber: 64512 },
      ],
    )
  })
})

const FLOATING_VTEP = '10.1.10.62'
const floater = { name: 'vtep', vlan: '/Common/external', trafficGroup: '/Common/traffic-group-1' }

describe('a self IP that floats', () => {
  it('beside SNAT automap, with none on the tunnel, lets nothing begin and is told with the reason', async context => {
    const pair = await open(context)
    const [first] = pair.devices
    await first.hand('POST', '/tm/net/self', { ...floater, address: `${FLOATING_VTEP}/24` })
    const automap = { destination: '10.1.10.100:80', sourceAddressTranslation: { type: 'automap' } }
    assert.equal((await first.hand('POST', '/tm/ltm/virtual', { name: 'web', ...automap })).status, 200)
    assert.equal(await sync(first), 200)
    pair.put()
    pair.stage.controller().start()
    await until('it is told', () => pair.stage.condition('Ready').startsWith('False Misconfigured'))
    const findings = () => pair.stage.status.findings?.filter(({ code }) => code === 'snat-automap-unreachable') ?? []
    await until('of both', () => findings().length === 2)
    assert.match(findings()[0]!.cause, /SNAT automap of \/Common\/web takes the floating self IP 10\.1\.10\.62/)
    for (const device of pair.devices) assert.deepEqual(await pair.stage.records(device), {})
  })

  it('carries the tunnels of both units in the shape `floating`', async context => {
    const pair = await open(context)
    await pair.devices[0].hand('POST', '/tm/net/self', { ...floater, address: `${FLOATING_VTEP}/24` })
    assert.equal(await sync(pair.devices[0]), 200)
    const units = pair.devices.map(({ url: address }, at) => ({
      name: `bigip-${'ab'[at]}`,
      address,
      vtep: { address: FLOATING_VTEP, secondaryAddress: `10.1.10.6${at}` },
      tunnel: { selfIPs: [`10.244.255.${at + 2}/16`] },
    }))
    pair.put({ units, highAvailability: { shape: 'floating', floatingSelfIPs: ['10.244.255.1/16'] } })
    const controller = pair.stage.controller()
    controller.start()
    await ready(pair.stage)
    for (const [at, device] of pair.devices.entries()) {
      const tunnels = await device.list('/tm/net/tunnels/tunnel')
      const own = tunnels.find(({ name }) => String(name).startsWith('podpeer-'))
      assert.deepEqual(
        [own?.['localAddress'], own?.['secondaryAddress'], own?.['trafficGroup']],
        [FLOATING_VTEP, `10.1.10.6${at}`, '/Common/traffic-group-1'],
      )
      assert.deepEqual(await pair.stage.records(device), NODES)
    }
    const before = await Promise.all(pair.devices.map(device => holdings(pair, device)))
    for (const device of pair.devices) {
      await sync(device)
      await resynced(controller)
      assert.deepEqual(await Promise.all(pair.devices.map(one => holdings(pair, one))), before)
    }
  })
})
