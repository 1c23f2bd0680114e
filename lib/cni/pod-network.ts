/** Pods with addresses of their own, from what the API says of them. Pure; a pod that is the same value as before costs a look-up. */
import { InputFault } from '../base/failure.ts'
import { parseAddress } from '../base/ip.ts'
import { Memo } from '../base/memo.ts'
import type { PodView } from '../kube/object.ts'
import type { ClusterPods } from './cluster-objects.ts'
import type { PodNetwork } from './network.ts'

const networks = new Memo<PodView, PodNetwork | undefined>()

/**
 * Without pods on the host's network, without a node or addresses, and that have ended. An address that two have, while one is
 * being deleted and the other takes it over, is the younger's.
 */
export function podNetworks(pods: ClusterPods): PodNetwork[] {
  const holders = new Map<string, PodView>()
  let shared = false
  const found: { readonly view: PodView; readonly network: PodNetwork }[] = []
  for (const view of pods) {
    const network = networks.of(view, [], () => podNetwork(view))
    if (network === undefined) continue
    found.push({ view, network })
    for (const address of network.addresses) {
      const holder = holders.get(address)
      shared ||= holder !== undefined
      if (holder === undefined || younger(view, holder)) holders.set(address, view)
    }
  }
  if (!shared) return found.map(({ network }) => network)
  return found.flatMap(({ view, network }) => {
    const addresses = network.addresses.filter(address => holders.get(address) === view)
    if (addresses.length === network.addresses.length) return [network]
    return addresses.length === 0 ? [] : [{ ...network, addresses }]
  })
}

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
