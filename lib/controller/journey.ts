/** Reads of a device what decides about packets to one pod, and has it judged. Writes nothing. */
import type { Address } from '../base/ip.ts'
import type { Journey } from '../base/journey.ts'
import { parsePrefix } from '../base/prefix.ts'
import type { Access } from '../bigip/access.ts'
import { JOURNEY_KINDS, judgeDevice } from '../bigip/journey.ts'
import type { Desire } from '../bigip/mode/desire.ts'
import type { NeighborState } from '../bigip/routing/neighbor-state.ts'
import type { ClusterNetwork } from '../cni/network.ts'

export interface JourneyRequest {
  /** `BIGIP/UNIT` */
  readonly name: string
  readonly pod: Address
  readonly access: Access
  readonly desire: Desire
  readonly network: ClusterNetwork
  /** Full paths of the tunnels that may be there. */
  readonly tunnels: readonly string[]
  /** How addresses of the device's route domain end in rows. */
  readonly domain: string
  readonly neighbors: readonly NeighborState[]
}

/** @throws DeviceFault */
export async function deviceJourneys({
  access,
  network,
  tunnels,
  ...rest
}: JourneyRequest): Promise<readonly Journey[]> {
  const objects = (await Promise.all(JOURNEY_KINDS.map(kind => access.read(kind)))).flat()
  const there = objects.filter(({ kind, name }) => kind === 'tunnel' && tunnels.includes(name))
  const records = await Promise.all(there.map(({ name }) => access.read('FDB record', name)))
  return judgeDevice({ ...rest, node: nodeOf(network, rest.pod), actual: [...objects, ...records.flat()] })
}

function nodeOf({ nodes }: ClusterNetwork, pod: Address): ClusterNetwork['nodes'][number] | undefined {
  return nodes.find(({ podCIDRs }) => podCIDRs.some(({ prefix }) => parsePrefix(prefix).contains(pod)))
}
