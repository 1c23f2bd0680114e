/** Pods with addresses of their own, from what the API says of them. Pure; a pod that is the same value as before costs a look-up. */
import { ClaimIndex } from '../base/claim-index.ts'
import { InputFault } from '../base/failure.ts'
import { parseAddress } from '../base/ip.ts'
import { Memo } from '../base/memo.ts'
import type { PodView } from '../kube/object.ts'
import type { ClusterPods } from './cluster-objects.ts'
import type { PodNetwork } from './network.ts'

const networks = new Memo<PodView, PodNetwork | undefined>()
const addresses = new ClaimIndex<PodView>(view => networkOf(view)?.addresses ?? [])

/**
 * Without pods on the host's network, without a node or addresses, and that have ended. An address that two have, while one is
 * being deleted and the other takes it over, is the younger's.
 */
export function podNetworks(pods: ClusterPods): PodNetwork[] {
  const views = [...pods]
  const lost = new Map<PodView, Set<string>>()
  for (const [address, holders] of addresses.contested(views)) {
    const [, ...losers] = [...holders].sort((one, other) => (younger(one, other) ? -1 : 1))
    for (const loser of losers) lost.set(loser, (lost.get(loser) ?? new Set()).add(address))
  }
  const found: PodNetwork[] = []
  for (const view of views) {
    const network = networkOf(view)
    if (network === undefined) continue
    const without = lost.get(view)
    if (without === undefined) {
      found.push(network)
      continue
    }
    const rest = network.addresses.filter(address => !without.has(address))
    if (rest.length > 0) found.push({ ...network, addresses: rest })
  }
  return found
}

let grouped: { readonly pods: readonly PodNetwork[]; readonly byNode: ReadonlyMap<string, readonly PodNetwork[]> } = {
  pods: [],
  byNode: new Map(),
}

/** By name of the node. A node's list is the same value as before as long as its pods are. */
export function podsByNode(pods: readonly PodNetwork[]): ReadonlyMap<string, readonly PodNetwork[]> {
  if (isSame(pods, grouped.pods)) return grouped.byNode
  const groups = new Map<string, PodNetwork[]>()
  for (const pod of pods) {
    const group = groups.get(pod.node)
    if (group === undefined) groups.set(pod.node, [pod])
    else group.push(pod)
  }
  const kept = new Map<string, readonly PodNetwork[]>()
  for (const [node, group] of groups) {
    const before = grouped.byNode.get(node)
    kept.set(node, before !== undefined && isSame(group, before) ? before : group)
  }
  grouped = { pods, byNode: kept }
  return kept
}

function isSame(some: readonly PodNetwork[], others: readonly PodNetwork[]): boolean {
  if (some.length !== others.length) return false
  for (let at = 0; at < some.length; at++) if (some[at] !== others[at]) return false
  return true
}

function networkOf(view: PodView): PodNetwork | undefined {
  return networks.of(view, NOTHING, () => podNetwork(view))
}

const NOTHING: readonly unknown[] = []

function podNetwork({ namespace, name, node, addresses, hostNetwork, phase }: PodView): PodNetwork | undefined {
  if (hostNetwork || node === '' || phase === 'Succeeded' || phase === 'Failed') return undefined
  const readable = addresses.flatMap(readAddress)
  return readable.length === 0 ? undefined : { namespace, name, node, addresses: readable }
}

function readAddress(text: string): string[] {
  try {
    return [parseAddress(text).toString()]
  } catch (thrown) {
    if (thrown instanceof InputFault) return []
    throw thrown
  }
}

/** One that is being deleted is the older, whenever it was made. */
function younger(one: PodView, other: PodView): boolean {
  const [ends, otherEnds] = [one.deletionTimestamp !== undefined, other.deletionTimestamp !== undefined]
  if (ends !== otherEnds) return otherEnds
  const [made, otherMade] = [one.creationTimestamp ?? '', other.creationTimestamp ?? '']
  if (made !== otherMade) return made > otherMade
  return `${one.namespace}/${one.name}` < `${other.namespace}/${other.name}`
}
