/** For tests of the engine: a BIG-IP stand-in, and devices that reconcile it through the real client. */
import type { TestContext } from 'node:test'
import { BigIpClient } from '../../../lib/bigip/client.ts'
import { Device, type DeviceEvent, type DeviceOptions, type Wanted } from '../../../lib/bigip/device.ts'
import type { Identity } from '../../../lib/bigip/ownership.ts'
import { RestAccess } from '../../../lib/bigip/rest-access.ts'
import { RouteDomains } from '../../../lib/bigip/route-domains.ts'
import type { Kind } from '../../../lib/bigip/row.ts'
import { BigIp, type BigIpOptions } from '../../bigip/big-ip.ts'

/** Kinds of dynamic routing, which the stand-in has not by default. */
const ROUTING: readonly Kind[] = ['prefix list', 'route map', 'BGP', 'BGP peer group', 'BGP neighbor']

export const c1: Identity = { clusterId: 'c1', partition: 'Common' }

export async function startBigIp(context: TestContext, options: BigIpOptions = {}): Promise<BigIp> {
  const bigIp = await BigIp.start(options)
  context.after(() => bigIp.close())
  return bigIp
}

export interface Reconciled {
  readonly device: Device
  readonly events: DeviceEvent[]
  /** Whether this controller may write. */
  leads: boolean
}

/** A device as a controller that has just started has it. */
export function reconcile(
  context: TestContext,
  bigIp: BigIp,
  options: Partial<DeviceOptions> & { readonly partitions?: ReadonlyMap<string, number> } = {},
): Reconciled {
  const { partitions = new Map(), ...others } = options
  const client = new BigIpClient({
    url: bigIp.url,
    credentials: async () => bigIp.credentials,
    tls: { ca: bigIp.ca },
    deadline: 60_000,
  })
  const events: DeviceEvent[] = []
  const reconciled: Reconciled = {
    leads: true,
    events,
    device: new Device({
      name: 'bigip-a',
      access: new RestAccess(client, new RouteDomains((others.identity ?? c1).partition, partitions)),
      identity: c1,
      lead: () => reconciled.leads,
      onEvent: event => events.push(event),
      ...others,
    }),
  }
  context.after(async () => {
    await reconciled.device.close()
    await client.close()
  })
  return reconciled
}

/** All of it is known, and the device has no dynamic routing. */
export function wanted(rows: Wanted['rows'], more: Partial<Wanted> = {}): Wanted {
  return { rows, expectations: [], synced: true, unavailable: ROUTING, ...more }
}
