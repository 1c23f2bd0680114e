/** What a cluster's owner does with kubectl beyond single objects: install a package, look at rights, run commands in pods. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { KubeApi } from './api.ts'
import { attach } from './exec.ts'
import { Kubectl, minors, skip } from './kubectl.ts'

/** In place of a pod's insides: this machine, told by its environment which pod it is. */
const api = new KubeApi({
  exec: session => {
    const [program = '', ...args] = session.command
    const env = { PATH: process.env['PATH'], POD: session.pod.metadata.name, CONTAINER: session.container }
    return attach(spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] }), session)
  },
})
const admin = new Kubectl()
const agent = new Kubectl()
const folder = fileURLToPath(new URL('kustomization', import.meta.url))
let url = ''

before(async () => {
  url = (await api.listen({ host: '127.0.0.1' })).url
  admin.configure(api.kubeconfig(url))
  if (skip === false) await admin.works(`apply -k ${folder}`)
  else api.put({ kind: 'ServiceAccount', metadata: { name: 'agent', namespace: 'peering' } })
  agent.configure(api.kubeconfig(url, api.serviceAccountToken('peering', 'agent')))
})
after(() => api.close())

const lines = (text: string) => text.trim().split('\n')

describe('a package in a directory', { skip }, () => {
  test('is applied as a whole, and applied again changes nothing', async () => {
    const again = lines(await admin.works(`apply -k ${folder}`))
    assert.equal(again.length, 10)
    assert.deepEqual(
      again.filter(line => !line.endsWith(' unchanged')),
      [],
    )
    assert.deepEqual(lines(await admin.works('get ds,deploy -n peering -o name')), [
      'daemonset.apps/agent',
      'deployment.apps/controller',
    ])
    assert.match(await admin.works('get ds agent -n peering -o wide'), /\sagent\s+peering:2\s/)
  })

  test('is applied by each kubectl, also on the side of the server', async () => {
    for (const { path } of minors) {
      await admin.works(`apply -k ${folder}`, { binary: path })
      await admin.works(`diff -k ${folder}`, { binary: path })
    }
    const said = lines(await admin.works(`apply --server-side --force-conflicts -k ${folder}`))
    assert.ok(
      said.every(line => line.endsWith(' serverside-applied')),
      said.join(),
    )
  })

  test('brings kinds that kubectl can use at once', async () => {
    await admin.works('wait --for=condition=Established crd/routers.peering.example.org')
    const router = { apiVersion: 'peering.example.org/v1', kind: 'Router', metadata: { name: 'tor-1' } }
    const file = admin.manifest('router', { ...router, spec: { address: '192.0.2.1' } })
    assert.equal(await admin.works(`apply -f ${file}`), 'router.peering.example.org/tor-1 created\n')
    assert.match(await admin.works('get rt'), /^NAME\s+ADDRESS\ntor-1\s+192\.0\.2\.1\n$/)
    assert.equal(await admin.works(['get', 'rt', 'tor-1', '-o', 'jsonpath={.spec.port}']), '179')
    assert.match(await admin.works('explain router.spec'), /address\s+<string> -required-\s+Where it listens\./)
    admin.manifest('router', { ...router, spec: { address: '192.0.2.1', prot: 180 } })
    assert.match(await admin.refused(`apply -f ${file}`), /strict decoding error: unknown field "spec\.prot"$/)
    admin.manifest('router', { ...router, spec: { address: '192.0.2.1', port: 'bgp' } })
    assert.match(
      await admin.refused(`apply -f ${file}`),
      /^The Router "tor-1" is invalid:.*spec\.port in body must be of type integer: "string"/s,
    )
    await admin.works('patch rt tor-1 --subresource=status --type=merge -p {"status":{"state":"up"}}')
    assert.equal(await admin.works(['get', 'rt', 'tor-1', '-o', 'jsonpath={.status.state}']), 'up')
    await admin.works('delete rt tor-1')
  })
})

