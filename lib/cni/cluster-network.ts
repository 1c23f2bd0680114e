/**
 * The cluster's pod network from its objects: detects the CNI, lets it say what each node has, leaves out what stands in
 * for a BIG-IP and what two nodes both claim. Pure; a node whose objects are the same values as before costs a look-up.
 */
import { Memo } from '../base/memo.ts'
import type { Exclusion } from '../bigip/finding.ts'
import type { KubeObject, NodeView } from '../kube/object.ts'
import { type Block, blocksByNode, calicoNetwork, readCalicoNode } from './calico.ts'
import { ciliumConfig, ciliumNetwork, readCiliumNode } from './cilium.ts'
import { settleClaims } from './claims.ts'
import type { ClusterObjects } from './cluster-objects.ts'
import { type CniNetwork, NOTHING_SAID } from './cni.ts'
import { detectCni } from './detection.ts'
import { flannelNetwork, isStandIn, readFlannelNode } from './flannel.ts'
import type { ClusterNetwork, CniName, NodeNetwork } from './network.ts'
import { NodeReading } from './node-reading.ts'
import { readOvnNode } from './ovn-kubernetes.ts'
import { readKubeRouterNode, readPodCidrNode, readUnderlayNode } from './pod-cidr.ts'

/** What is read of a node follows from the Node, its CNI, and one value beside: its CiliumNode, or its blocks. */
const networks = new Memo<NodeView, NodeNetwork>()
const blocks = new Memo<KubeObject, readonly Block[]>()

/**
 * Never throws for what objects hold: what cannot be read is a lack of that node, with a reason.
 * @param cni what a person said it is, where it cannot be told from the objects
 */
export function clusterNetwork(objects: ClusterObjects, cni?: CniName): ClusterNetwork {
  const all = [...objects.nodes].sort(byName)
  const evidence = {
    nodes: all.filter(node => !isStandIn(node)),
    blockAffinities: [...objects.blockAffinities],
    ipPools: [...objects.ipPools],
    ciliumNodes: [...objects.ciliumNodes],
    configMaps: [...objects.configMaps],
  }
  const standIns = all.filter(isStandIn)
  const detected = cni === undefined ? detectCni(evidence) : { cni, detectedFrom: 'said in the configuration' }
  const { network, reader } = SPOKEN[detected.cni](evidence)
  const made = new Map<NodeNetwork, string>()
  for (const node of evidence.nodes) made.set(reader(node), node.creationTimestamp ?? '')
  const { nodes, exclusions } = settleClaims([...made.keys()], node => made.get(node)!)
  return {
    ...detected,
    ...network,
    nodes,
    exclusions: [...standIns.map(standInExclusion), ...exclusions],
    standIns: standIns.map(readStandIn),
  }
}

type Evidence = Parameters<typeof detectCni>[0]

interface Spoken {
  readonly network: CniNetwork
  reader(node: NodeView): NodeNetwork
}

/** Reads a node, or finds what was read of it. `beside` is what else is read, and must be the same value while it is the same. */
function reading(
  cni: CniName,
  read: (reading: NodeReading, beside: unknown) => void,
  besideOf: (node: NodeView) => unknown = () => undefined,
): Spoken['reader'] {
  return node => {
    const beside = besideOf(node)
    return networks.of(node, [cni, beside], () => {
      const piece = new NodeReading(node)
      read(piece, beside)
      return piece.done()
    })
  }
}

const SPOKEN: { readonly [C in CniName]: (evidence: Evidence) => Spoken } = {
  flannel: ({ configMaps, nodes }) => ({
    network: flannelNetwork(configMaps, nodes),
    reader: reading('flannel', readFlannelNode),
  }),
  calico: ({ ipPools, blockAffinities }) => {
    const byNode = blockAffinities.length === 0 ? undefined : settledBlocks(blockAffinities)
    return {
      network: calicoNetwork(ipPools),
      reader: reading(
        'calico',
        (piece, own) => readCalicoNode(piece, own as readonly Block[] | undefined),
        ({ name }) => byNode && (byNode.get(name) ?? NO_BLOCKS),
      ),
    }
  },
  cilium: ({ configMaps, ciliumNodes }) => {
    const network = ciliumNetwork(ciliumConfig(configMaps))
    const byName = new Map(ciliumNodes.map(object => [object.metadata.name, object]))
    return {
      network,
      reader:
        network.backend === 'underlay'
          ? reading('aws-cni', readUnderlayNode)
          : reading(
              'cilium',
              (piece, object) => readCiliumNode(piece, object as KubeObject | undefined),
              ({ name }) => byName.get(name),
            ),
    }
  },
  'ovn-kubernetes': () => ({ network: NOTHING_SAID, reader: reading('ovn-kubernetes', readOvnNode) }),
  'aws-cni': () => ({ network: NOTHING_SAID, reader: reading('aws-cni', readUnderlayNode) }),
  antrea: () => ({ network: NOTHING_SAID, reader: reading('antrea', readPodCidrNode) }),
  'kube-router': () => ({ network: NOTHING_SAID, reader: reading('kube-router', readKubeRouterNode) }),
  unknown: () => ({ network: NOTHING_SAID, reader: reading('unknown', readPodCidrNode) }),
}

const NO_BLOCKS: readonly Block[] = []

/** Kept by the first affinity: a list that says the same as before must be the same value. */
function settledBlocks(affinities: readonly KubeObject[]): Map<string, readonly Block[]> {
  const byNode = blocksByNode(affinities)
  const byObject = new Map(affinities.map(object => [object.metadata.name, object]))
  for (const [node, list] of byNode) {
    const objects = list.map(({ name }) => byObject.get(name)!)
    byNode.set(
      node,
      blocks.of(objects[0]!, [...objects, ...list.map(({ lostTo }) => lostTo)], () => list),
    )
  }
  return byNode
}

function readStandIn(node: NodeView): ClusterNetwork['standIns'][number] {
  const piece = new NodeReading(node)
  readFlannelNode(piece)
  const { name, addresses, podCIDRs } = piece.done()
  return {
    name,
    endpoints: addresses.map(({ address }) => address),
    podCIDRs: podCIDRs.map(({ prefix }) => prefix),
  }
}

function standInExclusion({ name }: NodeView): Exclusion {
  return {
    kind: 'Node',
    name,
    reason: 'StandsForBigIP',
    message: `Node ${name} has annotations of flannel and no kubelet: it stands for a BIG-IP and is no peer of one; podpeer's agents need no such Node`,
  }
}

function byName(one: NodeView, other: NodeView): number {
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0
}
