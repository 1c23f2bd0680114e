/** How the rows of one device are reached: by REST, and the BGP of a legacy device by imish. */
import type { Access } from '../bigip/access.ts'
import type { BigIpClient } from '../bigip/client.ts'
import type { Identity } from '../bigip/ownership.ts'
import type { RoutingApi } from '../bigip/routing/choice.ts'
import type { NeighborState } from '../bigip/routing/neighbor-state.ts'

export interface AccessOptions {
  readonly identity: Identity
  /** Number. */
  readonly routeDomain: number
}

export function deviceAccess(_client: BigIpClient, _api: RoutingApi | undefined, _options: AccessOptions): Access {
  throw new Error('not yet')
}

export async function neighborsOf(_client: BigIpClient, _options: AccessOptions): Promise<readonly NeighborState[]> {
  throw new Error('not yet')
}
