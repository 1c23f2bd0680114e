/**
 * The Kubernetes thread: runs the list-watches of one request and posts what they say in small batches, for a long message
 * is work for both threads at once. Knows no speaker and no agent.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { ListWatch } from './list-watch.ts'
import { type KubeObject, projections } from './object.ts'
import type { AddedResource, ThreadMessage, View, WatchedResource, WatchRequest } from './watch.ts'

/** Objects of one message. */
const BATCH = 100

const { kubeconfig, resources } = workerData as WatchRequest
const port = parentPort!

function watch(
  { path, fieldSelector, labelSelector, optional, project = 'whole' }: WatchedResource,
  resource: number,
): void {
  const post = (message: ThreadMessage) => port.postMessage(message)
  const projection: (object: KubeObject) => View = projections[project]
  const options = { kubeconfig, path, fieldSelector, labelSelector, optional, project: projection }
  new ListWatch(options, news => {
    if (news.type !== 'changes') return post({ ...news, resource })
    for (let at = 0; at < news.changes.length; at += BATCH) {
      const objects = news.changes
        .slice(at, at + BATCH)
        .map(change => [change.key, change.type === 'deleted' ? undefined : change.object] as const)
      post({ type: 'objects', resource, objects })
    }
  }).start()
}

resources.forEach(watch)
port.on('message', ({ resource, index }: AddedResource) => watch(resource, index))
