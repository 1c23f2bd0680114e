/** How late the speaker's timers are while the Kubernetes thread reads a long list. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { watchObjects } from '../../lib/kube/watch.ts'
import type { Lateness, Row } from './row.ts'
import { measureLateness } from './timer-lateness.ts'

const NODES = 5000

/** Reads all nodes once; how many there were. */
async function readNodes(kubeconfig: string): Promise<number> {
  const { promise: synced, resolve } = Promise.withResolvers<void>()
  const request = { kubeconfig, resources: [{ path: '/api/v1/nodes', project: 'node' as const }] }
  const watch = watchObjects(request, event => {
    if (event.type === 'synced') resolve()
  })
  await synced
  const { size } = watch.objects(0)
  await watch.close()
  return size
}

export const latenessRows: readonly Row[] = [
  {
    name: 'lateness',
    title: 'the Kubernetes thread reads a list of 5,000 nodes; timers of the speaker beside those of a bare thread',
    unit: 'node',
    count: NODES,
    async prepare() {
      const folder = mkdtempSync(join(tmpdir(), 'podpeer-bench-'))
      const kubeconfig = join(folder, 'kubeconfig')
      const server = fork(join(import.meta.dirname, 'node-list.ts'), [kubeconfig])
      await once(server, 'message')
      const bare = new Worker(new URL('./bare-thread.ts', import.meta.url))
      await once(bare, 'online')
      const figures: Record<string, Lateness> = {}
      let nodes = 0
      return {
        async run() {
          const end = measureLateness()
          nodes = await readNodes(kubeconfig)
          figures['speaker'] = end()
          bare.postMessage('end')
          const [bareFigures] = (await once(bare, 'message')) as [Lateness]
          figures['bare'] = bareFigures
        },
        check: () => nodes === NODES,
        lateness: () => figures,
        async close() {
          await bare.terminate()
          server.disconnect()
          rmSync(folder, { recursive: true })
        },
      }
    },
  },
]
