import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { agentApi } from '../../../daemon/control/api.ts'
import { type ControlServer, serveControl } from '../../../daemon/control/server.ts'
import { PROBES, VXLAN } from '../control/sample-overlay.ts'
import { SampleSource } from '../control/sample-source.ts'
import { run } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'podpeer-vxlan-'))
const socket = join(folder, 'agent.sock')
const source = new SampleSource()
const podpeer = (...args: string[]) => run(args, { PODPEER_SOCKET: socket })
let server: ControlServer

before(async () => {
  server = await serveControl({ socket, api: agentApi(source), report: bug => console.error(bug) })
})
beforeEach(() => {
  source.overlay = VXLAN
  source.probes = PROBES
})
after(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

test('VTEPs are told by device, with their rows, whether they answer, and what is wrong', async () => {
  const { code, out } = await podpeer('vxlan')
  assert.equal(code, 0)
  assert.deepEqual(out.split('\n'), [
    'flannel.1: IPv4, VNI 1, UDP port 8472, MTU 1450, from 10.0.1.1',
    'VTEP           ENDPOINT    MAC                SELF IP       ROLE     ROWS  HEALTH                 RTT',
    'bigip/bigip-a  10.0.1.254  02:00:00:00:00:04  10.244.254.1  serves   2/2   answers, 10% lost  0.487ms',
    'bigip/bigip-b  10.0.1.253  02:00:00:00:00:03  10.244.253.1  standby  2/3   no answer',
    '  flannel.1 learns where MAC addresses are',
    '  bigip/bigip-b: route 10.244.253.0/24: somebody else has put "blackhole" there',
    '  bigip/bigip-b: last ping inside the tunnel: no answer',
    '',
    '4 of 5 rows in place, 2 repaired, 1 in conflict',
    '',
  ])
})

test('each row is told with its owner, its age and its last repair where all is asked for', async () => {
  const { out } = await podpeer('vxlan', '-o', 'wide')
  assert.match(out, /^bigip\/bigip-a {2}fdb {7}02:00:00:00:00:04 {2}dst 10\.0\.1\.254 +ours +\S+ +1 {2}\S+ ago$/m)
  assert.match(out, /^bigip\/bigip-b {2}route {5}10\.244\.253\.0\/24 .* another .* 0$/m)
})

test('how many pods are answered for is told by device, the rows of those where all is asked for', async () => {
  const proxy = { kind: 'proxy', content: '', status: 'installed', repairs: 0 } as const
  const answers = [
    { ...proxy, key: '10.244.1.2' },
    { ...proxy, key: '10.244.1.3', status: 'pending', reason: 'there is no device flannel.1' } as const,
  ]
  source.overlay = { ...VXLAN, overlays: VXLAN.overlays.map(overlay => ({ ...overlay, answers })) }
  const { out } = await podpeer('vxlan')
  assert.match(out, /^ {2}answers ARP for 1 of 2 pods of this node$/m)
  assert.match(out, /^ {2}pods: proxy 10\.244\.1\.3: there is no device flannel\.1$/m)
  assert.match((await podpeer('vxlan', '-o', 'wide')).out, /^ +proxy +10\.244\.1\.2 +ours /m)
})

test('as JSON it is the document of the agent', async () => {
  const { out } = await podpeer('vxlan', '-o', 'json')
  assert.deepEqual(JSON.parse(out), { format: 1, ...VXLAN })
})

test('without any VTEP it says so', async () => {
  source.overlay = { overlays: [], rows: { wanted: 0, actual: 0, drift: 0, conflicts: 0, repairs: 0 } }
  assert.match((await podpeer('vxlan')).out, /^No VTEP is known/)
  source.probes = []
  const { code, complaints } = await podpeer('vxlan', 'probe')
  assert.deepEqual([code, complaints], [1, 'podpeer: no VTEP is known\n'])
})

test('a probe tells the finding in words first, and is exit code 1 when a unit that serves is not healthy', async () => {
  const { code, out } = await podpeer('vxlan', 'probe')
  assert.equal(code, 1)
  assert.deepEqual(out.split('\n').slice(0, 7), [
    'bigip/bigip-a IPv4',
    '  path MTU 1450: set the tunnel MTU to 1400',
    '  Outside:  5 of 5 pings answered, round trip 0.1ms / 0.2ms / 0.3ms',
    '  Inside:   5 of 5 pings answered, round trip 0.2ms / 0.3ms / 0.4ms',
    '  Path MTU: 1450',
    '  Device:   flannel.1, MTU 1450',
    '  By:       raw-socket',
  ])
  const standby = await podpeer('vxlan', 'probe', 'bigip/bigip-b', '-o', 'json')
  assert.deepEqual([standby.code, JSON.parse(standby.out)], [0, { format: 1, probes: [PROBES[1]] }])
})

test('a VTEP that is not known is a sentence that names those that are', async () => {
  const { code, complaints } = await podpeer('vxlan', 'probe', 'bigip-c')
  assert.equal(code, 1)
  assert.equal(complaints, 'podpeer: there is no VTEP bigip-c; VTEPs: bigip/bigip-a, bigip/bigip-b\n')
})

test('the doctor tells what a probe found', async () => {
  const { out } = await podpeer('doctor', '-o', 'json')
  const found = JSON.parse(out).findings.filter(({ code }: { code: string }) => code === 'vtep-unreachable')
  assert.deepEqual(
    found.map(({ severity, subject, cause }: Record<string, string>) => [severity, subject, cause]),
    [
      ['error', 'Node node-1', 'VTEP bigip/bigip-a: path MTU 1450: set the tunnel MTU to 1400'],
      ['warning', 'Node node-1', 'VTEP bigip/bigip-b: it is silent'],
    ],
  )
})
