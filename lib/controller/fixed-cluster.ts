/** A cluster that a program knows by itself, said in a few words: names, addresses, prefixes. */
import { parseAddress } from '../base/ip.ts'
import { parsePrefix } from '../base/prefix.ts'
import type { ClusterNetwork, NodeNetwork, PodNetwork } from '../cni/network.ts'
import type { ClusterSource } from './cluster-source.ts'

export interface FixedNode {
  readonly name: string
  /** Where the device reaches it: `10.1.10.11`, at most one of each family. */
  readonly addresses: readonly string[]
  /** Of its pods: `10.244.1.0/24`. */
  readonly podCIDRs: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
  readonly asNumber?: number
  /** Of its overlay, for modes with a tunnel. */
  readonly vteps?: readonly { readonly endpoint: string; readonly mac: string }[]
}

/** What else is known of it may be said as in a `ClusterNetwork`. */
export interface FixedCluster extends Partial<Omit<ClusterNetwork, 'nodes'>> {
  readonly nodes: readonly FixedNode[]
  readonly pods?: readonly PodNetwork[]
}

/** A cluster that the program may say anew while a controller follows it. */
export interface FixedClusterSource extends ClusterSource {
  /**
   * All nodes, or all pods, from now on; of what is absent, those of before stay.
   * @throws InputFault for an address or prefix that is none: then nothing is replaced
   */
  replace(content: Pick<Partial<FixedCluster>, 'nodes' | 'pods'>): void
}

/** @throws InputFault for an address or prefix that is none */
export function fixedCluster({ nodes, pods = [], ...said }: FixedCluster): FixedClusterSource {
  const others = {
    cni: 'unknown',
    detectedFrom: 'said by the program',
    clusterCIDRs: [],
    nodeLengths: {},
    exclusions: [],
    standIns: [],
    ...said,
  } satisfies Omit<ClusterNetwork, 'nodes'>
  let network: ClusterNetwork = { ...others, nodes: nodeNetworks(nodes) }
  let podsNow = pods
  const followers: (() => void)[] = []
  return {
    replace: content => {
      if (content.nodes !== undefined) network = { ...others, nodes: nodeNetworks(content.nodes) }
      if (content.pods !== undefined) podsNow = content.pods
      for (const changed of followers) changed()
    },
    start: changed => {
      followers.push(changed)
    },
    network: () => network,
    pods: () => podsNow,
    needPods: () => {},
    synced: true,
    trouble: undefined,
    close: async () => {
      followers.length = 0
    },
  }
}

function nodeNetworks(nodes: readonly FixedNode[]): NodeNetwork[] {
  return nodes.map(nodeNetwork).sort((one, other) => (one.name < other.name ? -1 : 1))
}

function nodeNetwork({ name, addresses, podCIDRs, labels = {}, asNumber, vteps = [] }: FixedNode): NodeNetwork {
  const where = `node ${name}`
  return {
    name,
    uid: name,
    ready: true,
    labels,
    addresses: addresses.map(text => {
      const address = parseAddress(text, where)
      return { family: address.family, address: address.toString() }
    }),
    podCIDRs: podCIDRs.map(text => {
      const prefix = parsePrefix(text, where)
      return { family: prefix.family, prefix: prefix.toString() }
    }),
    vteps: vteps.map(({ endpoint, mac }) => {
      const address = parseAddress(endpoint, where)
      return { family: address.family, mac, endpoint: address.toString() }
    }),
    lacks: [],
    ...(asNumber !== undefined && { asNumber }),
  }
}
