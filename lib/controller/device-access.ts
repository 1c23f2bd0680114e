/** How the rows of one device are reached: by REST, and the BGP of a legacy device by imish. */
import { type Access, splitAccess } from '../bigip/access.ts'
import type { BigIpClient } from '../bigip/client.ts'
import type { DeviceFacts } from '../bigip/facts.ts'
import type { Identity } from '../bigip/ownership.ts'
import type { BigIpSpec } from '../bigip/resource.ts'
import { RestAccess } from '../bigip/rest-access.ts'
import { RouteDomains } from '../bigip/route-domains.ts'
import type { RoutingApi } from '../bigip/routing/choice.ts'
import { IMISH_KINDS, ImishAccess } from '../bigip/routing/imish-access.ts'

export interface AccessOptions {
  readonly client: BigIpClient
  readonly facts: Pick<DeviceFacts, 'partitions' | 'routeDomains'>
  readonly identity: Identity
  readonly spec: Pick<BigIpSpec, 'routeDomain'>
}

/** @param api how the device keeps its BGP; undefined: it is not asked for it */
export function deviceAccess(options: AccessOptions, api: RoutingApi | undefined): Access {
  const { client, facts, identity } = options
  const rest = new RestAccess(client, new RouteDomains(identity.partition, facts.partitions))
  return api === 'imish' ? splitAccess(rest, imishOf(options), IMISH_KINDS) : rest
}

/** The shell of the device's BGP, which shows sessions whichever way they are configured. */
export function imishOf({ client, facts, identity, spec }: AccessOptions): ImishAccess {
  const id = spec.routeDomain ?? facts.partitions.get(identity.partition) ?? 0
  const path = facts.routeDomains.find(one => one.id === id)?.path ?? `/Common/${id}`
  return new ImishAccess({ client, identity, routeDomain: { id, path } })
}
