/**
 * What breaks an overlay on a device, or on the two of a pair, before a packet goes through it: tunnels that sync, a VTEP that
 * moves, source addresses that pods cannot answer. Judges facts, makes no rows. (reference: BIG-IP high availability.)
 */
import type { Finding } from '../finding.ts'
import type { ModeInput } from './desire.ts'
import type { Place } from './place.ts'

/** Synced tunnels take the local address of one unit to the other. */
export function syncFindings({ facts, unit }: ModeInput, { paired }: Place): Finding[] {
  if (!paired || !facts.tunnelConfigSync) return []
  return [
    {
      code: 'tunnel-config-sync',
      severity: 'error',
      subject: `unit ${unit.name}`,
      cause:
        'tunnels sync to the other unit (iptunnel.configsync), which would give both the VTEP address of one: no tunnel is made or changed',
      remedy: 'on both units: tmsh modify sys db iptunnel.configsync value disable',
    },
  ]
}

/** An address that is given, or that was chosen, must be a self IP that stays or moves as the shape has it. */
export function endpointFindings({ spec, unit }: ModeInput, place: Place, endpoint: string): Finding[] {
  const floats = spec.highAvailability.shape === 'floating'
  const carrier = place.selfIPs.find(({ address }) => address.toString() === endpoint)
  const about = { severity: 'error', subject: `unit ${unit.name}` } as const
  if (carrier === undefined)
    return [
      {
        ...about,
        code: 'vtep-not-self-ip',
        cause: `the device has no self IP ${endpoint} in route domain ${place.routeDomain}, so its tunnel sends and receives nothing`,
        remedy: `tmsh create net self NAME address ${endpoint}/LENGTH vlan VLAN, or write another units[].vtep`,
      },
    ]
  if (carrier.floating === floats) return []
  return [
    {
      ...about,
      code: floats ? 'vtep-not-floating' : 'vtep-floating',
      cause: floats
        ? `${endpoint} (${carrier.path}) does not float, and highAvailability.shape is floating: it stays when the unit fails`
        : `${endpoint} (${carrier.path}) floats: each unit needs a VTEP address of its own`,
      remedy: floats
        ? 'write a floating self IP as units[].vtep.address, or highAvailability.shape: per-unit'
        : 'write a self IP with traffic-group-local-only as units[].vtep.address, or highAvailability.shape: floating',
    },
  ]
}

/**
 * SNAT automap takes a floating self IP of the egress VLAN, else any floating one, before it takes the tunnel's own: with one
 * elsewhere and none on the tunnel, pods answer to an address that they cannot reach, though monitors are green.
 */
export function automapFindings({ facts, spec, unit }: ModeInput, place: Place, tunnels: readonly string[]): Finding[] {
  const willFloat = spec.highAvailability.shape === 'floating' && spec.highAvailability.floatingSelfIPs.length > 0
  const floating = place.selfIPs.filter(selfIP => selfIP.floating)
  if (willFloat || floating.length === 0 || floating.some(({ vlan }) => tunnels.includes(vlan))) return []
  const automap = facts.virtualServers.filter(({ enabled, snat }) => enabled && snat === 'automap')
  if (automap.length === 0) return []
  const named = automap.slice(0, 3).map(({ path }) => path)
  const more = automap.length > 3 ? ` and ${automap.length - 3} more` : ''
  return [
    {
      code: 'snat-automap-unreachable',
      severity: 'error',
      subject: `unit ${unit.name}`,
      cause: `SNAT automap of ${named.join(', ')}${more} takes the floating self IP ${floating[0]!.address} (${floating[0]!.path}), for none floats on the tunnel: pods cannot answer to it. Nothing new is set up`,
      remedy: `tmsh modify ltm virtual ${named[0]} source-address-translation { type snat pool POOL } with the tunnel's self IP as the pool's member, or highAvailability.shape: floating with floatingSelfIPs`,
    },
  ]
}
