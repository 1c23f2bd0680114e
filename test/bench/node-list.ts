/** A process of its own for the lateness row: an API server with 5,000 nodes as large as real ones. Its kubeconfig is `argv[2]`. */
import { writeFileSync } from 'node:fs'
import { KubeApi } from '../kube/api.ts'

const NODES = 5000
/** Of the list of images, which is most of a real Node. */
const IMAGES = 30

const api = new KubeApi()
const { url } = await api.listen({ host: '127.0.0.1' })
for (let number = 0; number < NODES; number++)
  api.put({
    kind: 'Node',
    metadata: { name: `node-${number}`, labels: { 'kubernetes.io/hostname': `node-${number}` } },
    spec: { podCIDRs: [`10.${number >> 8}.${number & 255}.0/24`] },
    status: {
      addresses: [{ type: 'InternalIP', address: `192.0.${number >> 8}.${number & 255}` }],
      conditions: [{ type: 'Ready', status: 'True' }],
      images: Array.from({ length: IMAGES }, (_, image) => ({
        names: [`registry.example/project-${image}/image@sha256:${'0'.repeat(64)}`, `registry.example/image:v${image}`],
        sizeBytes: 1e8 + image,
      })),
    },
  })
writeFileSync(process.argv[2]!, api.kubeconfig(url), { mode: 0o600 })
process.send?.('ready')
process.once('disconnect', () => process.exit())
