/**
 * Pods by BGP (modes calico-bgp, cilium-bgp and bgp): the device peers with every node's agent, or with the few that reflect, and
 * with the other unit of the pair. What its BGP then holds is routing's; here is with whom, from which address, and whether
 * what it will learn can be a next hop.
 */
import type { Family } from '../../base/ip.ts'
import type { Exclusion, Finding } from '../finding.ts'
import { advertisementRows } from '../routing/advertisement.ts'
import { chooseRouting, type RoutingChoice } from '../routing/choice.ts'
import { bgpRows } from '../routing/desired.ts'
import { type BgpFamily, bgpFamilyOf } from '../routing/family.ts'
import type { RoutingReading } from '../routing/reading.ts'
import { type BgpSpeaker, speakersOf } from '../routing/speakers.ts'
import type { Kind } from '../row.ts'
import type { Answer, Desire, ModeInput, OtherUnit } from './desire.ts'
import { tunnelPaths } from './overlay.ts'
import type { Place, SelfIP } from './place.ts'
import { connectedSubnets, connectionFinding, nearestSelfIP, notConnected } from './reach.ts'

/** What a device without BGP cannot hold. */
export const BGP_KINDS: readonly Kind[] = ['prefix list', 'route map', 'BGP', 'BGP peer group', 'BGP neighbor']
const FAMILIES: readonly Family[] = [4, 6]
const NOT_READ: RoutingReading = { findings: [] }

export function bgp(input: ModeInput, place: Place): Answer {
  const { spec, unit, network, facts, bgp: { processes, extendedAsNumbers, findings: unread } = NOT_READ } = input
  const subject = `unit ${unit.name}`
  const routing = chooseRouting(facts, spec.bgp.api, { routeDomain: place.routeDomain, unit: subject })
  const tunnels = new Set(Object.values(tunnelPaths(input)))
  const subnets = connectedSubnets(place.selfIPs, tunnels)
  const underlay = place.selfIPs.filter(({ vlan }) => !tunnels.has(vlan))
  const addresses = addressesOf(input, underlay)
  const families = addresses.map(bgpFamilyOf)
  const selected = speakersOf({
    nodes: network.nodes,
    peers: spec.bgp.peers,
    ...(spec.reflector === undefined ? {} : { matchLabels: spec.reflector.nodeSelector.matchLabels }),
    nodeASNumber: spec.bgp.nodeASNumber,
    families,
  })
  const reflected = spec.bgp.peers === 'reflector' ? unreachable(input, subnets) : []
  const exclusions = [...selected.exclusions, ...reflected]
  const left = new Set(exclusions.map(({ name }) => name))
  const advertisement = advertisementRows(
    {
      chosen: spec.advertise?.virtualAddresses ?? [],
      mode: spec.advertise?.mode ?? 'disabled',
      virtualAddresses: facts.virtualAddresses.filter(({ routeDomain }) => routeDomain === place.routeDomain),
    },
    subject,
  )
  const findings = [
    ...routing.findings,
    ...unread,
    ...(addresses.length === 0 ? [noAddress(unit.name)] : lockdownFindings(addresses, underlay, unit.name)),
    ...(addresses.length === 0 ? [] : selected.findings),
    ...connectionFinding(
      unit.name,
      reflected.map(({ name }) => `Node ${name}`),
      subnets,
    ),
    ...advertisement.findings,
  ]
  const answer = {
    rows: advertisement.rows,
    findings,
    exclusions,
    served: network.nodes.filter(({ name }) => !left.has(name)).length,
    ...routingPart(routing),
    published: {
      ...(addresses.length === 0 ? {} : { bgp: { addresses, asNumber: spec.bgp.asNumber } }),
      advertised: advertisement.advertised,
      reflectors:
        spec.bgp.peers === 'reflector'
          ? selected.speakers.map(({ name, addresses, asNumber }) => ({ node: name, addresses, asNumber }))
          : [],
    },
  }
  const domain = facts.routeDomains.find(({ id }) => id === place.routeDomain)
  // until BGP runs, what another mode has set up stays
  if (routing.api === undefined || domain === undefined) return { ...answer, complete: false }
  if (addresses.length === 0 || processes === undefined) return { ...answer, complete: false }
  const wanted = bgpRows({
    identity: input.identity,
    unit: subject,
    routeDomain: domain.path,
    asNumber: spec.bgp.asNumber,
    ...routerIdOf(input, addresses),
    holdTime: spec.bgp.holdTime,
    keepaliveTime: spec.bgp.keepaliveTime,
    speakers: [...selected.speakers, ...input.otherUnits.flatMap(other => speakerOf(other, input, families))],
    connected: subnets.map(String),
    processes,
    ...(extendedAsNumbers === undefined ? {} : { extendedAsNumbers }),
    ...(spec.advertise === undefined ? {} : { advertised: advertisement.advertised }),
    manage: spec.manage.bgp,
  })
  return {
    ...answer,
    rows: [...wanted.rows, ...advertisement.rows],
    expectations: wanted.expectations,
    findings: [...findings, ...wanted.findings],
    complete: wanted.complete && routing.enable === undefined,
  }
}

