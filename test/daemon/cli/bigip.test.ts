/** The commands around BIG-IPs from outside: what they print, and how they end. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { parse } from 'yaml'
import { agentApi } from '../../../daemon/control/api.ts'
import { type ControlServer, serveControl } from '../../../daemon/control/server.ts'
import { Stage } from '../../lib/controller/stage.ts'
import { SampleSource } from '../control/sample-source.ts'
import { type Run, run } from './command-line.ts'
import { BIGIP, LOCKDOWN, PLAN, REFUSED, SampleController, SUBNET, UNIT } from './sample-controller.ts'

const folder = mkdtempSync(join(tmpdir(), 'podpeer-cli-bigip-'))
const socket = join(folder, 'controller.sock')
const environment = { PODPEER_CONTROLLER_SOCKET: socket, PODPEER_SOCKET: join(folder, 'none.sock') }
const controller = new SampleController()
let server: ControlServer

before(async () => {
  server = await serveControl({ socket, api: controller.api, report: bug => console.error(bug) })
})
beforeEach(() => {
  Object.assign(controller, { bigIps: [BIGIP], units: [PLAN], problems: [], examined: [], findings: [], vteps: [] })
  controller.asked.length = 0
})
after(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

const podpeer = (...words: string[]): Promise<Run> => run(words, environment)
const asJson = async (...words: string[]) => JSON.parse((await podpeer(...words, '-o', 'json')).out)

test('without a controller it is one sentence, with what helps, and exit code 3', async () => {
  const none = join(folder, 'missing.sock')
  for (const words of [['status'], ['plan'], ['apply'], ['vtep-values']]) {
    const { code, out, complaints } = await podpeer('bigip', ...words, '--socket', none)
    assert.deepEqual([code, out], [3, ''])
    assert.equal(complaints, `podpeer: no controller is running here: there is no socket ${none}\n`)
  }
})

describe('bigip status', () => {
  test('a row for each unit, the sessions it sees, who is left out, what was found', async () => {
    const { code, out } = await podpeer('bigip', 'status')
    assert.equal(code, 0)
    assert.match(out, /^bigip {2}ready {2}10 objects on one device$/m)
    assert.match(out, /^mode flannel-vxlan \(the CNI is flannel .*\), 3 nodes served, 1 left out, cluster c1$/m)
    assert.match(
      out,
      /^bigip-a +https:\/\/192\.0\.2\.10 +16\.1\.4 +active +In Sync +in sync +10 +9 +1 +(\d+s|\d+m\d\ds) ago +(1h00m|5\dm\d\ds)$/m,
    )
    assert.match(out, /^bigip-a +10\.1\.10\.1 +64512 +Established +01:02:03 +1$/m)
    assert.match(out, /^Node node-3 +NoVtepMAC +flannel has written none$/m)
    assert.match(
      out,
      /^warning {2}unit bigip-a {2}tunnel-subnet-allocatable\n {9}the cluster can .*\n {9}→ write units/m,
    )
    assert.doesNotMatch(out, /FDB record/)
  })

  test('-o wide counts by kind', async () => {
    assert.match((await podpeer('bigip', 'status', '-o', 'wide')).out, /^bigip-a +FDB record +3 +3 +0$/m)
  })

  test('--check is exit code 1 while one is not ready, and says which and why', async () => {
    assert.equal((await podpeer('bigip', 'status', '--check')).code, 0)
    controller.bigIps = [{ ...BIGIP, ready: false, message: 'bigip-a: unreachable' }]
    const { code, complaints } = await podpeer('bigip', 'status', '--check')
    assert.deepEqual([code, complaints], [1, 'podpeer: not ready: bigip (bigip-a: unreachable)\n'])
    controller.bigIps = []
    assert.equal((await podpeer('bigip', 'status', '--check')).code, 1)
  })

  test('one is chosen by name; a name that there is not is exit code 1', async () => {
    controller.bigIps = [BIGIP, { ...BIGIP, name: 'other' }]
    assert.deepEqual(
      (await asJson('bigip', 'status', 'other')).bigIps.map(({ name }: { name: string }) => name),
      ['other'],
    )
    const { code, complaints } = await podpeer('bigip', 'status', 'none')
    assert.deepEqual([code, complaints], [1, 'podpeer: there is no BIGIP none; BIGIPs: bigip, other\n'])
  })

  test('an error and a refusal stand below the units', async () => {
    const lastError = { message: 'GET /mgmt/tm/net/arp: unreachable', at: new Date(Date.now() - 5000).toISOString() }
    controller.bigIps = [{ ...BIGIP, units: [{ ...UNIT, phase: 'failing', lastError, refused: REFUSED }] }]
    const { out } = await podpeer('bigip', 'status')
    assert.match(out, /^ {2}bigip-a, \d+s ago: GET \/mgmt\/tm\/net\/arp: unreachable$/m)
    assert.match(out, /^ {2}bigip-a: 6 of 10 rows .*; podpeer bigip plan shows what would go, token 0123456789ab$/m)
  })
})

describe('bigip plan', () => {
  test('a diff by kind, with a mark for each change, and exit code 2', async () => {
    const { code, out, complaints } = await podpeer('bigip', 'plan')
    assert.deepEqual([code, complaints], [2, ''])
    assert.equal(
      out,
      `bigip, unit bigip-a: 2 to create, 2 to update, 1 to make again, 2 to delete, 7 unchanged
  vxlan profile
    +  /Common/podpeer-c1-profile  floodingType none, port 8472
  tunnel
    -/+  /Common/podpeer-c1-vxlan  key 1 → 2
  self IP
    ~  /Common/podpeer-c1-self  allowService default → none
  FDB record in /Common/podpeer-c1-vxlan
    -  0a:01  10.1.10.1
    ~  0a:02  10.1.10.2 → 10.1.10.9
    +  0a:03  10.1.10.3
  BGP neighbor in /Common/podpeer-c1-bgp
    -  10.1.10.7  peerGroup nodes
`,
    )
  })

  test('of many of a kind some are shown, and all with -o wide, each with its reason', async () => {
    const operations = Array.from({ length: 100 }, (_, at) => ({
      verb: 'create' as const,
      kind: 'ARP',
      name: `/Common/podpeer-c1-10.244.1.${at}`,
      reason: 'it is missing',
      after: { ipAddress: `10.244.1.${at}` },
    }))
    controller.units = [{ ...PLAN, operations }]
    assert.match((await podpeer('bigip', 'plan')).out, /^ {4}… and 60 more \(-o wide shows all\)$/m)
    const { out } = await podpeer('bigip', 'plan', '-o', 'wide')
    assert.equal(out.match(/^ {4}\+ .* it is missing$/gm)?.length, 100)
  })

  test('where there is nothing to do it is exit code 0', async () => {
    controller.units = [{ ...PLAN, operations: [] }]
    const { code, out } = await podpeer('bigip', 'plan')
    assert.deepEqual([code, out], [0, 'bigip, unit bigip-a: nothing to do, 7 unchanged\n'])
  })

  test('what waits for a word, or for the cluster, is a change, too', async () => {
    controller.units = [{ ...PLAN, operations: [], refused: REFUSED }]
    const { code, out } = await podpeer('bigip', 'plan')
    assert.equal(code, 2)
    assert.match(out, /^bigip, unit bigip-a: 7 refused, 7 unchanged\n {2}refused: 6 of 10 rows of kind ARP/)
    assert.match(out, /^ {4}- ARP \/Common\/podpeer-c1-10\.244\.1\.5\n {4}-\/\+ tunnel \/Common\/podpeer-c1-vxlan$/m)
    assert.match(out, /^ {2}→ podpeer bigip apply --allow-deletions 0123456789ab$/m)
    assert.match(out, /^ {2}→ kubectl annotate bigip bigip podpeer\.io\/allow-deletions=0123456789ab$/m)
    controller.units = [{ ...PLAN, operations: [], held: 1 }]
    const held = await podpeer('bigip', 'plan')
    assert.equal(held.code, 2)
    assert.match(held.out, /^ {2}held: 1 deletion, until all of the cluster is known$/m)
  })

  test('a device that cannot be read is exit code 5, and no reason to say nothing of the other', async () => {
    const { operations: _, ...unread } = PLAN
    controller.units = [PLAN, { ...unread, unit: 'bigip-b', error: 'unreachable: timeout' }]
    const { code, out, complaints } = await podpeer('bigip', 'plan')
    assert.deepEqual([code, complaints], [5, 'podpeer: bigip, unit bigip-b: unreachable: timeout\n'])
    assert.match(out, /^bigip, unit bigip-a: 2 to create/m)
    assert.match(out, /^bigip, unit bigip-b\n {2}unreachable: timeout$/m)
  })

  test('a BIGIP that is not kept is told, though others are', async () => {
    controller.problems = ['BIGIP other: BIGIP bigip has the same device: delete one of them']
    const { code, complaints } = await podpeer('bigip', 'apply')
    assert.deepEqual([code, complaints], [5, `podpeer: ${controller.problems[0]}\n`])
  })

  test('BIGIP and unit are chosen, and JSON and YAML are the same document', async () => {
    const json = await asJson('bigip', 'plan', 'bigip', '--unit', 'bigip-a')
    assert.deepEqual(controller.asked, [[{ bigIp: 'bigip', unit: 'bigip-a' }]])
    assert.deepEqual([json.format, json.units], [1, [JSON.parse(JSON.stringify(PLAN))]])
    assert.deepEqual(parse((await podpeer('bigip', 'plan', '-o', 'yaml')).out), json)
  })
})

describe('bigip apply', () => {
  test('prints what was done, and ends with 0', async () => {
    controller.units = [{ ...PLAN, outcome: { applied: 7, failed: [], converged: true } }]
    const { code, out } = await podpeer('bigip', 'apply')
    assert.equal(code, 0)
    assert.match(out, /^ {2}7 changes made, the device is as it should be$/m)
    assert.deepEqual(controller.asked, [[{}, undefined]])
  })

  test('without the word that it needs it is exit code 1; with it, it is passed on', async () => {
    controller.units = [{ ...PLAN, refused: REFUSED, outcome: { applied: 0, failed: [], converged: false } }]
    assert.equal((await podpeer('bigip', 'apply')).code, 1)
    await podpeer('bigip', 'apply', '--allow-deletions', '0123456789ab')
    await podpeer('bigip', 'apply', '--allow-deletions', '12')
    assert.deepEqual(controller.asked.slice(1), [
      [{}, '0123456789ab'],
      [{}, 12],
    ])
  })

  test('a word that is neither token nor number is exit code 2, and nothing is asked', async () => {
    const { code, complaints } = await podpeer('bigip', 'apply', '--allow-deletions', 'yes')
    assert.equal(code, 2)
    assert.equal(
      complaints,
      'podpeer: --allow-deletions: "yes" is neither token nor number; see `podpeer bigip plan`\n',
    )
    assert.deepEqual(controller.asked, [])
  })

  test('changes that failed are told each, and are exit code 5', async () => {
    const [operation] = PLAN.operations!
    const failed = [{ operation: operation!, error: '01070734:3: Configuration error' }]
    controller.units = [{ ...PLAN, outcome: { applied: 6, failed, converged: false } }]
    const { code, out, complaints } = await podpeer('bigip', 'apply')
    assert.equal(code, 5)
    assert.match(
      out,
      /^ {2}6 changes made, 1 failed\n {4}create vxlan profile \/Common\/podpeer-c1-profile: 01070734:3/m,
    )
    assert.match(complaints, /^podpeer: bigip, unit bigip-a: 1 change failed, first 01070734:3: Configuration error\n$/)
  })
})

test('bigip vtep-values is YAML for Helm, with the ConfigMap as comments', async () => {
  const helm = 'vtep:\n  enabled: true\n  endpoint: "10.1.10.60"\n'
  controller.vteps = [{ name: 'bigip', helm, configMap: { 'vtep-endpoint': '10.1.10.60' }, findings: [] }]
  const { code, out } = await podpeer('bigip', 'vtep-values')
  assert.equal(code, 0)
  assert.deepEqual(parse(out), { vtep: { enabled: true, endpoint: '10.1.10.60' } })
  assert.match(out, /^# {3}vtep-endpoint: "10\.1\.10\.60"$/m)
  controller.vteps = []
  assert.equal((await podpeer('bigip', 'vtep-values')).out, 'No BIGIP is in mode cilium-vxlan.\n')
})

describe('doctor', () => {
  const traffic = [{ what: 'VXLAN', protocol: 'udp', port: 8472, sources: ['10.1.10.60'] }] as const
  const examined = (...findings: (typeof SUBNET)[]) => [{ bigIp: 'bigip', unit: 'bigip-a', findings, traffic }]

  test('findings are told the worst first, each with what mends it; an error is exit code 1', async () => {
    controller.examined = examined(SUBNET, LOCKDOWN)
    const { code, out } = await podpeer('doctor')
    assert.equal(code, 1)
    assert.match(
      out,
      /^error {4}self IP \/Common\/internal-self {2}port-lockdown\n {9}port .*\n {9}→ tmsh modify net self .*\nwarning {2}unit/,
    )
    assert.match(out, /^bigip, unit bigip-a: 1 error, 1 warning$/m)
  })

  test('warnings alone are exit code 0, and so is nothing', async () => {
    controller.examined = examined(SUBNET)
    assert.equal((await podpeer('doctor')).code, 0)
    controller.examined = examined()
    const { code, out } = await podpeer('doctor')
    assert.deepEqual([code, out], [0, 'bigip, unit bigip-a: nothing found\n'])
  })

  test('what mends it in several lines stands as it is to be copied', async () => {
    controller.examined = examined()
    controller.findings = [
      { ...SUBNET, remedy: "kubectl apply -f - <<'EOF'\nkind: ConfigMap\ndata:\n  config: |\nEOF" },
    ]
    const { out } = await podpeer('doctor')
    assert.match(out, /^ {9}→\nkubectl apply -f - <<'EOF'\nkind: ConfigMap\ndata:\n {2}config: \|\nEOF$/m)
  })

  test('a device that does not answer was not looked at, which is exit code 1', async () => {
    controller.examined = [{ bigIp: 'bigip', unit: 'bigip-a', error: 'unreachable', findings: [], traffic: [] }]
    const { code, out } = await podpeer('doctor')
    assert.deepEqual([code, out], [1, 'not looked at: bigip, unit bigip-a: unreachable\nnothing was looked at\n'])
  })

  describe('on a node', () => {
    const agent = join(folder, 'agent.sock')
    const tools = join(folder, 'tools')
    let agentServer: ControlServer

    before(async () => {
      agentServer = await serveControl({
        socket: agent,
        api: agentApi(new SampleSource()),
        report: bug => console.error(bug),
      })
      mkdirSync(tools)
    })
    after(() => agentServer.close())

    /** The only programs of this machine: those that print such rules. */
    const onNode = (socketOfController: string, rules?: string): Promise<Run> => {
      rmSync(tools, { recursive: true })
      mkdirSync(tools)
      if (rules !== undefined) {
        writeFileSync(join(tools, 'iptables-save'), `#!/bin/sh\necho '${rules}'\n`)
        chmodSync(join(tools, 'iptables-save'), 0o755)
      }
      const own = { PODPEER_SOCKET: agent, PODPEER_CONTROLLER_SOCKET: socketOfController, PATH: tools }
      return run(['doctor', '-o', 'json'], own)
    }
    const SHUT = '*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 179 -j ACCEPT\nCOMMIT'

    test('its firewall is asked for what the devices send', async () => {
      controller.examined = examined()
      const { code, out } = await onNode(socket, SHUT)
      const { examined: looked, findings } = JSON.parse(out)
      assert.deepEqual([code, looked], [1, ['bigip, unit bigip-a', 'Node node-1']])
      assert.deepEqual(
        findings.map(({ code: found, remedy }: { code: string; remedy: string }) => [found, remedy]),
        [['node-firewall', 'iptables -I INPUT -s 10.1.10.60 -p udp --dport 8472 -j ACCEPT']],
      )
      assert.equal((await onNode(socket, SHUT.replace('DROP', 'ACCEPT'))).code, 0)
    })

    test('without a controller it is asked for what devices usually send', async () => {
      const { code, out } = await onNode(join(folder, 'missing.sock'), SHUT)
      const { examined: looked, missed, findings } = JSON.parse(out)
      assert.deepEqual([code, looked], [1, ['Node node-1']])
      assert.match(missed[0], /^the devices: no controller is running here: .*; --bigip FILE or --kubeconfig FILE/)
      assert.match(findings[0].cause, /^iptables drops VXLAN, udp port 8472: the policy of filter INPUT \(drop\)$/)
    })

    test('where no firewall can be listed that is said, and nothing is claimed', async () => {
      controller.examined = examined()
      const { code, out } = await onNode(socket)
      assert.equal(code, 0)
      assert.deepEqual(JSON.parse(out).missed, [
        'the firewall of Node node-1: neither nft nor iptables-save is installed here',
      ])
    })
  })
})

