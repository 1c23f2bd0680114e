/** For tests: a stand-in that listens on loopback, and somebody to ask it. */
import { parse } from 'yaml'
import type { KubeApi, Listener } from './api.ts'
import { Asker } from './comparison/asker.ts'

export async function listenAndAsk(api: KubeApi): Promise<{ asker: Asker; listener: Listener }> {
  const listener = await api.listen({ host: '127.0.0.1' })
  const { clusters, users } = parse(api.kubeconfig(listener.url))
  const ca = Buffer.from(clusters[0].cluster['certificate-authority-data'], 'base64').toString()
  const { token } = users[0].user
  const forget = async () => api.faults.expireHistory()
  return { asker: new Asker({ url: listener.url, ca, token, minor: 32, forget }), listener }
}
