/**
 * What a BIGIP's status says of the ends of its units' tunnels, as an agent needs it to keep the rows that lead there. Plain
 * values, for they are saved for the agent that comes next. Pure.
 *
 * Rules: what is not said now (the controller cannot read the device, its tunnel has no MAC address yet) is as it was said
 * last; where nothing was ever said the view is not complete, and no row may go because of that.
 */
import { type Family, parseAddress } from '../../lib/base/ip.ts'
import { parseMac } from '../../lib/base/mac.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import type { BigIp, UnitStatus } from '../../lib/bigip/resource.ts'

export interface TunnelsView {
  readonly units: readonly UnitTunnel[]
  /** Whether these are all that there are. */
  readonly complete: boolean
  /** They are of podpeer's own overlay, whose devices the agents make. */
  readonly own?: true
  /** They ask all nodes by ARP and NDP where pods are. */
  readonly flooding?: true
}

export interface UnitTunnel {
  /** Of the unit. */
  readonly name: string
  /** The other unit serves now. */
  readonly standby: boolean
  readonly vni: number
  readonly port: number
  readonly ends: readonly TunnelEnd[]
  /** Whether these are all that it has. */
  readonly complete: boolean
}

/** Of one family of pods. Texts in their canonical form. */
export interface TunnelEnd {
  readonly family: Family
  readonly endpoint: string
  readonly mac: string
  /** Its own first, then what floats; without lengths. */
  readonly selfIPs: readonly string[]
  readonly subnets: readonly string[]
}

export const NO_TUNNELS: TunnelsView = { units: [], complete: true }

/** flannel's, and that of status documents that say none. */
const DEFAULTS = { vni: 1, port: 8472 }
/** With Cilium the nodes' agents learn of VTEPs from its own configuration; the other modes have no tunnel. */
const OWN = 'podpeer-vxlan'
const MODES = ['flannel-vxlan', OWN]

/** @throws InputFault for a status that cannot be read */
export function tunnelsView({ spec, status }: BigIp, former: TunnelsView | undefined): TunnelsView {
  const mode = status.mode ?? (spec.mode === 'auto' ? undefined : spec.mode)
  if (mode !== undefined && !MODES.includes(mode)) return NO_TUNNELS
  const told = (status.units ?? []).map(unit => {
    const known = former?.units.find(({ name }) => name === unit.name)
    return unit.vtep === undefined ? known : unitTunnel(unit, unit.vtep, known)
  })
  const units = told.filter(unit => unit !== undefined)
  const own = mode === undefined ? former?.own === true : mode === OWN
  return {
    units,
    ...(own && { own }),
    ...(spec.arp === 'none' && { flooding: true as const }),
    complete: mode !== undefined && told.length > 0 && told.every(unit => unit?.complete),
  }
}

function unitTunnel(
  unit: UnitStatus,
  vtep: NonNullable<UnitStatus['vtep']>,
  former: UnitTunnel | undefined,
): UnitTunnel {
  const { name, haState, vxlan = former ?? DEFAULTS } = unit
  const { address, mac, address6, mac6 } = vtep
  const ends = [endOf(unit, 4, address, mac, former), endOf(unit, 6, address6, mac6, former)].filter(
    end => end !== undefined,
  )
  return {
    name,
    standby: haState === undefined ? (former?.standby ?? false) : haState !== 'active',
    vni: vxlan.vni,
    port: vxlan.port,
    ends,
    complete: ends.length === [address, address6].filter(text => text !== undefined).length,
  }
}

/** Undefined: there is none of this family, or not all of it has been said. */
function endOf(
  unit: UnitStatus,
  family: Family,
  endpoint: string | undefined,
  mac: string | undefined,
  former: UnitTunnel | undefined,
): TunnelEnd | undefined {
  if (endpoint === undefined) return undefined
  const known = former?.ends.find(end => end.family === family)
  const path = `status of ${unit.name}`
  const selfIPs = (unit.selfIPs ?? [])
    .map(text => parseAddress(text.split('/')[0]!, path))
    .filter(address => address.family === family)
  const subnets = (unit.tunnelSubnets ?? [])
    .map(text => parsePrefix(text, path))
    .filter(prefix => prefix.family === family)
  const lastMac = mac === undefined ? known?.mac : parseMac(mac, path)
  if (lastMac === undefined || selfIPs.length === 0) return known
  return {
    family,
    endpoint: parseAddress(endpoint, path).toString(),
    mac: lastMac,
    selfIPs: selfIPs.map(String),
    subnets: subnets.map(String),
  }
}
