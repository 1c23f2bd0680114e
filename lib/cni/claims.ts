/**
 * What two nodes both claim: an address, a MAC address, a pod CIDR. A device can know each only once, so one node has it: the
 * older Node, then the lower name, whatever the order in which they were heard of.
 */
import { ClaimIndex } from '../base/claim-index.ts'
import type { Exclusion } from '../bigip/finding.ts'
import type { NodeNetwork } from './network.ts'

interface Kind {
  readonly reason: string
  readonly what: string
  of(node: NodeNetwork): readonly string[]
}

const KINDS: readonly Kind[] = [
  { reason: 'DuplicateAddress', what: 'the address', of: ({ addresses }) => addresses.map(({ address }) => address) },
  {
    reason: 'DuplicateVtepMAC',
    what: 'the VTEP MAC address',
    of: ({ vteps }) => vteps.map(({ family, mac }) => `${mac} (IPv${family})`),
  },
  { reason: 'DuplicatePodCIDR', what: 'the pod CIDR', of: ({ podCIDRs }) => podCIDRs.map(({ prefix }) => prefix) },
]

const indexes = KINDS.map(kind => ({ ...kind, index: new ClaimIndex<NodeNetwork>(kind.of) }))

/**
 * Those that keep all they claim, in their order, and an exclusion for each other.
 * @param since when the Node object was made, RFC 3339
 */
export function settleClaims(
  nodes: readonly NodeNetwork[],
  since: (node: NodeNetwork) => string,
): { nodes: readonly NodeNetwork[]; exclusions: Exclusion[] } {
  const lost = new Map<NodeNetwork, Exclusion>()
  const older = (one: NodeNetwork, other: NodeNetwork): number =>
    since(one) < since(other) || (since(one) === since(other) && one.name < other.name) ? -1 : 1
  for (const { index, reason, what } of indexes)
    for (const [value, holders] of index.contested(nodes)) {
      const [winner, ...losers] = [...holders].sort(older)
      const message = `Node ${winner!.name}, which is older, has ${what} ${value} as well: correct one of the two`
      for (const loser of losers)
        if (!lost.has(loser)) lost.set(loser, { kind: 'Node', name: loser.name, reason, message })
    }
  if (lost.size === 0) return { nodes, exclusions: [] }
  return { nodes: nodes.filter(node => !lost.has(node)), exclusions: nodes.flatMap(node => lost.get(node) ?? []) }
}
