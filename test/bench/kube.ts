/** The API stand-in under the load of later benchmarks: it must not be what they wait for. CPU and memory are its own. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Prepared, Row } from './row.ts'

const NODES = 5000
const PODS = 20_000
const WATCHERS = 50
const CHANGES = 1000
const PAGE = 500

interface Cluster {
  readonly child: ChildProcess
  readonly url: string
  readonly ca: Buffer
  readonly headers: Readonly<Record<string, string>>
}

async function startCluster(): Promise<Cluster> {
  const child = fork(join(import.meta.dirname, 'kube-server.ts'), [String(NODES), String(PODS)])
  const [{ url, kubeconfig }] = (await once(child, 'message')) as [{ url: string; kubeconfig: string }]
  const { clusters, users } = parse(kubeconfig)
  const ca = Buffer.from(clusters[0].cluster['certificate-authority-data'], 'base64')
  return { child, url, ca, headers: { authorization: `Bearer ${users[0].user.token}` } }
}

async function stop({ child }: Cluster): Promise<void> {
  child.disconnect()
  await once(child, 'exit')
}

interface List {
  readonly items: readonly unknown[]
  readonly metadata: { readonly continue?: string }
}

async function readPage({ url, ca, headers }: Cluster, agent: Agent, path: string): Promise<List> {
  const [response] = await once(request(url + path, { agent, ca, headers }).end(), 'response')
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString()) as List
}

async function countList(cluster: Cluster, agent: Agent, path: string): Promise<number> {
  let count = 0
  for (let token: string | undefined = ''; token !== undefined; ) {
    const { items, metadata } = await readPage(cluster, agent, `${path}?limit=${PAGE}&continue=${token}`)
    count += items.length
    token = metadata.continue
  }
  return count
}

async function prepareList(): Promise<Prepared> {
  const cluster = await startCluster()
  const agent = new Agent({ keepAlive: true })
  let count = 0
  return {
    subjects: [cluster.child.pid!],
    run: async () => {
      count += await countList(cluster, agent, '/api/v1/nodes')
      count += await countList(cluster, agent, '/api/v1/pods')
    },
    check: () => count === NODES + PODS,
    close: async () => {
      agent.destroy()
      await stop(cluster)
    },
  }
}

async function prepareWatch(): Promise<Prepared> {
  const cluster = await startCluster()
  const { url, ca, headers } = cluster
  const path = '/api/v1/pods?watch=1&resourceVersion='
  const agent = new Agent({ keepAlive: true })
  const { metadata } = (await readPage(cluster, agent, '/api/v1/pods?limit=1')) as unknown as {
    metadata: { resourceVersion: string }
  }
  agent.destroy()
  let heard = 0
  let onAll = () => {}
  const watches = Array.from({ length: WATCHERS }, async () => {
    const asked = request(url + path + metadata.resourceVersion, { agent: false, ca, headers }).end()
    const [response] = await once(asked, 'response')
    response.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) heard++
      if (heard >= WATCHERS * CHANGES) onAll()
    })
    response.on('error', () => {})
    return asked
  })
  const asked = await Promise.all(watches)
  return {
    subjects: [cluster.child.pid!],
    run: () =>
      new Promise<void>(resolve => {
        onAll = resolve
        cluster.child.send(CHANGES)
      }),
    check: () => heard === WATCHERS * CHANGES,
    close: async () => {
      for (const one of asked) one.destroy()
      await stop(cluster)
    },
  }
}

export const kubeRows: readonly Row[] = [
  {
    name: 'kube-list',
    title: `API stand-in: ${NODES} nodes and ${PODS} pods listed in pages of ${PAGE}`,
    dut: 'API stand-in',
    unit: 'object',
    count: NODES + PODS,
    prepare: prepareList,
  },
  {
    name: 'kube-watch',
    title: `API stand-in: ${CHANGES} of ${PODS} pods change before ${WATCHERS} watchers`,
    dut: 'API stand-in',
    unit: 'event',
    count: WATCHERS * CHANGES,
    prepare: prepareWatch,
  },
]
