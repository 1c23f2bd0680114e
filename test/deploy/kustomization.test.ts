/** `kubectl apply -k deploy/`: what comes of it on the API stand-in, and that the rights in it are those that are needed. */
import assert from 'node:assert/strict'
import { globSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { judgeFile } from '../../daemon/config/index.ts'
import { version } from '../../daemon/version.ts'
import { type BigIpStatus, judgeBigIp } from '../../lib/bigip/resource.ts'
import { CLUSTER_SOURCES, POD_SOURCE } from '../../lib/cni/cluster-objects.ts'
import { HOST_ROOT } from '../../lib/linux/sysctl.ts'
import { BigIp } from '../bigip/big-ip.ts'
import { finish, start } from '../daemon/cli/command-line.ts'
import { KubeApi } from '../kube/api.ts'
import { Kubectl, minors, skip } from '../kube/kubectl.ts'
import { until } from '../until.ts'

const DEPLOY = join(import.meta.dirname, '../../deploy')

test('what the agents read is a configuration that is right', () => {
  assert.deepEqual(judgeFile(readFileSync(join(DEPLOY, 'config/agent.yaml'), 'utf8')).problems, [])
})

test('every example is a BIGIP that is right, and says what it is for', () => {
  const examples = globSync('examples/*.yaml', { cwd: DEPLOY })
  assert.ok(examples.length >= 6)
  for (const path of examples) {
    const text = readFileSync(join(DEPLOY, path), 'utf8')
    assert.match(text, /^# /, path)
    const objects = parseAllDocuments(text).map(document => document.toJS())
    assert.ok(
      objects.some(({ kind }) => kind === 'BIGIP'),
      path,
    )
    for (const object of objects) if (object.kind === 'BIGIP') assert.deepEqual(judgeBigIp(object), [], path)
  }
})

describe('kubectl apply -k deploy/', { skip }, () => {
  const api = new KubeApi()
  const admin = new Kubectl()
  const agent = new Kubectl()
  const controller = new Kubectl()

  before(async () => {
    const { url } = await api.listen({ host: '127.0.0.1' })
    admin.configure(api.kubeconfig(url))
    await admin.works(`apply -k ${DEPLOY}`)
    agent.configure(api.kubeconfig(url, api.serviceAccountToken('podpeer', 'podpeer-agent')))
    controller.configure(api.kubeconfig(url, api.serviceAccountToken('podpeer', 'podpeer-controller')))
  })
  after(() => api.close())

  test('applied again, with any kubectl, it changes nothing', async () => {
    for (const { path } of minors) {
      const lines = (await admin.works(`apply -k ${DEPLOY}`, { binary: path })).trim().split('\n')
      assert.ok(lines.length > 10)
      assert.deepEqual(
        lines.filter(line => !line.endsWith(' unchanged')),
        [],
      )
    }
  })

  test('agent and controller are there, with what the one and the other may do on its host', async () => {
    const pod = async (name: string) => parse(await admin.works(`get ${name} -n podpeer -o yaml`)).spec.template.spec
    const one = await pod('daemonset/podpeer-agent')
    assert.equal(one.hostNetwork, true)
    assert.deepEqual(one.containers[0].securityContext.capabilities, {
      add: ['NET_ADMIN', 'NET_RAW', 'NET_BIND_SERVICE'],
      drop: ['ALL'],
    })
    const other = await pod('deployment/podpeer-controller')
    assert.equal(other.hostNetwork, undefined)
    assert.equal(other.securityContext.runAsNonRoot, true)
    assert.deepEqual(other.containers[0].securityContext.capabilities, { drop: ['ALL'] })
    for (const { containers } of [one, other]) {
      assert.equal(containers[0].securityContext.readOnlyRootFilesystem, true)
      assert.equal(containers[0].image, `podpeer:${version}`)
    }
  })

  test('the agents find their file in a ConfigMap of a name that stays', async () => {
    const { data } = parse(await admin.works('get configmap podpeer-agent -n podpeer -o yaml'))
    assert.equal(data['agent.yaml'], readFileSync(join(DEPLOY, 'config/agent.yaml'), 'utf8'))
  })

  test('every example is taken, and listed in columns', async () => {
    await admin.works('wait --for=condition=Established crd/bigips.podpeer.io')
    for (const path of globSync('examples/*.yaml', { cwd: DEPLOY }).sort()) {
      await admin.works(`apply -f ${join(DEPLOY, path)}`)
      assert.match(await admin.works('get bigips'), /^NAME\s+READY\s+MODE\s/)
      await admin.works('delete bigips --all')
    }
  })

  test('the controller may read all that its network is told from', async () => {
    for (const { path, fieldSelector, optional } of [...CLUSTER_SOURCES, POD_SOURCE]) {
      const query = fieldSelector === undefined ? '' : `?fieldSelector=${encodeURIComponent(fieldSelector)}`
      const { code, err } = await controller.run(['get', '--raw', path + query])
      // what a CNI has not defined is not found, which is an answer
      assert.ok(code === 0 || (optional && /NotFound|not find/.test(err)), `${path}: ${err}`)
    }
  })

  const can = async (who: Kubectl, words: string) => (await who.run(`auth can-i ${words}`)).out.trim()

  test('the controller may do what it does, and no more', async () => {
    for (const words of [
      'watch bigips',
      'patch bigips',
      'patch bigips/status',
      'get namespaces/kube-system',
      'get secrets/bigip-login -n podpeer',
      'get secrets/bigip-ca -n podpeer',
      'create leases -n podpeer',
      'update leases/podpeer-controller -n podpeer',
      'create events -n default',
      'patch events -n default',
      'get configmaps/ip-masq-agent -n kube-system',
    ])
      assert.equal(await can(controller, words), 'yes', words)
    for (const words of [
      'patch nodes',
      'delete bigips',
      'create bigips',
      'list secrets -n podpeer',
      'get secrets/other -n podpeer',
      'get secrets/bigip-login -n default',
      'list configmaps -n kube-system',
      'patch configmaps/ip-masq-agent -n kube-system',
      'update leases/other -n podpeer',
      'create leases -n kube-system',
      'delete pods',
    ])
      assert.equal(await can(controller, words), 'no', words)
  })

  test('the masquerade list is its to change only where that was applied, too', async () => {
    await admin.works(`apply -f ${join(DEPLOY, 'masquerade.yaml')}`)
    assert.equal(await can(controller, 'patch configmaps/ip-masq-agent -n kube-system'), 'yes')
    assert.equal(await can(controller, 'patch configmaps/coredns -n kube-system'), 'no')
    await admin.works(`delete -f ${join(DEPLOY, 'masquerade.yaml')}`)
  })

  test('the agent may look at nodes and BIGIPs, and change nothing', async () => {
    for (const words of ['list nodes', 'watch nodes', 'watch bigips'])
      assert.equal(await can(agent, words), 'yes', words)
    for (const words of ['patch nodes', 'patch bigips/status', 'list pods', 'get secrets/bigip-login -n podpeer'])
      assert.equal(await can(agent, words), 'no', words)
  })

  test('to answer for pods takes the right to see them, and the settings of the host, and both come with a component', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'podpeer-answers-'))
    const from = (path: string) => relative(realpathSync(folder), join(DEPLOY, path))
    const apply = async (more: object) => {
      const kustomization = { resources: [from('.')], ...more }
      writeFileSync(join(folder, 'kustomization.yaml'), stringify(kustomization))
      await admin.works(`apply -k ${folder}`)
    }
    const spec = async () =>
      parse(await admin.works('get daemonset/podpeer-agent -n podpeer -o yaml')).spec.template.spec
    try {
      await apply({ components: [from('answers')] })
      for (const words of ['list pods', 'watch pods']) assert.equal(await can(agent, words), 'yes', words)
      for (const words of ['get pods', 'delete pods', 'patch nodes']) assert.equal(await can(agent, words), 'no', words)
      assert.equal(await can(agent, 'watch bigips'), 'yes')
      const { volumes, containers, hostNetwork } = await spec()
      assert.equal(hostNetwork, true)
      const name = volumes.find(
        ({ hostPath }: { hostPath?: { path: string } }) => hostPath?.path === '/proc/sys/net',
      ).name
      const mount = containers[0].volumeMounts.find((one: { name: string }) => one.name === name)
      assert.equal(mount.mountPath, `${HOST_ROOT}/net`)
      assert.equal(mount.readOnly, undefined)
    } finally {
      await apply({})
      rmSync(folder, { recursive: true })
    }
    assert.equal(await can(agent, 'list pods'), 'no')
    assert.equal((await spec()).volumes.length, 2)
  })

  test('with these rights a controller does all that it does, and no call of it is refused', async context => {
    await admin.works(`apply -f ${join(DEPLOY, 'masquerade.yaml')}`)
    const device = await BigIp.start()
    context.after(() => device.close())
    putCluster(device)
    const spec = { tls: { caSecret: 'bigip-ca' }, masquerade: {}, deletionPolicy: 'Delete' }
    const bigIp = { apiVersion: 'podpeer.io/v1alpha1', kind: 'BIGIP', metadata: { name: 'bigip' }, spec }
    await admin.works(`apply -f ${admin.manifest('bigip', bigIp)}`)
    const words = ['controller', '--kubeconfig', controller.kubeconfig, '--namespace', 'podpeer']
    const process = start([...words, '--socket', join(controller.folder, 'controller.sock')])
    const end = finish(process)
    context.after(() => process.kill('SIGKILL'))
    const conditions = () => (api.find('BIGIP', 'bigip')?.['status'] as BigIpStatus | undefined)?.conditions ?? []
    await until('it is ready', () => conditions().some(({ type, status }) => type === 'Ready' && status === 'True'))
    await until('the node that is left out has an Event', () =>
      api.list('Event').some(({ reason }) => reason === 'NoVtepMAC'),
    )
    const masquerade = () => JSON.stringify(api.find('ConfigMap', 'ip-masq-agent', 'kube-system'))
    await until('the masquerade list has the device', () => masquerade().includes('10.1.10.60/32'))
    assert.notEqual((await device.list('/tm/net/fdb/tunnel')).length, 0)
    await admin.works('delete bigip bigip --timeout=120s')
    const tunnels = await device.list('/tm/net/tunnels/tunnel')
    assert.deepEqual(
      tunnels.filter(({ name }) => String(name).startsWith('podpeer-')),
      [],
    )
    process.kill('SIGTERM')
    assert.equal((await end).code, 0)
    const user = 'system:serviceaccount:podpeer:podpeer-controller'
    assert.deepEqual(
      api.refused.slice(refusedBefore).filter(call => call.user === user),
      [],
    )
  })

  let refusedBefore = 0

  /** A node that flannel has told of and one that it has not, what the nodes masquerade, and the Secrets of the device. */
  function putCluster(device: BigIp): void {
    refusedBefore = api.refused.length
    const { username, password } = device.credentials
    const secret = (name: string, data: Record<string, string>) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'podpeer' },
      data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
    })
    const configMap = (namespace: string, name: string, data: Record<string, string>) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace },
      data,
    })
    const flannel = 'flannel.alpha.coreos.com'
    const annotations = {
      [`${flannel}/backend-type`]: 'vxlan',
      [`${flannel}/backend-data`]: '{"VNI":1,"VtepMAC":"02:00:00:00:00:01"}',
      [`${flannel}/public-ip`]: '10.1.10.1',
    }
    const node = (number: number, more: object) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: `node-${number}`, ...more },
      spec: { podCIDR: `10.244.${number}.0/24`, podCIDRs: [`10.244.${number}.0/24`] },
      status: { addresses: [{ type: 'InternalIP', address: `10.1.10.${number}` }] },
    })
    for (const object of [
      secret('bigip-login', { url: device.url, username, password }),
      secret('bigip-ca', { 'ca.crt': device.ca }),
      configMap('kube-flannel', 'kube-flannel-cfg', {
        'net-conf.json': '{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"}}',
      }),
      configMap('kube-system', 'ip-masq-agent', { config: 'nonMasqueradeCIDRs: [10.244.0.0/16]\n' }),
      node(1, { annotations }),
      node(2, {}),
    ])
      api.put(object)
  }
})
