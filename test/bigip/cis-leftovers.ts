/**
 * What CIS or CIS-C, and the person who prepared the device for it, leave there: names, partitions and forms, for tests of
 * taking over.
 */
import type { JsonObject } from '../kube/json.ts'
import type { BigIp } from './big-ip.ts'

export interface CisNode {
  readonly name: string
  /** InternalIP, the endpoint of its FDB record and the gateway of its route. */
  readonly address: string
  readonly vtepMac: string
  readonly podCIDR: string
}

export interface CisCluster {
  readonly nodes: readonly CisNode[]
  readonly pods: readonly { readonly address: string; readonly node: string }[]
}

const TUNNEL = '~Common~fl-tunnel'

/** `fl-vxlan`, `fl-tunnel` and its self IP, as the guides have a person make them. */
export async function prepareFlannelByHand(device: BigIp, localAddress: string, selfIp: string): Promise<void> {
  await made(device, '/tm/net/tunnels/vxlan', {
    name: 'fl-vxlan',
    defaultsFrom: '/Common/vxlan',
    floodingType: 'none',
    port: 8472,
  })
  await made(device, '/tm/net/tunnels/tunnel', { name: 'fl-tunnel', profile: '/Common/fl-vxlan', key: 1, localAddress })
  await made(device, '/tm/net/self', {
    name: 'fl-vxlan-selfip',
    address: selfIp,
    vlan: '/Common/fl-tunnel',
    allowService: 'all',
  })
}

/** CIS with `--flannel-name=fl-tunnel`: records by MAC address, `k8s-<pod>` in the partition of the tunnel. */
export async function leaveCis(device: BigIp, { nodes, pods }: CisCluster): Promise<void> {
  await made(device, '/tm/auth/partition', { name: 'kubernetes' })
  await leaveRecords(device, nodes)
  for (const { address, node } of pods)
    await made(device, '/tm/net/arp', { name: `k8s-${address}`, ipAddress: address, macAddress: macOf(nodes, node) })
}

/** CIS with `--static-routing-mode=true`. @param identifier of this CIS, which it writes into descriptions */
export async function leaveCisRoutes(device: BigIp, nodes: readonly CisNode[], identifier: string): Promise<void> {
  await made(device, '/tm/auth/partition', { name: 'kubernetes' })
  for (const { name, address, podCIDR } of nodes)
    await made(device, '/tm/net/route', {
      ...{ name: `k8s-${name}-${address}`, partition: 'kubernetes', description: identifier },
      ...{ network: podCIDR, gw: address },
    })
}

/** CIS-C: ARP and NDP entries in a partition of its own, its state in data-groups. */
export async function leaveCisC(device: BigIp, { nodes, pods }: CisCluster): Promise<void> {
  await made(device, '/tm/sys/folder', { name: 'cis-c-tenant', partition: '/' })
  await leaveRecords(device, nodes)
  for (const { address, node } of pods)
    await made(device, address.includes(':') ? '/tm/net/ndp' : '/tm/net/arp', {
      ...{ name: `k8s-${address}`, partition: 'cis-c-tenant' },
      ...{ ipAddress: address, macAddress: macOf(nodes, node) },
    })
  await made(device, '/tm/ltm/data-group/internal', {
    ...{ name: 'f5_kic_cfgs_cis-c-tenant', type: 'string' },
    records: [{ name: '0', data: Buffer.from('{}').toString('base64') }],
  })
}

async function leaveRecords(device: BigIp, nodes: readonly CisNode[]): Promise<void> {
  const records = nodes.map(({ vtepMac, address }) => ({ name: vtepMac, endpoint: address }))
  await took(device.hand('PUT', `/tm/net/fdb/tunnel/${TUNNEL}`, { records }))
}

function macOf(nodes: readonly CisNode[], name: string): string {
  const node = nodes.find(one => one.name === name)
  if (node === undefined) throw new Error(`there is no node ${name}`)
  return node.vtepMac
}

async function made(device: BigIp, path: string, body: JsonObject): Promise<void> {
  await took(device.hand('POST', path, body))
}

async function took(answer: ReturnType<BigIp['hand']>): Promise<void> {
  const { status, body } = await answer
  if (status !== 200) throw new Error(`the device refuses: ${JSON.stringify(body)}`)
}
