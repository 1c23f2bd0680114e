/**
 * One route for each pod CIDR of each node, by the node's address: what `static` and `flannel-host-gw` have in common. BIG-IP
 * takes only gateways on its own subnets, so a node elsewhere is left out, with the remedy.
 */
import type { NodeNetwork } from '../../cni/network.ts'
import type { Row } from '../row.ts'
import type { Answer, ModeInput } from './desire.ts'
import { leaveOut, leaveOutLacking, type NodeAnswer, nodeRows } from './node-rows.ts'
import { tunnelPaths } from './overlay.ts'
import type { Place } from './place.ts'
import { connectedSubnets, connectionFinding, notConnected } from './reach.ts'

/** Says that a node is no next hop for a family. */
const NOT_CONNECTED = 'NextHopNotConnected'

export function nodeRoutes(input: ModeInput, place: Place): Answer {
  const { network, unit } = input
  const subnets = connectedSubnets(place.selfIPs, new Set(Object.values(tunnelPaths(input))))
  const context = `routes ${place.key} ${network.cni} ${subnets.join(' ')}`
  const { rows, exclusions, served } = nodeRows(network.nodes, context, node =>
    answerOf(node, { place, subnets, calico: network.cni === 'calico' }),
  )
  const missed = exclusions.filter(({ reason }) => reason === NOT_CONNECTED).map(({ name }) => `Node ${name}`)
  return {
    rows,
    exclusions,
    served: served.length,
    findings: connectionFinding(unit.name, missed, subnets),
    // where no node can be a next hop, what another mode has set up stays
    complete: rows.length > 0 || missed.length === 0,
  }
}

interface Scene {
  readonly place: Place
  readonly subnets: ReturnType<typeof connectedSubnets>
  readonly calico: boolean
}

function answerOf(node: NodeNetwork, { place, subnets, calico }: Scene): NodeAnswer {
  const { name, addresses, podCIDRs } = node
  if (addresses.length === 0) return leaveOutLacking(node, 'address', 'NoAddress', `Node ${name} has no address`)
  if (podCIDRs.length === 0) return leaveOutLacking(node, 'podCIDR', 'NoPodCIDR', `Node ${name} has no pod CIDR`)
  const rows: Row[] = []
  const partial = node.lacks.find(({ what }) => what === 'podCIDR')
  let wrong = partial === undefined ? undefined : leaveOut(node, partial.reason, partial.message)
  podCIDRs.forEach((cidr, at) => {
    const address = addresses.find(({ family }) => family === cidr.family)?.address
    if (address === undefined) {
      const message = `Node ${name} has no IPv${cidr.family} address, and no route of the other family leads to ${cidr.prefix}`
      wrong = leaveOut(node, 'NoAddress', message)
      return
    }
    const far = notConnected(name, address, subnets)
    if (far !== undefined) wrong = leaveOut(node, NOT_CONNECTED, far)
    else rows.push(place.route(cidr.prefix, { gateway: address }, place.adoptsCis ? cisName(at) : undefined))

    /** CIS makes one for each block of Calico, and one for each node of other CNIs: its first, and IPv4 only. */
    function cisName(index: number): string | undefined {
      if (cidr.family === 6) return undefined
      if (calico && cidr.origin !== undefined) return place.cisName(cidr.origin)
      return index === podCIDRs.findIndex(({ family }) => family === 4)
        ? place.cisName(`${name}-${address}`)
        : undefined
    }
  })
  return rows.length === 0 ? { ...wrong } : { rows, ...wrong }
}
