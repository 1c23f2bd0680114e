import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, afterEach, before, describe, test } from 'node:test'
import { until } from '../until.ts'
import { KubeApi } from './api.ts'
import { Kubectl, minors, skip } from './kubectl.ts'

const kubectl = new Kubectl()
const works = kubectl.works.bind(kubectl)
const refused = kubectl.refused.bind(kubectl)
const manifest = kubectl.manifest.bind(kubectl)

const node = (name: string, podCIDR: string, labels: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels },
  spec: { podCIDR },
})

const api = new KubeApi()
before(async () => {
  const { url } = await api.listen({ host: '127.0.0.1' })
  kubectl.configure(api.kubeconfig(url))
})
after(() => api.close())

/** Two nodes as kubelets register them. */
function reset(): void {
  for (const { metadata } of api.list('Node')) api.remove('Node', metadata.name)
  for (const number of [1, 2])
    api.put({
      ...node(`node-${number}`, `10.244.${number}.0/24`),
      metadata: { name: `node-${number}`, labels: number === 1 ? { 'node-role.kubernetes.io/control-plane': '' } : {} },
      status: {
        addresses: [
          { type: 'InternalIP', address: `192.0.2.${number}` },
          { type: 'Hostname', address: `node-${number}` },
        ],
        conditions: [{ type: 'Ready', status: number === 1 ? 'True' : 'False' }],
        nodeInfo: {
          kubeletVersion: 'v1.32.0',
          osImage: 'Debian',
          kernelVersion: '6.1',
          containerRuntimeVersion: 'cri://1',
        },
      },
    })
}

const rows = (text: string) =>
  text
    .trim()
    .split('\n')
    .map(line => line.split(/\s{2,}/))