/** What other modes say of BGP: that nothing of ours is wanted there, as far as the device can hold any. */
export function routingPart(routing: RoutingChoice): Pick<Desire, 'routing' | 'unavailable'> {
  return { routing, unavailable: routing.api === undefined || routing.enable !== undefined ? BGP_KINDS : [] }
}

/** What nodes peer with, at most one for each family: an address of the unit itself, for sessions do not fail over. */
function addressesOf({ unit, network }: ModeInput, underlay: readonly SelfIP[]): string[] {
  const own = underlay.filter(({ floating }) => !floating)
  return FAMILIES.flatMap(family => {
    const given = family === 4 ? unit.bgp.address : unit.bgp.address6
    const address = given ?? nearestSelfIP(own, network.nodes, family)?.address.toString()
    return address === undefined ? [] : [address]
  })
}

function routerIdOf({ unit }: ModeInput, addresses: readonly string[]): { readonly routerId?: string } {
  const routerId = unit.bgp.routerId ?? addresses.find(address => bgpFamilyOf(address) === 'ipv4')
  return routerId === undefined ? {} : { routerId }
}

function speakerOf(
  { spec: other, published }: OtherUnit,
  { spec }: ModeInput,
  families: readonly BgpFamily[],
): BgpSpeaker[] {
  const given = [other.bgp.address, other.bgp.address6].filter(address => address !== undefined)
  const addresses = (given.length > 0 ? given : (published?.bgp?.addresses ?? [])).filter(address =>
    families.includes(bgpFamilyOf(address)),
  )
  if (addresses.length === 0) return []
  return [{ kind: 'unit', name: other.name, addresses, asNumber: spec.bgp.asNumber }]
}

/** Reflected routes have the nodes themselves as next hops. */
function unreachable({ network }: ModeInput, subnets: ReturnType<typeof connectedSubnets>): Exclusion[] {
  return network.nodes.flatMap(({ name, addresses }) => {
    const reasons = addresses.map(({ address }) => notConnected(name, address, subnets))
    const [message] = reasons
    if (message === undefined || reasons.includes(undefined)) return []
    return [{ kind: 'Node' as const, name, reason: 'NextHopNotConnected', message }]
  })
}

function noAddress(unit: string): Finding {
  return {
    code: 'no-bgp-address',
    severity: 'error',
    subject: `unit ${unit}`,
    cause:
      'the device has no self IP of its own (not floating) in the subnet of the nodes, so there is nothing to peer with',
    remedy: 'write units[].bgp.address: a self IP of the device that the nodes can reach',
  }
}

/** BIG-IP refuses what its port lockdown does not name; `default` does not name BGP. */
function lockdownFindings(addresses: readonly string[], underlay: readonly SelfIP[], unit: string): Finding[] {
  return addresses.flatMap((address): Finding[] => {
    const selfIP = underlay.find(one => one.address.toString() === address)
    if (selfIP === undefined)
      return [
        {
          code: 'bgp-not-self-ip',
          severity: 'error',
          subject: `unit ${unit}`,
          cause: `the device has no self IP ${address}, so nobody can peer with it`,
          remedy: `tmsh create net self NAME address ${address}/LENGTH vlan VLAN allow-service replace-all-with { tcp:179 }`,
        },
      ]
    if (selfIP.allowService.some(service => ['all', 'tcp:0', 'tcp:179', 'tcp:bgp'].includes(service))) return []
    return [
      {
        code: 'port-lockdown',
        severity: 'error',
        subject: `self IP ${selfIP.path}`,
        cause: `port lockdown of ${address} lets in ${selfIP.allowService.join(', ') || 'nothing'}, and not tcp:179: nodes cannot open sessions to it`,
        remedy: `tmsh modify net self ${selfIP.path} allow-service add { tcp:179 }`,
      },
    ]
  })
}
