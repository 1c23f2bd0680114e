/**
 * The API stand-in of the benchmark, a process of its own: a cluster of some size. Sends where it listens; a number sent to it
 * is how many pods to change.
 */
import { KubeApi } from '../kube/api.ts'

const [nodes = 0, pods = 0] = process.argv.slice(2).map(Number)
const api = new KubeApi()

function node(number: number) {
  const name = `node-${number}`
  return {
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', zone: `z${number % 3}` } },
    spec: { podCIDR: `10.${number >> 8}.${number & 255}.0/24` },
    status: {
      addresses: [
        { type: 'InternalIP', address: `172.16.${number >> 8}.${number & 255}` },
        { type: 'Hostname', address: name },
      ],
      conditions: ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'].map(type => ({
        type,
        status: type === 'Ready' ? 'True' : 'False',
        lastHeartbeatTime: '2026-01-01T00:00:00Z',
        lastTransitionTime: '2026-01-01T00:00:00Z',
        reason: `Kubelet${type}`,
        message: 'as it should be',
      })),
      nodeInfo: { kubeletVersion: 'v1.32.0', osImage: 'Debian GNU/Linux 12', kernelVersion: '6.1.0' },
    },
  }
}

function pod(number: number, round: number) {
  return {
    kind: 'Pod',
    metadata: {
      name: `pod-${number}`,
      namespace: 'default',
      labels: { app: `app-${number % 100}` },
      annotations: { round: String(round) },
    },
    spec: {
      nodeName: `node-${number % nodes}`,
      containers: [{ name: 'main', image: 'registry.example/app:1', ports: [{ containerPort: 8080 }] }],
    },
    status: {
      phase: 'Running',
      podIP: `10.${(number % nodes) >> 8}.${(number % nodes) & 255}.${2 + Math.floor(number / nodes)}`,
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  }
}

for (let number = 0; number < nodes; number++) api.put(node(number))
for (let number = 0; number < pods; number++) api.put(pod(number, 0))
const { url } = await api.listen({ host: '127.0.0.1' })
process.send?.({ url, kubeconfig: api.kubeconfig(url) })

let round = 0
process.on('message', (changes: number) => {
  round++
  for (let number = 0; number < changes; number++) api.put(pod(number, round))
})
process.on('disconnect', () => process.exit())
