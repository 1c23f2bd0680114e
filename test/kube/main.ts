/** Serves the Kubernetes API stand-in alone, on loopback, for a person with kubectl: `node test/kube/main.ts [PORT]`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KubeApi } from './api.ts'

const api = new KubeApi()
const { url } = await api.listen({ host: '127.0.0.1', port: Number(process.argv[2] ?? 0) })
for (const number of [1, 2])
  api.put({
    kind: 'Node',
    metadata: { name: `node-${number}`, labels: { 'kubernetes.io/hostname': `node-${number}` } },
    spec: { podCIDRs: [`10.244.${number}.0/24`, `fd00:244:${number}::/64`] },
    status: {
      addresses: [{ type: 'InternalIP', address: `192.0.2.${number}` }],
      conditions: [{ type: 'Ready', status: 'True' }],
      nodeInfo: { kubeletVersion: 'v1.32.0' },
    },
  })

const folder = mkdtempSync(join(tmpdir(), 'podpeer-kube-'))
const kubeconfig = join(folder, 'kubeconfig')
writeFileSync(kubeconfig, api.kubeconfig(url), { mode: 0o600 })
console.log(`The Kubernetes API stand-in listens on ${url}. In another shell:

  export KUBECONFIG=${kubeconfig} KUBECACHEDIR=${join(folder, 'cache')}
  kubectl get nodes -o wide

Ctrl-C ends it; its objects are gone then.`)

const end = async () => {
  await api.close()
  rmSync(folder, { recursive: true, force: true })
}
process.once('SIGINT', end)
process.once('SIGTERM', end)
