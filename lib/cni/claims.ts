/**
 * What two nodes both claim: an address, a MAC address, a pod CIDR. A device can know each only once, so one node has it: the
 * older Node, then the lower name, whatever the order in which they were heard of.
 */
import type { Exclusion } from '../bigip/finding.ts'
import type { NodeNetwork } from './network.ts'

/** A node and when its Node object was made, RFC 3339. */
export interface Claimant {
  readonly network: NodeNetwork
  readonly since: string
}

interface Claim {
  readonly reason: string
  readonly what: string
  of(node: NodeNetwork): readonly string[]
}

const NO_CLAIM: readonly string[] = []

const CLAIMS: readonly Claim[] = [
  { reason: 'DuplicateAddress', what: 'the address', of: ({ addresses }) => addresses.map(({ address }) => address) },
  {
    reason: 'DuplicateVtepMAC',
    what: 'the VTEP MAC address',
    of: ({ vteps }) => (vteps.length === 0 ? NO_CLAIM : vteps.map(({ family, mac }) => `${mac} (IPv${family})`)),
  },
  { reason: 'DuplicatePodCIDR', what: 'the pod CIDR', of: ({ podCIDRs }) => podCIDRs.map(({ prefix }) => prefix) },
]

/** Those that keep all they claim, in their order, and an exclusion for each other. */
export function settleClaims(claimants: readonly Claimant[]): { nodes: NodeNetwork[]; exclusions: Exclusion[] } {
  const lost = new Map<Claimant, Exclusion>()
  for (const { reason, what, of } of CLAIMS) {
    const holders = new Map<string, Claimant>()
    for (const claimant of claimants)
      for (const value of of(claimant.network)) {
        const holder = holders.get(value)
        if (holder === undefined || holder === claimant) {
          holders.set(value, claimant)
          continue
        }
        const [winner, loser] = older(claimant, holder) ? [claimant, holder] : [holder, claimant]
        holders.set(value, winner)
        if (!lost.has(loser))
          lost.set(loser, {
            kind: 'Node',
            name: loser.network.name,
            reason,
            message: `Node ${winner.network.name}, which is older, has ${what} ${value} as well: correct one of the two`,
          })
      }
  }
  if (lost.size === 0) return { nodes: claimants.map(({ network }) => network), exclusions: [] }
  return {
    nodes: claimants.filter(claimant => !lost.has(claimant)).map(({ network }) => network),
    exclusions: [...lost.values()],
  }
}

function older(one: Claimant, other: Claimant): boolean {
  return one.since === other.since ? one.network.name < other.network.name : one.since < other.since
}
