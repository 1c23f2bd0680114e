/**
 * flannel with its Kubernetes subnet manager: what each flanneld writes as annotations of its Node, and net-conf.json of the
 * ConfigMap `kube-flannel-cfg`. Where both families are on there is one VXLAN device for each, with MAC and address of its own.
 */
import type { Family } from '../base/ip.ts'
import type { KubeObject, NodeView } from '../kube/object.ts'
import type { CniNetwork, ConfigMapObject } from './cni.ts'
import { type NodeReading, parseJson, parseMac, quoted, readLength, readPrefixes } from './node-reading.ts'

const PREFIX = 'flannel.alpha.coreos.com'
const KEYS = {
  4: { overwrite: 'public-ip-overwrite', address: 'public-ip', data: 'backend-data' },
  6: { overwrite: 'public-ipv6-overwrite', address: 'public-ipv6', data: 'backend-v6-data' },
} as const
/** Those of flannel where net-conf.json says nothing. */
const DEFAULTS = { vni: 1, port: 8472 }

export function hasFlannelAnnotations({ annotations }: NodeView): boolean {
  return annotations[`${PREFIX}/backend-type`] !== undefined || annotations[`${PREFIX}/public-ip`] !== undefined
}

/**
 * A Node that no kubelet stands behind, made so that flannel reaches a BIG-IP: it names a VTEP and has no address.
 * (The guides call it `bigip1`.)
 */
export function isStandIn(node: NodeView): boolean {
  return node.addresses.length === 0 && hasFlannelAnnotations(node)
}

export function flannelNetwork(configMaps: readonly KubeObject[], nodes: readonly NodeView[]): CniNetwork {
  const configMap = configMaps.find(({ metadata }) => metadata.name === 'kube-flannel-cfg') as
    | ConfigMapObject
    | undefined
  const netConf = parseJson(configMap?.data?.['net-conf.json'] ?? '') ?? {}
  const { Network, IPv6Network, EnableIPv4 = true, EnableIPv6 = false, SubnetLen, IPv6SubnetLen } = netConf
  const backend = (typeof netConf['Backend'] === 'object' ? netConf['Backend'] : undefined) as
    | { readonly Type?: unknown; readonly VNI?: unknown; readonly Port?: unknown; readonly MTU?: unknown }
    | undefined
  // net-conf.json says what a flanneld that starts now will do; the annotations what those that run do
  const running = nodes.map(({ annotations }) => annotations[`${PREFIX}/backend-type`]).find(type => type !== undefined)
  const type = running ?? (typeof backend?.Type === 'string' ? backend.Type : undefined)
  const clusterCIDRs = readPrefixes([...(EnableIPv4 ? [Network] : []), ...(EnableIPv6 ? [IPv6Network] : [])])
  const mtu = Number(backend?.MTU ?? 0)
  const lengths = { 4: readLength(SubnetLen, 4), 6: readLength(IPv6SubnetLen, 6) }
  return {
    ...(type === undefined ? {} : { backend: type }),
    clusterCIDRs,
    ...(type === 'vxlan'
      ? {
          vxlan: {
            vni: Number(backend?.VNI ?? DEFAULTS.vni),
            port: Number(backend?.Port || DEFAULTS.port),
            ...(mtu > 0 ? { mtu } : {}),
          },
        }
      : {}),
    nodeLengths: {
      ...(lengths[4] === undefined ? {} : { 4: lengths[4] }),
      ...(lengths[6] === undefined ? {} : { 6: lengths[6] }),
    },
  }
}

export function readFlannelNode(reading: NodeReading): void {
  const { annotations } = reading.node
  for (const family of [4, 6] as const) {
    const { overwrite, address } = KEYS[family]
    for (const key of [overwrite, address])
      if (reading.address(annotations[`${PREFIX}/${key}`], `annotation ${PREFIX}/${key}`, family)) break
  }
  reading.nodeAddresses()
  reading.nodePodCIDRs()
  if (annotations[`${PREFIX}/backend-type`] === 'vxlan') for (const family of [4, 6] as const) readVtep(reading, family)
}

function readVtep(reading: NodeReading, family: Family): void {
  const { name, annotations } = reading.node
  const annotation = `${PREFIX}/${KEYS[family].data}`
  if (annotations[annotation] === undefined || annotations[annotation] === 'null') return
  const data = reading.json(annotation, 'vtep', family)
  if (data === undefined) return
  const mac = parseMac(data['VtepMAC'])
  if (mac === undefined) {
    const found = quoted(String(data['VtepMAC'] ?? ''))
    reading.lack('vtep', 'BadVtepMAC', `annotation ${annotation} of Node ${name} has no MAC address: ${found}`, family)
    return
  }
  const endpoint = reading.addresses.find(address => address.family === family)
  if (endpoint === undefined)
    reading.lack('vtep', 'NoVtepAddress', `Node ${name} has no IPv${family} address for its VTEP ${mac}`, family)
  else reading.vteps.push({ family, mac, endpoint: endpoint.address })
}
