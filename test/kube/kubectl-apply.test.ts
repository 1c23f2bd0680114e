/** What kubectl does to objects, in each minor that this machine has: create, apply, patch, diff, wait, explain, delete. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { KubeApi } from './api.ts'
import { at } from './json.ts'
import { Kubectl, minors, skip } from './kubectl.ts'

const api = new KubeApi()
const kubectl = new Kubectl()
before(async () => {
  const { url } = await api.listen({ host: '127.0.0.1' })
  kubectl.configure(api.kubeconfig(url))
})
after(() => api.close())

const KINDS = ['ConfigMap', 'Secret', 'ServiceAccount', 'Service', 'Deployment', 'DaemonSet', 'Ingress', 'Node', 'Pod']
afterEach(() => {
  for (const kind of [...KINDS, 'Role', 'RoleBinding'])
    for (const { metadata } of api.list(kind)) api.remove(kind, metadata.name, metadata.namespace)
})

const map = (data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'one', namespace: 'default' },
  data,
})
const dataOf = (name: string) => api.find('ConfigMap', name, 'default')?.['data']
const managersOf = (name: string) =>
  (api.find('ConfigMap', name, 'default')!.metadata['managedFields'] as { manager: string; operation: string }[]).map(
    ({ manager, operation }) => `${manager} ${operation}`,
  )

for (const { minor, path } of minors.filter(one => one.minor >= 29))
  describe(`kubectl 1.${minor}`, { skip }, () => {
    const works = (line: string | readonly string[]) => kubectl.works(line, { binary: path })
    const refused = (line: string | readonly string[]) => kubectl.refused(line, { binary: path })

    test('creates objects of its own making', async () => {
      await works('create ns web')
      for (const line of [
        'configmap one --from-literal=a=b',
        'secret generic two --from-literal=c=d',
        'serviceaccount three',
        'service nodeport four --tcp=80:8080 --node-port=30080',
        'deployment five --image=web:1 --replicas=2 --port=80',
        'ingress six --rule=example.com/a*=four:80',
        'role seven --verb=get,list --resource=pods',
        'rolebinding eight --role=seven --serviceaccount=default:three',
      ])
        await works(`create ${line}`)
      assert.deepEqual(dataOf('one'), { a: 'b' })
      assert.deepEqual(api.find('Secret', 'two', 'default')!['data'], { c: 'ZA==' })
      const service = api.find('Service', 'four', 'default')
      assert.deepEqual(at(service, ['spec', 'ports']), [
        { name: '80-8080', protocol: 'TCP', port: 80, targetPort: 8080, nodePort: 30080 },
      ])
      assert.deepEqual(at(service, ['spec', 'selector']), { app: 'four' })
      const deployment = api.find('Deployment', 'five', 'default')
      assert.equal(at(deployment, ['spec', 'replicas']), 2)
      const [container] = at(deployment, ['spec', 'template', 'spec', 'containers']) as {
        image: string
        ports: object[]
      }[]
      assert.deepEqual([container!.image, container!.ports], ['web:1', [{ containerPort: 80, protocol: 'TCP' }]])
      const [rule] = at(api.find('Ingress', 'six', 'default'), ['spec', 'rules']) as object[]
      assert.deepEqual(at(rule, ['http', 'paths']), [
        { path: '/a', pathType: 'Prefix', backend: { service: { name: 'four', port: { number: 80 } } } },
      ])
      assert.deepEqual(api.find('Role', 'seven', 'default')!['rules'], [
        { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] },
      ])
      assert.deepEqual(api.find('RoleBinding', 'eight', 'default')!['subjects'], [
        { kind: 'ServiceAccount', name: 'three', namespace: 'default' },
      ])
      assert.equal(await works('delete ns web'), 'namespace "web" deleted\n')
    })

    test('applies on the server’s side, also what it had applied before', async () => {
      const file = kubectl.manifest(`map-${minor}`, map({ a: '1', b: '2' }))
      assert.equal(await works(`apply -f ${file}`), 'configmap/one created\n')
      await works(`apply --server-side -f ${file}`)
      // they stand in the order of their times, which may be of one second or of two
      assert.deepEqual(managersOf('one').toSorted(), ['kubectl Apply', 'kubectl-last-applied Apply'])
      kubectl.manifest(`map-${minor}`, map({ a: '9' }))
      const conflict = await refused(`apply --server-side --field-manager=other -f ${file}`)
      assert.match(conflict, /^error: Apply failed with 1 conflict: conflict with "kubectl": \.data\.a\n/)
      await works(`apply --server-side --field-manager=other --force-conflicts -f ${file}`)
      assert.deepEqual(dataOf('one'), { a: '9', b: '2' })
      await works(`apply --server-side -f ${file}`)
      assert.deepEqual(dataOf('one'), { a: '9' })
    })

    test('tells a difference, and tries out what it is asked to', async () => {
      const file = kubectl.manifest(`map-${minor}`, map({ a: '1' }))
      await works(`apply -f ${file}`)
      assert.equal(await works(`diff -f ${file}`), '')
      kubectl.manifest(`map-${minor}`, map({ a: '2' }))
      const { code, out } = await kubectl.run(`diff -f ${file}`, { binary: path })
      assert.equal(code, 1)
      assert.match(out, /^-\s+a: "1"\n\+\s+a: "2"$/m)
      const server = await kubectl.run(`diff --server-side --force-conflicts -f ${file}`, { binary: path })
      assert.match(server.out, /^\+\s+a: "2"$/m)
      assert.equal(await works(`apply --dry-run=server -f ${file}`), 'configmap/one configured (server dry run)\n')
      assert.match(await works('delete cm one --dry-run=server'), /deleted/)
      assert.deepEqual(dataOf('one'), { a: '1' })
    })

    test('patches in every way, and refuses fields that the kind has not', async () => {
      await works('create cm one --from-literal=a=b')
      await works('patch cm one -p {"data":{"c":"d"}}')
      await works('patch cm one --type=merge -p {"data":{"a":null}}')
      await works('patch cm one --type=json -p [{"op":"add","path":"/data/e","value":"f"}]')
      assert.deepEqual(dataOf('one'), { c: 'd', e: 'f' })
      const file = kubectl.manifest(`map-${minor}`, { ...map({ a: '1' }), foo: 1 })
      assert.match(await refused(`create -f ${file}`), /strict decoding error: unknown field "foo"$/)
      await works(`replace --validate=false -f ${file}`)
      assert.deepEqual(dataOf('one'), { a: '1' })
      await works(`replace --force --validate=ignore -f ${file}`)
    })

    test('explains fields, waits for conditions, and shows what there is', async () => {
      assert.match(await works('explain node.spec'), /FIELD: spec <NodeSpec>[\s\S]*podCIDRs\s+<\[\]string>/)
      assert.match(await works('explain ds.spec.template.spec.containers.ports.hostPort'), /FIELD: hostPort <integer>/)
      const condition = { type: 'Ready', status: 'True' }
      const status = { conditions: [condition], addresses: [{ type: 'InternalIP', address: '192.0.2.1' }] }
      api.put({ kind: 'Node', metadata: { name: 'n' }, spec: { providerID: 'p1' }, status })
      api.put({ kind: 'Node', metadata: { name: 'm' }, spec: { providerID: 'p2' } })
      assert.equal(await works('wait --for=condition=Ready node/n'), 'node/n condition met\n')
      await works('create deployment web --image=web:1')
      await works('create service clusterip web --tcp=80')
      for (const [words, expected] of [
        ['get deploy,svc -o name', /^deployment\.apps\/web\nservice\/web\n$/],
        ['get deploy web -o jsonpath={.spec.template.spec.containers[0].image}', /^web:1$/],
        ['get svc -o custom-columns=N:.metadata.name,T:.spec.type', /^N\s+T\nweb\s+ClusterIP\n$/],
        ['get deploy web -o go-template={{.spec.replicas}}', /^1$/],
        ['get all', /deployment\.apps\/web\s+0\/1/],
        ['get nodes --sort-by=.spec.providerID', /^NAME.*\nn\s.*\nm\s/],
        ['describe svc web', /Port:\s+80\s+80\/TCP\nTargetPort:\s+80\/TCP/],
        ['describe deploy web', /StrategyType:\s+RollingUpdate[\s\S]*Image:\s+web:1/],
        ['describe node n', /InternalIP:\s+192\.0\.2\.1/],
        ['get node n -o yaml', /^kind: Node$/m],
      ] as const)
        assert.match(await works(words), expected)
    })
  })

describe('kubectl', { skip }, () => {
  test('deletes an owner with its dependents, or leaves them, as it is told', async () => {
    const own = (name: string) => {
      const { uid } = api.find('ConfigMap', name, 'default')!.metadata
      const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid: uid! }]
      api.put({ kind: 'Secret', metadata: { name, namespace: 'default', ownerReferences } })
    }
    for (const name of ['orphan', 'foreground']) {
      await kubectl.works(`create cm ${name}`)
      own(name)
      await kubectl.works(`delete cm ${name} --cascade=${name}`)
    }
    assert.deepEqual(
      api.list('Secret').map(({ metadata }) => [metadata.name, metadata['ownerReferences']]),
      [['orphan', undefined]],
    )
  })

  test('ends a pod in peace, or at once', async () => {
    for (const name of ['one', 'two'])
      api.put({
        kind: 'Pod',
        metadata: { name, namespace: 'default' },
        spec: { nodeName: 'n', containers: [{ name: 'c', image: 'c:1' }] },
      })
    await kubectl.works('delete pod one')
    await kubectl.works('delete pod two --grace-period=0 --force')
    assert.deepEqual(api.list('Pod'), [])
  })
})
