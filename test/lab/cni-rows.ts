/**
 * THE LAB'S, not podpeer's: what a CNI keeps in the kernel of a node for the other nodes and for BIG-IP, from the objects in
 * the API. Pure. flanneld: for each Node one neighbour, one FDB row and one route (host-gw: the route alone). Cilium: its
 * tunnel and VTEP maps imitated with the same kinds of rows, and proxy entries that answer ARP for its pods. Calico: routes.
 */
import { parsePrefix } from '../../lib/base/prefix.ts'
import type { KubeObject } from '../../lib/kube/object.ts'
import type { LabCni } from './lab-mode.ts'
import { FAMILIES, type FamilyName, type LabNode, type PerFamily } from './topology.ts'

export const OVERLAY_DEVICES: PerFamily = { ipv4: 'flannel.1', ipv6: 'flannel-v6.1' }
export const CILIUM_DEVICE = 'cilium_vxlan'

export type PlayedRow =
  | { readonly kind: 'neighbor'; readonly device: string; readonly address: string; readonly mac: string }
  | { readonly kind: 'proxy'; readonly device: string; readonly address: string }
  | { readonly kind: 'FDB row'; readonly device: string; readonly mac: string; readonly endpoint: string }
  | { readonly kind: 'route'; readonly device: string; readonly prefix: string; readonly via: string }

export interface CniView {
  /** All Nodes, the dummy one too. */
  readonly nodes: readonly KubeObject[]
  readonly ciliumConfig: KubeObject | undefined
}

/** What the CNI's daemon on `own` holds. */
export function cniRows(cni: LabCni, own: LabNode, view: CniView, macOf: (address: string) => string): PlayedRow[] {
  const others = view.nodes.filter(({ metadata }) => metadata.name !== own.name)
  switch (cni) {
    case 'flannel-vxlan':
      return others.flatMap(flannelRows)
    case 'flannel-host-gw':
    case 'calico':
      return others.flatMap(routes)
    case 'cilium':
      return [
        ...others.flatMap(node => ciliumPeer(node, macOf)),
        ...vteps(view.ciliumConfig),
        ...own.pods.map(({ address }) => ({ kind: 'proxy', device: CILIUM_DEVICE, address: address.ipv4 }) as const),
      ]
    case 'none':
      return []
  }
}

function flannelRows(node: KubeObject): PlayedRow[] {
  const { annotations = {} } = node.metadata
  const text = (key: string) => annotations[`flannel.alpha.coreos.com/${key}`]
  return FAMILIES.flatMap(family => {
    const [data, endpoint] =
      family === 'ipv4' ? [text('backend-data'), text('public-ip')] : [text('backend-v6-data'), text('public-ipv6')]
    const subnet = podCIDR(node, family)
    if (data === undefined || endpoint === undefined || subnet === undefined) return []
    return overlayRows(OVERLAY_DEVICES[family], subnet, JSON.parse(data).VtepMAC, endpoint)
  })
}

/** In flannel's order. The gateway is the network address of the subnet. */
function overlayRows(device: string, subnet: string, mac: string, endpoint: string): PlayedRow[] {
  const via = parsePrefix(subnet).address.toString()
  return [
    { kind: 'neighbor', device, address: via, mac },
    { kind: 'FDB row', device, mac, endpoint },
    { kind: 'route', device, prefix: subnet, via },
  ]
}

function routes(node: KubeObject): PlayedRow[] {
  return FAMILIES.flatMap(family => {
    const [prefix, via] = [podCIDR(node, family), internalIP(node, family)]
    return prefix === undefined || via === undefined ? [] : [{ kind: 'route', device: 'eth0', prefix, via }]
  })
}

function ciliumPeer(node: KubeObject, macOf: (address: string) => string): PlayedRow[] {
  const [prefix, endpoint] = [podCIDR(node, 'ipv4'), internalIP(node, 'ipv4')]
  if (prefix === undefined || endpoint === undefined) return []
  return overlayRows(CILIUM_DEVICE, prefix, macOf(endpoint), endpoint)
}

/** The VTEP map: parallel lists in cilium-config. */
function vteps(config: KubeObject | undefined): PlayedRow[] {
  const data = (config?.['data'] ?? {}) as Readonly<Record<string, string>>
  if (data['enable-vtep'] !== 'true') return []
  const words = (key: string) => (data[key] ?? '').split(/\s+/).filter(Boolean)
  const [cidrs, macs] = [words('vtep-cidr'), words('vtep-mac')]
  return words('vtep-endpoint').flatMap((endpoint, at) =>
    overlayRows(CILIUM_DEVICE, parsePrefix(cidrs[at]!).toString(), macs[at]!, endpoint),
  )
}

function podCIDR(node: KubeObject, family: FamilyName): string | undefined {
  const { podCIDRs = [] } = (node['spec'] ?? {}) as { readonly podCIDRs?: readonly string[] }
  return podCIDRs.find(cidr => cidr.includes(':') === (family === 'ipv6'))
}

function internalIP(node: KubeObject, family: FamilyName): string | undefined {
  const { addresses = [] } = (node['status'] ?? {}) as {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[]
  }
  return addresses.find(({ type, address }) => type === 'InternalIP' && address.includes(':') === (family === 'ipv6'))
    ?.address
}
