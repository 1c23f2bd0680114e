/**
 * The device's end of a VXLAN overlay, one for each family of pods: profile, tunnel, self IPs, and what nodes must know of
 * them. Rules: the VLAN and the self IP that carries the tunnel are the operator's, and only judged; what cannot be told
 * leaves its family out and makes the answer incomplete, so that nothing on the device goes for it.
 */
import type { Family } from '../../base/ip.ts'
import { Prefix } from '../../base/prefix.ts'
import type { Finding } from '../finding.ts'
import { ownName } from '../ownership.ts'
import type { Row } from '../row.ts'
import type { ModeInput, Published } from './desire.ts'
import { automapFindings, endpointFindings, syncFindings } from './pair.ts'
import type { Place, SelfIP } from './place.ts'
import { nearestSelfIP } from './reach.ts'
import { familyOf, parseInterface } from './subnet.ts'

export interface OverlayWish {
  readonly families: readonly Family[]
  readonly floodingType: 'none' | 'multipoint'
  readonly vni: number
  readonly port: number
  /** How long the subnet is that nodes route to a self IP of this family; absent: the self IP's own length. */
  readonly subnetLength?: (family: Family) => number
  /** Where neither the object nor the device has one on the tunnel. @param endpoint of the device, RFC 5952 text */
  readonly selfIP: (family: Family, endpoint: string) => string | undefined
}

export interface Overlay {
  readonly family: Family
  /** Full path. */
  readonly tunnel: string
  /** Where nodes send to, RFC 5952 text. */
  readonly endpoint: string
  /** On the tunnel, own and floating, with lengths. */
  readonly selfIPs: readonly string[]
  /** What of the pod network needs no gateway. */
  readonly onLink: readonly Prefix[]
  /** What nodes route to the device. */
  readonly subnets: readonly Prefix[]
}

export interface Overlays {
  readonly overlays: readonly Overlay[]
  readonly rows: readonly Row[]
  readonly expectations: readonly Row[]
  readonly findings: readonly Finding[]
  readonly complete: boolean
  readonly exclusiveTunnels: readonly string[]
  readonly sharedTunnels: readonly string[]
  readonly published: Pick<Published, 'vtep' | 'vxlan' | 'tunnelSubnets' | 'selfIPs'>
}

/** Full paths, by family of the pods: what `readFacts` is to ask for. */
export function tunnelPaths({ spec: { tunnel }, identity }: Pick<ModeInput, 'spec' | 'identity'>): {
  readonly [F in Family]: string
} {
  const four = tunnel.name ?? ownName(identity, 'vxlan')
  return { 4: four, 6: tunnel.name6 ?? `${four}-v6` }
}

export function overlaysOf(input: ModeInput, place: Place, wish: OverlayWish): Overlays {
  const { spec, facts } = input
  const findings: Finding[] = []
  const overlays = wish.families.flatMap(family => overlayOf(input, place, wish, family, findings))
  const selfIPs = overlays.flatMap(overlay => selfIPRows(input, place, overlay, findings))
  const tunnels = overlays.map(overlay => tunnelRow(input, place, wish, overlay))
  const made = tunnels.length === 0 ? [] : [profileRow(input, place, wish), ...tunnels]
  const unsafe = [...syncFindings(input, place), ...automapFindings(input, place, Object.values(tunnelPaths(input)))]
  findings.push(...unsafe)
  // a pair whose tunnels sync, or answers that never come back: nothing is begun, and what is there is kept
  const begun = overlays.some(({ tunnel }) => facts.tunnelMacs.has(tunnel))
  const refused = unsafe.some(({ severity }) => severity === 'error')
  const ours = spec.manage.tunnel && !refused
  const paths = overlays.map(({ tunnel }) => tunnel)
  return {
    overlays: refused && !begun ? [] : overlays,
    rows: [...(ours ? made : []), ...(refused ? [] : selfIPs)],
    expectations: ours || (refused && !begun) ? [] : spec.tunnel.profile === undefined ? tunnels.map(unprofiled) : made,
    findings,
    complete: !refused && overlays.length === wish.families.length,
    // of those that we make, the engine sees by their tags whether they are ours
    exclusiveTunnels: spec.manage.tunnel || spec.tunnel.shared ? [] : paths,
    sharedTunnels: spec.tunnel.shared ? paths : [],
    published: publishedOf(overlays, facts.tunnelMacs, encapsulation(input, wish)),
  }
}

