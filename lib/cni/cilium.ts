/**
 * Cilium: `cilium-config`, a CiliumNode for each node, and annotations that some versions write on Nodes instead. With IPAM by
 * a cloud (eni, azure, alibabacloud) pods have addresses of the underlay, and a Node's pod CIDR means nothing.
 */
import { InputFault } from '../base/failure.ts'
import { parseAddress } from '../base/ip.ts'
import { Prefix } from '../base/prefix.ts'
import type { KubeObject } from '../kube/object.ts'
import { type CniNetwork, type ConfigMapObject, NOTHING_SAID } from './cni.ts'
import type { CiliumVtep } from './network.ts'
import { type NodeReading, parseMac, readLength, readPrefixes } from './node-reading.ts'

const CLOUD_IPAM = new Set(['eni', 'azure', 'alibabacloud'])
/** Of `cilium-config` where it says nothing; VNI 2 is the identity "world", the only one that Cilium takes from a VTEP. */
const DEFAULTS = { port: 8472, vni: 2, length: { 4: 24, 6: 120 } } as const
const POD_CIDR_ANNOTATIONS = {
  4: ['network.cilium.io/ipv4-pod-cidr', 'io.cilium.network.ipv4-pod-cidr'],
  6: ['network.cilium.io/ipv6-pod-cidr', 'io.cilium.network.ipv6-pod-cidr'],
} as const

interface CiliumNode extends KubeObject {
  readonly spec?: {
    readonly addresses?: readonly { readonly type?: string; readonly ip?: string }[]
    readonly ipam?: {
      readonly podCIDRs?: readonly string[]
      readonly pools?: { readonly allocated?: readonly { readonly cidrs?: readonly string[] }[] }
    }
  }
}

export function ciliumConfig(configMaps: readonly KubeObject[]): Readonly<Record<string, string>> | undefined {
  const configMap = configMaps.find(({ metadata }) => metadata.name === 'cilium-config') as ConfigMapObject | undefined
  return configMap === undefined ? undefined : (configMap.data ?? {})
}

/** The plugin that Cilium is chained to and that gives addresses and routes in its stead. */
export function chainedTo(config: Readonly<Record<string, string>> | undefined): string | undefined {
  const mode = config?.['cni-chaining-mode'] ?? 'none'
  return mode === 'none' || mode === 'portmap' || mode === '' ? undefined : mode
}

export function ciliumNetwork(config: Readonly<Record<string, string>> | undefined): CniNetwork {
  if (config === undefined) return NOTHING_SAID
  const backend = backendOf(config)
  const cidrs = readPrefixes(['cluster-pool-ipv4-cidr', 'cluster-pool-ipv6-cidr'].flatMap(key => words(config[key])))
  const routed = readPrefixes(
    ['ipv4-native-routing-cidr', 'native-routing-cidr', 'ipv6-native-routing-cidr'].flatMap(key => words(config[key])),
  )
  const pool = config['ipam'] === 'cluster-pool' || config['ipam'] === undefined
  const mtu = Number(config['mtu'] ?? 0)
  return {
    ...(backend === undefined ? {} : { backend }),
    clusterCIDRs: cidrs.length > 0 ? cidrs : routed,
    ...(backend === 'vxlan'
      ? {
          vxlan: {
            vni: DEFAULTS.vni,
            port: Number(config['tunnel-port']) || DEFAULTS.port,
            ...(mtu > 0 ? { mtu } : {}),
          },
        }
      : {}),
    nodeLengths: pool
      ? {
          4: readLength(config['cluster-pool-ipv4-mask-size'], 4) ?? DEFAULTS.length[4],
          6: readLength(config['cluster-pool-ipv6-mask-size'], 6) ?? DEFAULTS.length[6],
        }
      : {},
    ...(config['enable-vtep'] === 'true' ? { ciliumVteps: vtepsOf(config) } : {}),
  }
}

export function readCiliumNode(reading: NodeReading, object: KubeObject | undefined): void {
  const { node } = reading
  const { addresses = [], ipam = {} } = (object as CiliumNode | undefined)?.spec ?? {}
  for (const { type, ip } of addresses)
    if (type === 'InternalIP') reading.address(ip, `InternalIP of CiliumNode ${node.name}`)
  reading.nodeAddresses()
  const cidrs = [...(ipam.podCIDRs ?? []), ...(ipam.pools?.allocated ?? []).flatMap(pool => pool.cidrs ?? [])]
  for (const cidr of cidrs) reading.podCIDR(cidr, `CiliumNode ${node.name}`)
  if (reading.podCIDRs.length === 0)
    for (const annotation of Object.values(POD_CIDR_ANNOTATIONS).flat())
      reading.podCIDR(node.annotations[annotation], `annotation ${annotation}`)
  if (reading.podCIDRs.length === 0) reading.nodePodCIDRs()
}

/** What `podpeer bigip vtep-values` compares: parallel lists, by position; entries that cannot be read are left out. */
function vtepsOf(config: Readonly<Record<string, string>>): CiliumVtep[] {
  const [endpoints, cidrs, masks, macs] = ['vtep-endpoint', 'vtep-cidr', 'vtep-mask', 'vtep-mac'].map(key =>
    words(config[key]),
  )
  return endpoints!.flatMap((endpoint, at) => {
    const cidr = vtepCidr(cidrs![at] ?? '', masks![0])
    const mac = parseMac(macs![at])
    return cidr === undefined || mac === undefined ? [] : [{ endpoint, cidr, mac }]
  })
}

/** Cilium writes the length into `vtep-cidr`; older ones only tell it by `vtep-mask`. */
function vtepCidr(cidr: string, mask: string | undefined): string | undefined {
  try {
    const [address = '', length] = cidr.split('/')
    const bits = length === undefined ? maskLength(mask ?? '') : Number(length)
    return bits === undefined ? undefined : new Prefix(parseAddress(address).bytes, bits).toString()
  } catch (thrown) {
    if (thrown instanceof InputFault || thrown instanceof RangeError) return undefined
    throw thrown
  }
}

function maskLength(mask: string): number | undefined {
  const bits = parseAddress(mask).bytes.reduce((text, octet) => text + octet.toString(2).padStart(8, '0'), '')
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined
}

function backendOf(config: Readonly<Record<string, string>>): string | undefined {
  if (CLOUD_IPAM.has(config['ipam'] ?? '')) return 'underlay'
  const { tunnel } = config
  if (config['routing-mode'] === 'native' || tunnel === 'disabled') return 'native'
  if (config['routing-mode'] === 'tunnel') return config['tunnel-protocol'] || 'vxlan'
  return tunnel || config['tunnel-protocol'] || undefined
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/[\s,]+/).filter(Boolean)
}
