import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { until } from '../until.ts'
import { KubeApi } from './api.ts'
import { Kubectl, minors, skip } from './kubectl.ts'

for (const { minor, path } of minors.filter(one => one.minor >= 29))
  test(`kubectl 1.${minor} labels, annotates, cordons, taints, edits, selects and watches nodes`, {
    skip,
  }, async context => {
    const api = new KubeApi({})
    const { url } = await api.listen({ host: '127.0.0.1' })
    const kubectl = new Kubectl()
    kubectl.configure(api.kubeconfig(url))
    context.after(() => api.close())
    for (const name of ['node-1', 'node-2']) api.put({ apiVersion: 'v1', kind: 'Node', metadata: { name } })
    const works = async (line: string, extra: Record<string, string> = {}) => {
      const { code, out, err } = await kubectl.run(line, { binary: path, extra })
      assert.equal(code, 0, `${line}: ${err}`)
      return out
    }
    await works('label node node-1 rack=a')
    await works('annotate node node-1 podpeer.io/as-number=65010')
    await works('cordon node-1')
    await works('taint node node-1 a=b:NoSchedule')
    await works('label node node-2 rack=before')
    await works('edit node node-2', { EDITOR: 'sed -i s/before/after/' })
    const { metadata, spec } = api.find('Node', 'node-1')!
    assert.deepEqual(metadata.labels, { rack: 'a' })
    assert.deepEqual(metadata.annotations, { 'podpeer.io/as-number': '65010' })
    assert.deepEqual(spec, { unschedulable: true, taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }] })
    assert.deepEqual(api.find('Node', 'node-2')!.metadata.labels, { rack: 'after' })
    assert.equal(await works('get nodes -l rack=after -o name'), 'node/node-2\n')
    assert.equal(await works('get nodes --field-selector metadata.name=node-1 -o name'), 'node/node-1\n')

    const watch = spawn(path, ['get', 'nodes', '-w', '--no-headers'], { env: kubectl.environment() })
    context.after(() => watch.kill())
    let seen = ''
    watch.stdout.on('data', chunk => {
      seen += chunk
    })
    await until('the list is there', () => seen.includes('node-2'))
    await works('uncordon node-1')
    await until('the change is seen', () => /node-1\s+\S+\s[\s\S]*node-1/.test(seen))
  })