describe('the rights of a ServiceAccount', { skip }, () => {
  test('are told by auth can-i, and listed', async () => {
    for (const { path } of minors) {
      const can = async (words: string) => (await agent.run(`auth can-i ${words}`, { binary: path })).out.trim()
      assert.equal(await can('list nodes'), 'yes')
      assert.equal(await can('delete nodes'), 'no')
      assert.equal(await can('patch routers.peering.example.org --subresource=status'), 'yes')
      assert.equal(await can('update leases -n peering'), 'yes')
      assert.equal(await can('update leases -n default'), 'no')
    }
    const list = await agent.works('auth can-i --list -n peering')
    assert.match(list, /leases\.coordination\.k8s\.io\s+\[\]\s+\[\]\s+\[create get update\]/)
    assert.match(await agent.works('auth whoami'), /Username\s+system:serviceaccount:peering:agent/)
  })

  test('are all that it has', async () => {
    assert.equal((await agent.run('get nodes')).code, 0)
    assert.equal(
      await agent.refused('delete node none'),
      'Error from server (Forbidden): nodes "none" is forbidden: User "system:serviceaccount:peering:agent" cannot delete resource "nodes" in API group "" at the cluster scope',
    )
    const { user, message } = api.refused.at(-1)!
    assert.deepEqual(
      [user, /cannot delete resource "nodes"/.test(message)],
      ['system:serviceaccount:peering:agent', true],
    )
  })

  test('can be tried on by the administrator, and a token asked for', async () => {
    const as = '--as=system:serviceaccount:peering:agent'
    assert.match(await admin.refused(`get secrets -n peering ${as}`), /cannot list resource "secrets"/)
    const token = (await admin.works('create token agent -n peering --duration=20m')).trim()
    const other = new Kubectl()
    other.configure(api.kubeconfig(url, token))
    assert.match(await other.works('auth whoami'), /system:serviceaccount:peering:agent/)
  })
})

describe('kubectl exec', { skip }, () => {
  const spec = { nodeName: 'node-1', containers: [{ name: 'main' }, { name: 'side' }] }
  before(() => {
    for (const name of ['web', 'pending'])
      api.put({
        kind: 'Pod',
        metadata: { name, namespace: 'default' },
        spec: { ...spec, nodeName: name === 'web' ? 'node-1' : '' },
        status: { phase: 'Running' },
      })
  })
  // older ones speak it when told to, those before 1.29 not at all
  const extra = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'true' }
  const speaking = minors.filter(({ minor }) => minor >= 29)

  test('runs a command in a container, and ends as the command does', async () => {
    const script = ['--', 'sh', '-c', 'echo $POD $CONTAINER; echo oops >&2; exit 3']
    for (const { path } of speaking) {
      const { code, out, err } = await admin.run(['exec', 'web', '-c', 'side', ...script], { binary: path, extra })
      assert.deepEqual([code, out], [3, 'web side\n'])
      assert.match(err, /^oops\ncommand terminated with exit code 3/)
    }
    assert.equal(await admin.works('exec web -- printenv CONTAINER', { extra }), 'main\n')
  })

  test('passes standard input, to its end, and large outputs whole', async () => {
    assert.equal(await admin.works('exec -i web -- tr a-z A-Z', { input: 'hello', extra }), 'HELLO')
    const numbers = Array.from({ length: 50_000 }, (_, index) => `${index + 1}\n`).join('')
    assert.equal(await admin.works('exec web -- seq 1 50000', { extra }), numbers)
    assert.equal(await admin.works('exec -i web -- cat', { input: numbers, extra }), numbers)
  })

  test('says why a command does not run', async () => {
    assert.match(await admin.refused('exec none -- true', { extra }), /\(NotFound\): pods "none" not found$/)
    assert.match(await admin.refused('exec web -c none -- true', { extra }), /container none is not valid for pod web$/)
    assert.match(await admin.refused('exec pending -- true', { extra }), /pod pending does not have a host assigned$/)
    assert.match(await admin.refused('exec web -- no-such-program', { extra }), /ENOENT/)
    assert.match(await agent.refused('exec -n default web -- true', { extra }), /pods "web" is forbidden/)
  })
})