describe('without a controller', () => {
  test('a file that is wrong is told with the path of the field, and exit code 2', async () => {
    const path = join(folder, 'bigip.yaml')
    const object = { apiVersion: 'podpeer.io/v1alpha1', kind: 'BIGIP', metadata: { name: 'bigip' } }
    writeFileSync(path, JSON.stringify({ ...object, spec: { mode: 'flannel' } }))
    const { code, complaints } = await podpeer('bigip', 'plan', '--bigip', path)
    assert.equal(code, 2)
    assert.match(complaints, /^podpeer: .*bigip\.yaml.*spec\.mode/)
    assert.equal((await podpeer('bigip', 'plan', '--bigip', join(folder, 'none.yaml'))).code, 2)
  })

  test('an object of a file is planned, applied and looked at, from a laptop', async context => {
    const stage = await Stage.open(context)
    const path = join(folder, 'laptop.yaml')
    const object = { apiVersion: 'podpeer.io/v1alpha1', kind: 'BIGIP', metadata: { name: 'bigip' } }
    const tls = { caSecret: 'bigip-ca' }
    writeFileSync(path, JSON.stringify({ ...object, spec: { tls } }))
    const here = ['--bigip', path, '--kubeconfig', stage.kubeconfig, '--namespace', 'podpeer']
    const planned = await podpeer('bigip', 'plan', ...here)
    assert.deepEqual([planned.code, planned.complaints], [2, ''])
    assert.match(planned.out, /^bigip, unit bigip: 7 to create, 0 unchanged$/m)
    assert.equal(stage.device.calls.writes, 0)
    assert.equal((await podpeer('bigip', 'apply', ...here)).code, 0)
    assert.deepEqual(await stage.records(), { '02:00:00:00:00:01': '10.1.10.1', '02:00:00:00:00:02': '10.1.10.2' })
    assert.equal((await podpeer('bigip', 'plan', ...here)).code, 0)
    assert.match(
      (await podpeer('bigip', 'status', ...here)).out,
      /^bigip +https:\S+ +16\S+ +active +\S+ +in sync +7 +7 +0/m,
    )
    const { code, out } = await podpeer('doctor', ...here)
    assert.equal(code, 0)
    assert.match(out, /^bigip, unit bigip: 1 warning$/m)
  })

  test('who only asks about the objects of a cluster tells it nothing', async context => {
    const stage = await Stage.open(context)
    stage.putNode(3, {})
    stage.putBigIp()
    const here = ['--kubeconfig', stage.kubeconfig, '--namespace', 'podpeer']
    assert.equal((await podpeer('bigip', 'plan', ...here)).code, 2)
    assert.match((await podpeer('bigip', 'status', ...here)).out, /^Node node-3 +NoVtepMAC/m)
    assert.deepEqual([stage.status, stage.api.list('Event'), stage.device.calls.writes], [{}, [], 0])
    assert.equal(stage.api.find('BIGIP', 'bigip')?.metadata.finalizers, undefined)
  })
})
