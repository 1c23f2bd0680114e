/**
 * Calico: blocks of addresses by node (BlockAffinity), the pools they come from (IPPool), and what calico-node writes as
 * annotations of its Node. An affinity counts from `confirmed` until it is marked for deletion (kubernetes-bgp: Calico's state
 * machine); of two that claim one block the older counts, and the other node is told.
 */
import { InputFault } from '../base/failure.ts'
import { parsePrefix } from '../base/prefix.ts'
import type { KubeObject } from '../kube/object.ts'
import type { CniNetwork } from './cni.ts'
import { type NodeReading, readPrefixes } from './node-reading.ts'

interface BlockAffinity extends KubeObject {
  readonly spec?: {
    readonly cidr?: string
    readonly node?: string
    /** `host` where absent. */
    readonly type?: string
    /** Absent in old objects, which are all confirmed. */
    readonly state?: string
    readonly deleted?: string | boolean
  }
}

interface IPPool extends KubeObject {
  readonly spec?: {
    readonly cidr?: string
    readonly ipipMode?: string
    readonly vxlanMode?: string
    readonly disabled?: boolean
    readonly allowedUses?: readonly string[]
  }
}

/** A block that counts, or that another affinity has. */
export interface Block {
  readonly name: string
  readonly cidr: string
  /** The node whose older affinity has this block. */
  readonly lostTo?: string
}

export function calicoNetwork(ipPools: readonly KubeObject[]): CniNetwork {
  const pools = (ipPools as readonly IPPool[]).filter(
    ({ spec = {} }) => !spec.disabled && (spec.allowedUses?.includes('Workload') ?? true),
  )
  const uses = (mode: 'vxlanMode' | 'ipipMode'): boolean =>
    pools.some(({ spec = {} }) => (spec[mode] ?? 'Never') !== 'Never')
  return {
    backend: uses('vxlanMode') ? 'vxlan' : uses('ipipMode') ? 'ipip' : 'bgp',
    clusterCIDRs: readPrefixes(pools.map(({ spec }) => spec?.cidr)),
    nodeLengths: {},
  }
}

/** By node. A node's list is the same value as long as its affinities are. */
export function blocksByNode(affinities: readonly KubeObject[]): Map<string, readonly Block[]> {
  const byBlock = new Map<string, BlockAffinity>()
  const lost: { readonly affinity: BlockAffinity; readonly to: string }[] = []
  for (const affinity of (affinities as readonly BlockAffinity[]).filter(counts)) {
    const block = canonical(affinity.spec!.cidr!)
    const other = byBlock.get(block)
    const [winner, loser] = other === undefined || older(affinity, other) ? [affinity, other] : [other, affinity]
    byBlock.set(block, winner)
    if (loser !== undefined && loser.spec!.node !== winner.spec!.node)
      lost.push({ affinity: loser, to: winner.spec!.node! })
  }
  const byNode = new Map<string, Block[]>()
  const add = ({ metadata, spec }: BlockAffinity, more: Pick<Block, 'lostTo'>): void => {
    const blocks = byNode.get(spec!.node!) ?? []
    byNode.set(spec!.node!, blocks)
    blocks.push({ name: metadata.name, cidr: spec!.cidr!, ...more })
  }
  for (const affinity of byBlock.values()) add(affinity, {})
  for (const { affinity, to } of lost) add(affinity, { lostTo: to })
  for (const blocks of byNode.values()) blocks.sort((one, other) => (one.name < other.name ? -1 : 1))
  return byNode
}

/** @param blocks undefined where the cluster has no block at all, and Calico keeps to the pod CIDRs (host-local IPAM) */
export function readCalicoNode(reading: NodeReading, blocks: readonly Block[] | undefined): void {
  const { name, annotations } = reading.node
  for (const family of [4, 6] as const) {
    const annotation = `projectcalico.org/IPv${family}Address`
    reading.address(annotations[annotation], `annotation ${annotation}`, family)
  }
  reading.nodeAddresses()
  reading.asNumberFrom('projectcalico.org/ASNumber')
  if (blocks === undefined) {
    reading.nodePodCIDRs()
    return
  }
  for (const block of blocks)
    if (block.lostTo === undefined) reading.podCIDR(block.cidr, `BlockAffinity ${block.name}`, block.name)
    else
      reading.lack(
        'podCIDR',
        'DuplicateBlock',
        `Node ${block.lostTo} has block ${block.cidr} by an older BlockAffinity than ${block.name}: delete the one that is wrong`,
      )
  if (blocks.length === 0)
    reading.lack('podCIDR', 'NoBlock', `Calico has given Node ${name} no block yet: it has no pod with an address`)
}

function counts({ spec = {} }: BlockAffinity): boolean {
  const { cidr, node, type = 'host', state = 'confirmed', deleted } = spec
  if (!cidr || !node || type !== 'host') return false
  return (state === 'confirmed' || state === '') && String(deleted ?? false) !== 'true'
}

function older(one: BlockAffinity, other: BlockAffinity): boolean {
  const [a, b] = [one.metadata.creationTimestamp ?? '', other.metadata.creationTimestamp ?? '']
  return a === b ? one.metadata.name < other.metadata.name : a < b
}

function canonical(cidr: string): string {
  try {
    return parsePrefix(cidr).toString()
  } catch (thrown) {
    if (thrown instanceof InputFault) return cidr
    throw thrown
  }
}
