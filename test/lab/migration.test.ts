/** The way from the dummy Node of the guides to the agents' rows, under pings: flanneld played, everything else real. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { readStandIns } from '../../daemon/controller/stand-ins.ts'
import { BigIpLab } from './bigip-lab.ts'
import { BIGIP_ADDRESS } from './bigip-topology.ts'
import { DUMMY_NODE, dummyNode } from './cni-objects.ts'
import { removePlayed } from './cni-player.ts'
import { cniRows } from './cni-rows.ts'
import { cannotBuild } from './daemons.ts'
import { planPings } from './expectation.ts'
import { inPlace, rowsOf } from './network.ts'
import { type PingCount, PingStream } from './ping.ts'
import { untilComplete } from './waiting.ts'

const DEADLINE = 60_000
/** Milliseconds. */
const INTERVAL = 5
/** Between one change and the next. Milliseconds. */
const PAUSE = 200

test('no ping is lost when agents take flannel’s rows over, nor when the dummy Node is deleted, which is refused where it frees BIG-IP’s subnet', {
  skip: cannotBuild(),
}, async context => {
  await using lab = await BigIpLab.start({ mode: 'flannel-vxlan' })
  const { agents, cluster, cni } = lab
  const statuses = async (kind: string) =>
    (await Promise.all(agents.members.map(({ agent }) => agent.vxlan())))
      .flatMap(({ overlays }) => overlays.flatMap(({ vteps }) => vteps.flatMap(({ rows }) => rows)))
      .filter(row => row.kind === kind)
      .map(({ status }) => status)
  const { vtep } = lab.status.units![0]!
  const kernelRows = () =>
    ['node-1', 'node-2'].flatMap(node => ['flannel.1', 'flannel-v6.1'].flatMap(device => rowsOf(node, device)))
  const flannelRows = () => kernelRows().filter(row => /^(10\.245\.255\.0|fd00:10:245:ff::) /.test(row))

  // as before podpeer: flanneld's rows alone, at the prefix that is BIG-IP's
  const config = readFileSync(agents.config, 'utf8')
  agents.configure(`${config}\noverlay: { enabled: false }\n`)
  await untilComplete('the removal', DEADLINE, async () =>
    kernelRows().find(row => row.includes(vtep!.mac!) || row.includes(vtep!.mac6!)),
  )
  const standInNode = {
    ...dummyNode(BIGIP_ADDRESS, { ipv4: vtep!.mac!, ipv6: vtep!.mac6! }),
    spec: { podCIDRs: ['10.245.255.0/24', 'fd00:10:245:ff::/64'] },
  }
  cluster.api.put(standInNode)
  assert.equal(flannelRows().length, 4)
  const plan = planPings(lab.topology, lab.plan.families).filter(
    ({ from, to }) => from === 'bigip' && to.endsWith('-1'),
  )
  const pings = new PingStream(plan, INTERVAL)
  let counted: Promise<PingCount> | undefined
  const count = () => {
    counted ??= pings.stop()
    return counted
  }
  context.after(count)

  agents.configure(config)
  await untilComplete('rows beside flannel’s', DEADLINE, async () => {
    const [fdb, routes] = [await statuses('fdb'), await statuses('route')]
    const isBeside = fdb.length === 4 && fdb.every(status => status === 'served')
    // flannel's IPv6 route has the kernel's metric, so that ours goes before it from the start
    return isBeside && isDeepStrictEqual(routes, ['served', 'installed', 'served', 'installed'])
      ? undefined
      : `${fdb}; ${routes}`
  })
  const [standIn] = await readStandIns(lab.kubeconfig)
  assert.deepEqual([standIn?.node, standIn?.units, standIn?.obstacles], [DUMMY_NODE, ['bigip/bigip'], []])

  for (const { agent } of agents.members) await agent.takeOver()
  const isTaken = async () => {
    const found = [...(await statuses('fdb')), ...(await statuses('route'))]
    return found.length === 8 && found.every(status => status === 'installed') ? undefined : found.join()
  }
  assert.equal(await isTaken(), undefined)
  await sleep(PAUSE)
  // as long as the Node stands, a flanneld that starts again writes its rows again
  await lab.node(1).agent.kill9()
  cni.write(lab.node(1).place)
  await lab.node(1).agent.start()
  cni.write(lab.node(2).place)
  await untilComplete('rows taken over again', DEADLINE, isTaken)
  // what flanneld does on each node, one after the other, by its own keys, but with time for many packets between
  for (const row of cniRows(
    'flannel-vxlan',
    lab.node(1).place,
    { nodes: [standInNode], ciliumConfig: undefined },
    String,
  )) {
    for (const { place } of [lab.node(1), lab.node(2)]) inPlace(place.name, socket => removePlayed(socket, row))
    await sleep(PAUSE)
  }
  cluster.api.remove('Node', DUMMY_NODE)
  assert.deepEqual(flannelRows(), [])
  await sleep(PAUSE)
  const { sent, losses } = await count()
  assert.ok(sent > 500, `${sent} pings`)
  assert.deepEqual(losses, [])
  assert.deepEqual(await readStandIns(lab.kubeconfig), [])
  await untilComplete(
    'rows',
    DEADLINE,
    async () => (await agents.missingRows(lab.topology.nodes, lab.plan.families))[0],
  )

  // of a cluster whose range holds BIG-IP's subnet, only that Node keeps a new one from getting it
  const flannel = cluster.api.find('ConfigMap', 'kube-flannel-cfg', 'kube-flannel')!
  const netConf = JSON.parse((flannel['data'] as Record<string, string>)['net-conf.json']!)
  const wider = { 'net-conf.json': JSON.stringify({ ...netConf, Network: '10.244.0.0/15' }) }
  cluster.api.put({ ...flannel, data: wider })
  cluster.api.put(standInNode)
  const [held] = await readStandIns(lab.kubeconfig)
  assert.deepEqual(
    held?.obstacles.map(({ cause }) => cause),
    [
      'the tunnel subnet 10.245.255.0/24 of bigip/bigip is kept free only by Node bigip1, which holds 10.245.255.0/24: the cluster could give it to a new node',
    ],
  )
  assert.match(held!.obstacles[0]!.remedy, /^keep the Node, .*or first move the self IP/)
})
