/**
 * What CNIs leave in the Kubernetes API, as the lab's clusters have it: annotations of Nodes, ConfigMaps, objects of their own
 * with the definitions of their kinds. Pure. Written as the versions of today write them, so that the CNI is detected as in
 * a cluster.
 */
import type { KubeObject } from '../../lib/kube/object.ts'
import { FLANNEL_SHARE, type LabCni } from './lab-mode.ts'
import { FAMILIES, type LabNode, type PerFamily, SURROUNDINGS } from './topology.ts'

const FLANNEL = 'flannel.alpha.coreos.com'
export const FLANNEL_VXLAN = { vni: 1, port: 8472 }
/** VNI 2 is the identity "world". */
export const CILIUM_VXLAN = { vni: 2, port: 8472 }
export const DUMMY_NODE = 'bigip1'

/** Of a node's overlay device, as the lab makes it. */
export function nodeMac({ address }: Pick<LabNode, 'address'>, family: keyof PerFamily): string {
  const last = Number(address.ipv4.split('.').at(-1))
  return `02:00:${family === 'ipv4' ? '04' : '06'}:00:00:${last.toString(16).padStart(2, '0')}`
}

export function nodeMacs(node: Pick<LabNode, 'address'>): PerFamily {
  return { ipv4: nodeMac(node, 'ipv4'), ipv6: nodeMac(node, 'ipv6') }
}

/** What a CNI writes on its node. */
export function cniAnnotations(cni: LabCni, node: LabNode): Readonly<Record<string, string>> {
  switch (cni) {
    case 'flannel-vxlan':
      return flannelAnnotations(node.address, nodeMacs(node))
    case 'flannel-host-gw':
      return {
        [`${FLANNEL}/backend-type`]: 'host-gw',
        [`${FLANNEL}/backend-data`]: 'null',
        [`${FLANNEL}/kube-subnet-manager`]: 'true',
        [`${FLANNEL}/public-ip`]: node.address.ipv4,
        [`${FLANNEL}/public-ipv6`]: node.address.ipv6,
      }
    case 'calico':
      return {
        'projectcalico.org/IPv4Address': `${node.address.ipv4}/24`,
        'projectcalico.org/IPv6Address': `${node.address.ipv6}/64`,
      }
    default:
      return {}
  }
}

/** @param mac of the node's devices */
export function flannelAnnotations(address: PerFamily, mac: PerFamily): Readonly<Record<string, string>> {
  const data = (family: keyof PerFamily) => JSON.stringify({ VNI: FLANNEL_VXLAN.vni, VtepMAC: mac[family] })
  return {
    [`${FLANNEL}/backend-type`]: 'vxlan',
    [`${FLANNEL}/backend-data`]: data('ipv4'),
    [`${FLANNEL}/backend-v6-data`]: data('ipv6'),
    [`${FLANNEL}/kube-subnet-manager`]: 'true',
    [`${FLANNEL}/public-ip`]: address.ipv4,
    [`${FLANNEL}/public-ipv6`]: address.ipv6,
  }
}

/** The Node that the guides have a person make, so that flanneld reaches BIG-IP. */
export function dummyNode(address: PerFamily, mac: PerFamily): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: DUMMY_NODE, annotations: flannelAnnotations(address, mac) },
    spec: { podCIDR: FLANNEL_SHARE.ipv4, podCIDRs: FAMILIES.map(family => FLANNEL_SHARE[family]) },
  }
}

/** What a CNI has in the API for the whole cluster. */
export function cniObjects(cni: LabCni): KubeObject[] {
  switch (cni) {
    case 'flannel-vxlan':
    case 'flannel-host-gw':
      return [namespace('kube-flannel'), flannelConfig(cni === 'flannel-vxlan' ? 'vxlan' : 'host-gw')]
    case 'cilium':
      return [definition('cilium.io', 'v2', 'CiliumNode', 'ciliumnodes'), ciliumConfig({})]
    case 'calico':
      return [
        definition('crd.projectcalico.org', 'v1', 'BlockAffinity', 'blockaffinities'),
        definition('crd.projectcalico.org', 'v1', 'IPPool', 'ippools'),
        ...FAMILIES.map(family => ipPool(family)),
      ]
    case 'none':
      return []
  }
}

/** What goes with a node beside its Node object. */
export function cniNodeObjects(cni: LabCni, node: LabNode): KubeObject[] {
  if (cni === 'cilium') return [ciliumNode(node)]
  return cni === 'calico' ? blockAffinities(node) : []
}

function flannelConfig(type: string): KubeObject {
  const netConf = {
    Network: SURROUNDINGS.podRange.ipv4,
    EnableIPv6: true,
    IPv6Network: SURROUNDINGS.podRange.ipv6,
    Backend: { Type: type },
  }
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'kube-flannel-cfg', namespace: 'kube-flannel', labels: { app: 'flannel' } },
    data: { 'net-conf.json': JSON.stringify(netConf, null, 2) },
  }
}

/** @param vtep what a person adds for BIG-IP: `vtep-endpoint` and so on */
export function ciliumConfig(vtep: Readonly<Record<string, string>>): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'cilium-config', namespace: 'kube-system' },
    data: {
      'routing-mode': 'tunnel',
      'tunnel-protocol': 'vxlan',
      ipam: 'cluster-pool',
      'cluster-pool-ipv4-cidr': SURROUNDINGS.podRange.ipv4,
      'cluster-pool-ipv4-mask-size': '24',
      'enable-ipv4': 'true',
      ...vtep,
    },
  }
}

function ciliumNode(node: LabNode): KubeObject {
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNode',
    metadata: { name: node.name },
    spec: {
      addresses: [{ type: 'InternalIP', ip: node.address.ipv4 }],
      ipam: { podCIDRs: [node.podCIDRs.ipv4] },
    },
  }
}

function ipPool(family: keyof PerFamily): KubeObject {
  return {
    apiVersion: 'crd.projectcalico.org/v1',
    kind: 'IPPool',
    metadata: { name: `default-${family}-ippool` },
    spec: { cidr: SURROUNDINGS.podRange[family], ipipMode: 'Never', vxlanMode: 'Never' },
  }
}

function blockAffinities(node: LabNode): KubeObject[] {
  return FAMILIES.map(family => ({
    apiVersion: 'crd.projectcalico.org/v1',
    kind: 'BlockAffinity',
    metadata: { name: `${node.name}-${node.podCIDRs[family].replaceAll(/[^\w]+/g, '-')}` },
    spec: { node: node.name, cidr: node.podCIDRs[family], state: 'confirmed', deleted: 'false' },
  }))
}

function namespace(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, status: { phase: 'Active' } }
}

/** Of a kind whose fields are its CNI's business. */
function definition(group: string, version: string, kind: string, plural: string): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Cluster',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  }
}
