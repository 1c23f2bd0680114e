/** The way of packets to a pod and from it, as `podpeer explain` tells it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { agentApi } from '../../../daemon/control/api.ts'
import type { NodeJourneys } from '../../../daemon/control/journey-document.ts'
import { type ControlServer, serveControl } from '../../../daemon/control/server.ts'
import type { UnitJourneys } from '../../../daemon/controller/document.ts'
import type { JourneyHop } from '../../../lib/base/journey.ts'
import { Stage } from '../../lib/controller/stage.ts'
import { ROUTES, SampleSource } from '../control/sample-source.ts'
import { run } from './command-line.ts'
import { SampleController } from './sample-controller.ts'

const POD = '10.244.1.7'
const UNIT = 'bigip/bigip-a'
const folder = mkdtempSync(join(tmpdir(), 'podpeer-explain-'))
const [agentSocket, controllerSocket, none] = ['agent', 'controller', 'none'].map(name => join(folder, `${name}.sock`))
const source = new SampleSource()
const controller = new SampleController()
const servers: ControlServer[] = []

const hop = (name: string, found: string, more: Partial<JourneyHop> = {}): JourneyHop => ({
  ...{ hop: name, verdict: 'right', found },
  ...more,
})
const ROUTE = hop('route', '10.244.255.0/24 via 10.244.255.1 dev flannel.1', { owner: 'podpeer' })
const NEIGHBOUR = hop('neighbour', '10.244.255.1 dev flannel.1: none', {
  verdict: 'wrong',
  reason: 'wanted: 10.244.255.1 lladdr 00:50:56:00:00:60',
  remedy: 'see podpeer vxlan -o wide',
})

function onNode(...out: JourneyHop[]): NodeJourneys {
  return {
    ...{ node: 'node-1', pod: POD, place: 'here' },
    journeys: [
      { from: POD, to: UNIT, hops: out },
      { from: UNIT, to: POD, hops: [hop('pod', '10.244.1.0/24 dev cni0', { owner: 'kernel' })] },
    ],
  }
}

function onDevice(...to: JourneyHop[]): UnitJourneys {
  return {
    ...{ bigIp: 'bigip', unit: 'bigip-a' },
    journeys: [
      { from: UNIT, to: POD, hops: to },
      { from: POD, to: UNIT, hops: [hop('tunnel', '/Common/podpeer-c1-vxlan')] },
    ],
  }
}

before(async () => {
  const report = (bug: unknown) => console.error(bug)
  servers.push(await serveControl({ socket: agentSocket!, api: agentApi(source), report }))
  servers.push(await serveControl({ socket: controllerSocket!, api: controller.api, report }))
})
beforeEach(() => {
  source.rows = ROUTES
  source.journeyList = [onNode(ROUTE)]
  controller.journeyUnits = [onDevice(hop('ARP', '10.244.1.7 is at 0a:bb:00:00:00:01'))]
  controller.asked.length = 0
})
after(async () => {
  for (const server of servers) await server.close()
  rmSync(folder, { recursive: true })
})

const podpeer = (args: readonly string[], agent = agentSocket!, devices = controllerSocket!) =>
  run(['explain', ...args], { PODPEER_SOCKET: agent, PODPEER_CONTROLLER_SOCKET: devices })

test('both halves are put together, each way in the order of the packet', async () => {
  source.rows = []
  const { code, out } = await podpeer([POD])
  assert.equal(code, 0)
  assert.deepEqual(out.split('\n'), [
    '10.244.1.7 is a pod of node-1',
    '',
    '10.244.1.7 → bigip/bigip-a',
    '  WHERE          HOP            OWNER    FOUND',
    '  node-1         route   right  podpeer  10.244.255.0/24 via 10.244.255.1 dev flannel.1',
    '  bigip/bigip-a  tunnel  right           /Common/podpeer-c1-vxlan',
    '',
    'bigip/bigip-a → 10.244.1.7',
    '  WHERE          HOP         OWNER   FOUND',
    '  bigip/bigip-a  ARP  right          10.244.1.7 is at 0a:bb:00:00:00:01',
    '  node-1         pod  right  kernel  10.244.1.0/24 dev cni0',
    '',
  ])
})

test('the first hop that is wrong is named with what mends it, and the exit code is 1', async () => {
  source.journeyList = [onNode(ROUTE, NEIGHBOUR, { ...NEIGHBOUR, hop: 'FDB row' })]
  const { code, out } = await podpeer([POD])
  assert.equal(code, 1)
  assert.match(
    out,
    /^ {2}the first hop that is wrong is the neighbour on node-1: wanted: 10\.244\.255\.1 lladdr 00:50:56:00:00:60\n {2}→ see podpeer vxlan -o wide$/m,
  )
  assert.equal(out.match(/the first hop that is wrong/g)?.length, 1)
  const { journey } = JSON.parse((await podpeer([POD, '-o', 'json'])).out)
  assert.deepEqual([journey.ok, journey.ways[0].firstWrong, journey.ways[0].hops[1].hop], [false, 1, 'neighbour'])
})

test('without a controller only the node is told of, and how to see the rest', async () => {
  const { code, out } = await podpeer([POD], agentSocket, none)
  assert.equal(code, 0)
  assert.match(
    out,
    /^not looked at: BIG-IP: no controller is running here: .*podpeer explain --bigip FILE --kubeconfig FILE/m,
  )
  assert.doesNotMatch(out, /\/Common/)
})

test('a device that does not answer leaves the node’s half, and is told', async () => {
  controller.journeyUnits = [{ bigIp: 'bigip', unit: 'bigip-a', error: 'connection refused', journeys: [] }]
  const { code, out } = await podpeer([POD])
  assert.equal(code, 0)
  assert.match(out, /^not looked at: bigip\/bigip-a: connection refused$/m)
})

test('where no agent runs the devices are told of, and where the rest is to be seen', async () => {
  const { code, out } = await podpeer([POD], none)
  assert.equal(code, 0)
  assert.match(out, /^10\.244\.1\.7, as devices know it$/m)
  assert.match(out, /^not looked at: this node: no agent is running here/m)
  assert.equal((await podpeer([POD], none, none)).code, 3, 'with nobody to ask it is the agent that is missing')
})

test('a route of BGP is explained as ever, and no device is asked for it', async () => {
  const { code, out } = await podpeer(['203.0.113.10'])
  assert.equal(code, 0)
  assert.match(out, /^203\.0\.113\.10 is in 203\.0\.113\.10\/32$/m)
  assert.doesNotMatch(out, /not looked at|→/)
  assert.deepEqual(controller.asked, [])
})

test('packets that the kernel drops are wrong before any hop', async () => {
  const reason = '10.244.1.7: a route is a blackhole for it'
  source.journeyList = [{ node: 'node-1', pod: POD, place: 'nowhere', reason, journeys: [] }]
  const { code, out } = await podpeer([POD])
  assert.equal(code, 1)
  assert.match(out, /^ {2}the kernel drops packets to it: 10\.244\.1\.7: a route is a blackhole for it$/m)
})

test('from a laptop a device is read as it is, and what is missing there is named', async context => {
  const stage = await Stage.open(context)
  const path = join(folder, 'laptop.yaml')
  const object = { apiVersion: 'podpeer.io/v1alpha1', kind: 'BIGIP', metadata: { name: 'bigip' } }
  writeFileSync(path, JSON.stringify({ ...object, spec: { tls: { caSecret: 'bigip-ca' }, arp: 'node' } }))
  const here = ['--bigip', path, '--kubeconfig', stage.kubeconfig, '--namespace', 'podpeer']
  const before = await podpeer(['10.244.1.7', ...here], none)
  assert.equal(before.code, 1)
  assert.match(
    before.out,
    /the first hop that is wrong is the route on bigip\/bigip: the device has no way to 10\.244\.1\.7; wanted: /,
  )
  assert.equal(stage.device.calls.writes, 0)
  assert.equal((await run(['bigip', 'apply', ...here])).code, 0)
  const { code, out } = await podpeer(['10.244.1.7', ...here], none)
  assert.deepEqual([code, out.match(/WRONG/)], [0, null], out)
  assert.match(out, /^ {2}bigip\/bigip +FDB record +right +02:00:00:00:00:01 → 10\.1\.10\.1$/m)
})
