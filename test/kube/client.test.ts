import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ApiFault } from '../../lib/kube/api-fault.ts'
import { KubeClient } from '../../lib/kube/client.ts'
import { ListWatch } from '../../lib/kube/list-watch.ts'
import { KubeApi } from './api.ts'

const folder = mkdtempSync(join(tmpdir(), 'podpeer-client-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const kubeconfig = join(folder, 'kubeconfig')
const api = new KubeApi()
const client = new KubeClient(kubeconfig)

before(async () => {
  const { url } = await api.listen({ host: '127.0.0.1' })
  writeFileSync(kubeconfig, api.kubeconfig(url))
})
after(async () => {
  await client.close()
  await api.close()
})

const MERGE = 'application/merge-patch+json'
const path = '/api/v1/nodes'

function fault(code: string, status: number | undefined, message: RegExp) {
  return (thrown: unknown) => {
    assert.ok(thrown instanceof ApiFault)
    assert.deepEqual([thrown.code, thrown.status], [code, status])
    assert.match(thrown.message, message)
    return true
  }
}

describe('a client', () => {
  test('writes, patches and reads objects', async () => {
    await client.request({ method: 'POST', path, body: { metadata: { name: 'a' } } })
    const body = { metadata: { labels: { x: 'y' } } }
    await client.request({ method: 'PATCH', path: `${path}/a`, body, contentType: MERGE })
    const list = (await client.request({ path, query: { labelSelector: 'x=y', limit: undefined } })) as {
      items: unknown[]
    }
    assert.equal(list.items.length, 1)
    assert.deepEqual(api.find('Node', 'a')?.metadata.labels, { x: 'y' })
  })

  test('tells each refusal by code, status and the words of the server', async () => {
    await assert.rejects(
      client.request({ path: `${path}/none` }),
      fault('KUBE_NOT_FOUND', 404, /^not found: nodes "none" not found$/),
    )
    const late = { metadata: { name: 'a', resourceVersion: '1' } }
    await assert.rejects(
      client.request({ method: 'PUT', path: `${path}/a`, body: late }),
      fault('KUBE_CONFLICT', 409, /^conflict: Operation cannot be fulfilled on nodes "a"/),
    )
    api.faults.judge = () => ({ code: 429, retryAfter: 3 })
    await assert.rejects(client.request({ path }), (thrown: unknown) => {
      assert.ok(fault('KUBE_THROTTLED', 429, /^API server busy: Too many requests/)(thrown))
      return thrown instanceof ApiFault && thrown.retryAfter === 3000 && thrown.retry
    })
    api.faults.judge = () => ({ cutAfter: 20 })
    await assert.rejects(client.request({ path }), fault('KUBE_UNREACHABLE', undefined, /^API server unreachable: /))
    api.faults.judge = () => undefined
  })

  test('takes what is no JSON for nonsense, and gives up on silence', async () => {
    await assert.rejects(
      client.request({ path: '/healthz' }),
      fault('KUBE_NONSENSE', undefined, /no JSON from \/healthz$/),
    )
    api.faults.judge = () => ({ delay: 2000 })
    const silent = client.request({ path, patience: 100 })
    await assert.rejects(silent, fault('KUBE_UNREACHABLE', undefined, /Timeout/))
    api.faults.judge = () => undefined
  })

  test('names what is wrong with a kubeconfig', async () => {
    const wrong = join(folder, 'wrong')
    const cases = {
      '': /^kubeconfig unreadable: .* the input is empty in line 1$/,
      null: /^kubeconfig unreadable: it is not a kubeconfig$/,
      '{clusters: [], users: [], contexts: []}': /no current-context with a cluster$/,
      [api.kubeconfig('nowhere')]: /server "nowhere" is no URL$/,
      [api.kubeconfig('http://127.0.0.1:1')]: /HTTP protocol is not allowed/,
    }
    for (const [text, message] of Object.entries(cases)) {
      writeFileSync(wrong, text)
      await assert.rejects(new KubeClient(wrong).request({ path }), fault('KUBE_CONFIG', undefined, message))
    }
  })
})

test('a list-watch that is closed by what it told asks for nothing more', async () => {
  const asked: string[] = []
  api.faults.judge = ({ path, query }) => void asked.push(query.has('watch') ? 'watch' : path)
  await new Promise<void>(resolve => {
    const listWatch: ListWatch<string> = new ListWatch(
      { kubeconfig, path, project: ({ metadata }) => metadata.name },
      news => {
        if (news.type === 'listed') void listWatch.close().then(resolve)
      },
    )
    listWatch.start()
  })
  await client.request({ path: '/version' })
  assert.deepEqual(asked, [path, '/version'])
  api.faults.judge = () => undefined
})