function overlayOf(input: ModeInput, place: Place, wish: OverlayWish, family: Family, findings: Finding[]): Overlay[] {
  const { unit, spec, otherUnits } = input
  const tunnel = tunnelPaths(input)[family]
  const endpoint = endpointOf(input, place, family)
  if (endpoint === undefined) {
    findings.push(noEndpoint(input, family))
    return []
  }
  findings.push(...endpointFindings(input, place, endpoint))
  const given = unit.tunnel.selfIPs.filter(text => familyOf(text) === family)
  const found = place.selfIPs.filter(selfIP => selfIP.vlan === tunnel && selfIP.address.family === family)
  const own = given.length > 0 ? given : found.filter(({ floating }) => !floating).map(interfaceOf)
  const fallback = own.length > 0 ? undefined : wish.selfIP(family, endpoint)
  const floating =
    spec.highAvailability.shape === 'floating'
      ? spec.highAvailability.floatingSelfIPs.filter(text => familyOf(text) === family)
      : []
  const selfIPs = [...own, ...(fallback === undefined ? [] : [fallback]), ...floating].map(text => {
    const { address, subnet } = parseInterface(text)
    return `${address}/${subnet.length}`
  })
  if (own.length === 0 && fallback === undefined) {
    findings.push(noSelfIP(input, tunnel, family))
    return []
  }
  const length = wish.subnetLength?.(family)
  const parsed = selfIPs.map(parseInterface)
  const subnets = parsed.map(({ address, subnet }) =>
    length === undefined || length <= subnet.length ? subnet : new Prefix(address.bytes, length),
  )
  const taken = otherUnits.flatMap(({ published }) => published?.selfIPs ?? []).find(text => own.includes(text))
  if (taken !== undefined)
    findings.push({
      code: 'tunnel-self-ip-taken',
      severity: 'error',
      subject: `unit ${unit.name}`,
      cause: `the other unit has the self IP ${taken} on its tunnel, too: nodes can reach only one of them`,
      remedy: 'write another one under units[].tunnel.selfIPs of one of the units',
    })
  return [{ family, tunnel, endpoint, selfIPs, onLink: parsed.map(({ subnet }) => subnet), subnets }]
}

function endpointOf(input: ModeInput, place: Place, family: Family): string | undefined {
  const { unit, network } = input
  const given = family === 4 ? unit.vtep.address : unit.vtep.address6
  if (given !== undefined) return parseInterface(given).address.toString()
  return nearestSelfIP(ownUnderlay(input, place), network.nodes, family)?.address.toString()
}

/** The unit's own addresses outside of the tunnels. */
function ownUnderlay(input: ModeInput, place: Place): SelfIP[] {
  const tunnels = new Set(Object.values(tunnelPaths(input)))
  return place.selfIPs.filter(({ floating, vlan }) => !floating && !tunnels.has(vlan))
}

function interfaceOf({ address, subnet }: SelfIP): string {
  return `${address}/${subnet.length}`
}

/** What an operator wrote, else what suits the cluster. */
function encapsulation({ spec: { tunnel } }: ModeInput, { vni, port }: OverlayWish): NonNullable<Published['vxlan']> {
  return { vni: tunnel.vni ?? vni, port: tunnel.port ?? port }
}

function profileRow(input: ModeInput, place: Place, wish: OverlayWish): Row<'vxlan profile'> {
  const { spec } = input
  const { floodingType } = wish
  const { port } = encapsulation(input, wish)
  return {
    kind: 'vxlan profile',
    // one name for every flooding type: to change it makes profile and tunnel anew, which needs an operator's word
    name: spec.tunnel.profile ?? place.name('vxlan-profile'),
    description: place.description,
    fields: { floodingType, port },
  }
}

