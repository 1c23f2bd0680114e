/** A cluster of the API stand-in with the BIGIP definition, a device, and controllers between them; all end with the test. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import {
  type BigIpStatus,
  bigIpDefinition,
  Collections,
  Controller,
  KubeBigIps,
  KubeClient,
  KubeCluster,
  type KubeObject,
  KubeWriter,
} from '../../../lib/index.ts'
import { BigIp } from '../../bigip/big-ip.ts'
import { KubeApi } from '../../kube/api.ts'
import type { JsonObject } from '../../kube/json.ts'
import { until } from '../../until.ts'

const folder = mkdtempSync(join(tmpdir(), 'podpeer-controller-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
let stages = 0

/** So that a test need not wait as long as a cluster would; long enough for a machine that is busy with other things. */
const TERMS = { duration: 8000, margin: 1000, renew: 400, retry: 200 }

/** Looks again and again, for at most two minutes, at what takes a question to know. */
export async function eventually<T>(look: () => Promise<T>, expected: T): Promise<void> {
  for (const deadline = Date.now() + 120_000; ; await new Promise(resolve => setTimeout(resolve, 20)))
    try {
      return assert.deepEqual(await look(), expected)
    } catch (difference) {
      if (Date.now() > deadline) throw difference
    }
}

/** Calls that may have changed something, once they are answered; without saves, which come some time after what they save. */
export function writesOf({ calls }: BigIp): number {
  return calls.writes - calls.count('POST /tm/sys/config')
}

export class Stage {
  readonly kubeconfig = join(folder, `kubeconfig-${stages++}`)
  readonly api = new KubeApi()
  /** The first, or the only one. */
  readonly device: BigIp
  readonly #context: TestContext
  #identities = 0

  private constructor(context: TestContext, device: BigIp) {
    this.#context = context
    this.device = device
  }

  /** With the Secret of the guides and its CA, and nodes of flannel. @param devices that have one password; absent: one alone */
  static async open(
    context: TestContext,
    { nodes = 2, devices }: { readonly nodes?: number; readonly devices?: readonly BigIp[] } = {},
  ): Promise<Stage> {
    const all = devices ?? [await BigIp.start()]
    const stage = new Stage(context, all[0]!)
    const { api, device } = stage
    const { url } = await api.listen({ host: '127.0.0.1' })
    writeFileSync(stage.kubeconfig, api.kubeconfig(url))
    context.after(async () => {
      await Promise.all([api.close(), ...all.map(one => one.close())])
    })
    api.put(bigIpDefinition() as unknown as KubeObject)
    api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'podpeer' } })
    stage.putSecret(device.credentials.password)
    api.put({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'bigip-ca', namespace: 'podpeer' },
      data: { 'ca.crt': Buffer.from(all.map(({ ca }) => ca).join('\n')).toString('base64') },
    })
    api.put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kube-flannel-cfg', namespace: 'kube-flannel' },
      data: { 'net-conf.json': '{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"}}' },
    })
    for (let number = 1; number <= nodes; number++) stage.putNode(number)
    return stage
  }

  /** @param url of the device that it leads to */
  putSecret(password: string, url = this.device.url): void {
    const { username } = this.device.credentials
    const data = Object.entries({ url, username, password }).map(([key, text]) => [
      key,
      Buffer.from(text).toString('base64'),
    ])
    this.api.put({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'bigip-login', namespace: 'podpeer' },
      data: Object.fromEntries(data),
    })
  }

  putNode(number: number, annotations: Record<string, string> = vtep(number)): void {
    this.api.put({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: `node-${number}`, annotations },
      spec: { podCIDR: `10.244.${number}.0/24`, podCIDRs: [`10.244.${number}.0/24`] },
      status: {
        addresses: [{ type: 'InternalIP', address: `10.1.10.${number}` }],
        conditions: [{ type: 'Ready', status: 'True' }],
        nodeInfo: { kubeletVersion: 'v1.32.0' },
      },
    })
  }

  putPod(name: string, node: number, address: string): void {
    this.api.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: { nodeName: `node-${node}`, containers: [{ name: 'main', image: 'main' }] },
      status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }] },
    })
  }

  putBigIp(spec: object = {}, metadata: object = {}): void {
    this.api.put({
      apiVersion: 'podpeer.io/v1alpha1',
      kind: 'BIGIP',
      metadata: { name: 'bigip', ...this.api.find('BIGIP', 'bigip')?.metadata, ...metadata },
      spec: {
        units: [{ name: 'bigip-a', tunnel: { selfIPs: ['10.244.255.1/16'] } }],
        tls: { caSecret: 'bigip-ca' },
        ...spec,
      },
      status: this.api.find('BIGIP', 'bigip')?.['status'] ?? {},
    })
  }

  /** As a user deletes it: finalizers hold it. */
  async deleteBigIp(name = 'bigip'): Promise<void> {
    const client = new KubeClient(this.kubeconfig)
    await client.request({ method: 'DELETE', path: `/apis/podpeer.io/v1alpha1/bigips/${name}` })
    await client.close()
  }

  /** @param election false: the only one there is */
  controller({ election = false } = {}): Controller {
    const collections = new Collections(this.kubeconfig)
    const client = new KubeClient(this.kubeconfig)
    const controller = new Controller({
      bigIps: new KubeBigIps(collections),
      cluster: new KubeCluster(collections),
      kube: { writer: new KubeWriter(client), namespace: 'podpeer' },
      ...(election && {
        election: { name: 'podpeer-controller', identity: `controller-${++this.#identities}`, terms: TERMS },
      }),
    })
    this.#context.after(async () => {
      await controller.close()
      await Promise.all([collections.close(), client.close()])
    })
    return controller
  }

  get status(): BigIpStatus {
    return (this.api.find('BIGIP', 'bigip')?.['status'] ?? {}) as BigIpStatus
  }

  /** `True`, `False …` with reason and message; empty: not told. */
  condition(type: string): string {
    const found = this.status.conditions?.find(one => one.type === type)
    if (found === undefined) return ''
    return found.status === 'True' ? 'True' : `${found.status} ${found.reason}: ${found.message}`
  }

  ready(): Promise<void> {
    return until('it is ready', () => this.condition('Ready') === 'True')
  }

  /** ARP entries of pods, without those of nodes. */
  async podEntries(): Promise<JsonObject[]> {
    return (await this.device.list('/tm/net/arp')).filter(({ ipAddress }) => !String(ipAddress).endsWith('.0'))
  }

  /** MAC address → VTEP, of all tunnels of podpeer. */
  async records(device = this.device): Promise<Record<string, unknown>> {
    const tunnels = (await device.list('/tm/net/tunnels/tunnel')).filter(({ name }) =>
      String(name).startsWith('podpeer-'),
    )
    const rows = await Promise.all(tunnels.map(({ name }) => device.list(`/tm/net/fdb/tunnel/~Common~${name}/records`)))
    return Object.fromEntries(rows.flat().map(({ name, endpoint }) => [name, String(endpoint).replace(/%0$/, '')]))
  }
}

function vtep(number: number): Record<string, string> {
  return {
    'flannel.alpha.coreos.com/backend-type': 'vxlan',
    'flannel.alpha.coreos.com/backend-data': `{"VNI":1,"VtepMAC":"02:00:00:00:00:0${number}"}`,
    'flannel.alpha.coreos.com/public-ip': `10.1.10.${number}`,
    'flannel.alpha.coreos.com/kube-subnet-manager': 'true',
  }
}