describe('kubectl', { skip }, () => {
  before(reset)
  afterEach(reset)

  test('get nodes shows the columns of the server', async () => {
    const table = rows(await works('get nodes -o wide'))
    const heading = 'NAME STATUS ROLES AGE VERSION INTERNAL-IP EXTERNAL-IP OS-IMAGE KERNEL-VERSION CONTAINER-RUNTIME'
    assert.deepEqual(table[0], heading.split(' '))
    const [first, second] = table.slice(1).map(cells => cells.filter((_, index) => index !== 3))
    assert.deepEqual(first, [
      'node-1',
      'Ready',
      'control-plane',
      'v1.32.0',
      '192.0.2.1',
      '<none>',
      'Debian',
      '6.1',
      'cri://1',
    ])
    assert.deepEqual(second, [
      'node-2',
      'NotReady',
      '<none>',
      'v1.32.0',
      '192.0.2.2',
      '<none>',
      'Debian',
      '6.1',
      'cri://1',
    ])
  })

  test('get -w tells additions, changes and deletions as they happen', async () => {
    const child = spawn(kubectl.program, ['get', 'nodes', '-w', '--no-headers', '--output-watch-events'], {
      env: kubectl.environment(),
    })
    try {
      let out = ''
      child.stdout.on('data', chunk => {
        out += chunk
      })
      const seen = (event: string, name: string) =>
        until(`${event} ${name}`, () => new RegExp(`${event}\\s+${name}\\s`).test(out))
      await seen('ADDED', 'node-2')
      api.put(node('node-3', '10.244.3.0/24'))
      await seen('ADDED', 'node-3')
      await works('cordon node-3')
      await seen('MODIFIED', 'node-3')
      await works('delete node node-3')
      await seen('DELETED', 'node-3')
    } finally {
      child.kill()
    }
  })

  test('label, annotate, cordon, uncordon and taint change the object and nothing else', async () => {
    const before = api.find('Node', 'node-1')!
    await works('label node node-1 rack=r1')
    await works('annotate node node-1 podpeer.io/as-number=65010')
    await works('cordon node-1')
    await works('taint node node-1 a=b:NoSchedule')
    const changed = api.find('Node', 'node-1') as unknown as Record<string, Record<string, unknown>>
    assert.deepEqual(changed['metadata']!['annotations'], { 'podpeer.io/as-number': '65010' })
    assert.equal((changed['metadata']!['labels'] as Record<string, string>)['rack'], 'r1')
    assert.equal(changed['spec']!['unschedulable'], true)
    assert.deepEqual(changed['spec']!['taints'], [{ key: 'a', value: 'b', effect: 'NoSchedule' }])
    for (const undo of [
      'label node node-1 rack-',
      'annotate node node-1 podpeer.io/as-number-',
      'uncordon node-1',
      'taint node node-1 a-',
    ])
      await works(undo)
    const { metadata, ...rest } = api.find('Node', 'node-1')!
    assert.deepEqual({ metadata: { ...metadata, resourceVersion: before.metadata.resourceVersion }, ...rest }, before)
  })

  test('apply creates, then changes, then finds nothing to do', async () => {
    const file = manifest('apply', node('node-9', '10.244.9.0/24', { a: '1' }))
    assert.equal(await works(`apply -f ${file}`), 'node/node-9 created\n')
    assert.equal(await works(`apply -f ${file}`), 'node/node-9 unchanged\n')
    manifest('apply', node('node-9', '10.244.9.0/24', { b: '2' }))
    assert.equal(await works(`apply -f ${file}`), 'node/node-9 configured\n')
    assert.deepEqual(api.find('Node', 'node-9')?.metadata.labels, { b: '2' })
    manifest('apply', node('node-9', '10.244.10.0/24', { b: '2' }))
    const reason = 'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid'
    const [, first] = (await refused(`apply -f ${file}`)).split('\n')
    assert.equal(first, `* ${reason}`)
  })

  test('create, get -o json, replace and delete work on files', async () => {
    const file = manifest('create', node('node-8', '10.244.8.0/24'))
    assert.equal(await works(`create -f ${file}`), 'node/node-8 created\n')
    assert.match(
      await refused(`create -f ${file}`),
      /^Error from server \(AlreadyExists\): .*nodes "node-8" already exists$/,
    )
    const stored = JSON.parse(await works('get node node-8 -o json'))
    assert.deepEqual(stored.spec, { podCIDR: '10.244.8.0/24', podCIDRs: ['10.244.8.0/24'] })
    await works('label node node-8 later=yes')
    manifest('create', stored)
    assert.match(
      await refused(`replace -f ${file}`),
      /Operation cannot be fulfilled on nodes "node-8": the object has been modified; please apply your changes to the latest version and try again$/,
    )
    assert.equal(await works(`delete -f ${file}`), 'node "node-8" deleted\n')
    assert.equal(await refused('get node node-8'), 'Error from server (NotFound): nodes "node-8" not found')
  })

  test('edit sends what the editor changed', async () => {
    await works('label node node-1 word=before')
    assert.equal(
      await works('edit node node-1', { extra: { EDITOR: 'sed -i s/before/after/' } }),
      'node/node-1 edited\n',
    )
    assert.equal(api.find('Node', 'node-1')?.metadata.labels?.['word'], 'after')
  })

  test('describe node shows its pods and events', async () => {
    api.put({
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default' },
      spec: { nodeName: 'node-1', containers: [{ name: 'c' }] },
      status: { phase: 'Running' },
    })
    api.put({
      kind: 'Event',
      metadata: { name: 'e1', namespace: 'default' },
      involvedObject: { kind: 'Node', name: 'node-1', uid: 'node-1' },
      reason: 'Rebooted',
      message: 'it did',
      type: 'Warning',
    })
    const text = await works('describe node node-1')
    assert.match(text, /PodCIDRs:\s+10\.244\.1\.0\/24/)
    assert.match(text, /Non-terminated Pods:\s+\(1 in total\)/)
    assert.match(text, /Warning\s+Rebooted\s.*it did/)
    assert.match(rows(await works('get events'))[1]!.join(' '), /Warning Rebooted node\/node-1 it did/)
  })

  test('selectors choose, and wrong ones are told as the server tells them', async () => {
    const names = async (words: string) => (await works(`get nodes -o name ${words}`)).trim().split('\n')
    assert.deepEqual(await names('-l node-role.kubernetes.io/control-plane'), ['node/node-1'])
    assert.deepEqual(await names('--field-selector metadata.name!=node-1'), ['node/node-2'])
    assert.deepEqual(await names('--field-selector spec.unschedulable=false'), ['node/node-1', 'node/node-2'])
    assert.match(
      await refused('get nodes --field-selector foo=bar'),
      /\(BadRequest\): .*field label not supported: foo$/,
    )
  })

  test('get in several kinds and namespaces, with pages, works', async () => {
    api.put({ kind: 'ConfigMap', metadata: { name: 'one', namespace: 'default' }, data: { a: '1', b: '2' } })
    api.put({ kind: 'Lease', metadata: { name: 'leader', namespace: 'kube-system' }, spec: { holderIdentity: 'me' } })
    assert.deepEqual(rows(await works('get cm'))[1]!.slice(0, 2), ['one', '2'])
    assert.deepEqual(rows(await works('get leases -A'))[1]!.slice(0, 3), ['kube-system', 'leader', 'me'])
    assert.equal(rows(await works('get ns --chunk-size=1')).length, 5)
  })

  for (const { minor, path } of minors)
    test(`of 1.${minor} gets, applies, labels and deletes`, async () => {
      const binary = { binary: path }
      const file = manifest(`minor-${minor}`, node('node-7', '10.244.7.0/24', { a: '1' }))
      assert.match(await works('get nodes', binary), /node-2\s+NotReady/)
      assert.equal(await works(`apply -f ${file}`, binary), 'node/node-7 created\n')
      manifest(`minor-${minor}`, node('node-7', '10.244.7.0/24', { a: '2' }))
      assert.equal(await works(`apply -f ${file}`, binary), 'node/node-7 configured\n')
      assert.equal(await works('label node node-7 b=c', binary), 'node/node-7 labeled\n')
      assert.deepEqual(api.find('Node', 'node-7')?.metadata.labels, { a: '2', b: 'c' })
      assert.equal(await works('delete node node-7', binary), 'node "node-7" deleted\n')
    })
})