function tunnelRow(input: ModeInput, place: Place, wish: OverlayWish, overlay: Overlay): Row<'tunnel'> {
  const { spec, unit } = input
  const { family, tunnel, endpoint } = overlay
  const floats = spec.highAvailability.shape === 'floating'
  const own = floats
    ? (unit.vtep.secondaryAddress ?? nearestSelfIP(ownUnderlay(input, place), input.network.nodes, family)?.address)
    : undefined
  const carrier = place.selfIPs.find(({ address }) => address.toString() === endpoint)
  return {
    kind: 'tunnel',
    name: tunnel,
    description: place.description,
    fields: {
      profile: profileRow(input, place, wish).name,
      key: encapsulation(input, wish).vni,
      localAddress: place.address(endpoint),
      ...(own === undefined ? {} : { secondaryAddress: place.address(String(own)) }),
      ...(spec.tunnel.mtu === undefined ? {} : { mtu: spec.tunnel.mtu }),
      ...(floats && carrier?.trafficGroup !== undefined ? { trafficGroup: carrier.trafficGroup } : {}),
    },
  }
}

/** Of a tunnel that others made, with a profile whose name nobody told. */
function unprofiled({ fields: { profile: _, ...fields }, ...row }: Row<'tunnel'>): Row {
  // a field that is not there is not verified
  return { ...row, fields: fields as Row<'tunnel'>['fields'] }
}

function selfIPRows(input: ModeInput, place: Place, overlay: Overlay, findings: Finding[]): Row<'self IP'>[] {
  const { spec, unit } = input
  return overlay.selfIPs.flatMap((text, at) => {
    const { address } = parseInterface(text)
    const floating = spec.highAvailability.floatingSelfIPs.includes(text)
    const suffix = `${floating ? 'floating' : 'self'}${at > 0 && !floating ? at : ''}${overlay.family === 6 ? '-v6' : ''}`
    const name = place.name(suffix)
    const there = place.selfIPs.find(selfIP => selfIP.address.equals(address) && selfIP.vlan === overlay.tunnel)
    if (there !== undefined && there.path !== name) return []
    if (!spec.manage.selfIPs) {
      if (there === undefined)
        findings.push({
          code: 'tunnel-self-ip-missing',
          severity: 'error',
          subject: `unit ${unit.name}`,
          cause: `the tunnel ${overlay.tunnel} has no self IP ${text}, and spec.manage.selfIPs is false`,
          remedy: `tmsh create net self NAME address ${text} vlan ${overlay.tunnel} allow-service none`,
        })
      return []
    }
    const carrier = place.selfIPs.find(selfIP => selfIP.address.toString() === overlay.endpoint)
    return [
      {
        kind: 'self IP',
        name,
        description: place.description,
        fields: {
          address: place.address(text),
          vlan: overlay.tunnel,
          trafficGroup: (floating ? carrier?.trafficGroup : undefined) ?? '/Common/traffic-group-local-only',
          allowService: ['none'],
        },
      },
    ]
  })
}

function publishedOf(
  overlays: readonly Overlay[],
  macs: ReadonlyMap<string, string>,
  vxlan: NonNullable<Published['vxlan']>,
): Overlays['published'] {
  const told = ({ family, endpoint, tunnel }: Overlay): Published['vtep'] => {
    const mac = macs.get(tunnel)
    if (family === 4) return { address: endpoint, ...(mac === undefined ? {} : { mac }) }
    return { address6: endpoint, ...(mac === undefined ? {} : { mac6: mac }) }
  }
  return {
    ...(overlays.length === 0 ? {} : { vtep: Object.assign({}, ...overlays.map(told)), vxlan }),
    tunnelSubnets: [...new Set(overlays.flatMap(({ subnets }) => subnets.map(String)))],
    selfIPs: overlays.flatMap(({ selfIPs }) => selfIPs),
  }
}

function noEndpoint({ unit }: ModeInput, family: Family): Finding {
  const field = family === 4 ? 'address' : 'address6'
  return {
    code: 'no-vtep-address',
    severity: 'error',
    subject: `unit ${unit.name}`,
    cause: `the device has no IPv${family} self IP of its own (not floating) in the subnet of the nodes, so its VTEP address is not known`,
    remedy: `write units[].vtep.${field}: a self IP of the device that the nodes can reach`,
  }
}

function noSelfIP({ unit }: ModeInput, tunnel: string, family: Family): Finding {
  return {
    code: 'no-tunnel-self-ip',
    severity: 'error',
    subject: `unit ${unit.name}`,
    cause: `no IPv${family} self IP is known for the tunnel ${tunnel}, and none can be chosen from what the cluster tells`,
    remedy: 'write units[].tunnel.selfIPs: an address in a subnet that no node can be given, with its length',
  }
}
