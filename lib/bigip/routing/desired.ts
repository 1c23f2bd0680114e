/**
 * What a device's BGP must hold: process, peer groups, neighbours, and which VIPs it tells. Values in, rows out; knows no
 * HTTP, no imish and no Kubernetes. Rules: a neighbour is a row of its own, so that one comes and goes without the others;
 * a peer group has one AS; a process that is not ours is verified and only gets neighbours of ours, never other settings.
 */
import { parseAddress } from '../../base/ip.ts'
import { parsePrefix } from '../../base/prefix.ts'
import type { Finding } from '../finding.ts'
import { hasTag, type Identity, ownName, tagOf } from '../ownership.ts'
import type { Row } from '../row.ts'
import { type BgpFamily, bgpFamilyOf, FAMILIES } from './family.ts'
import type { BgpSpeaker } from './speakers.ts'

export interface BgpWish {
  readonly identity: Identity
  /** `unit bigip-a`, for findings. */
  readonly unit: string
  /** Full path: `/Common/0`. */
  readonly routeDomain: string
  readonly asNumber: number
  readonly routerId?: string
  /** Seconds, as the next. */
  readonly holdTime: number
  readonly keepaliveTime: number
  /** From `speakersOf`, and the other units of the pair. */
  readonly speakers: readonly BgpSpeaker[]
  /** Subnets of the device's self IPs (`10.1.10.0/24`): an eBGP neighbour outside of them gets `ebgpMultihop`. */
  readonly connected: readonly string[]
  /** What the device has, in whichever route domain. */
  readonly processes: readonly Row<'BGP'>[]
  /** Whether the device sends 4-octet AS numbers; undefined: not known. */
  readonly extendedAsNumbers?: boolean
  /** VIPs to tell, as prefixes (`10.1.20.100/32`); absent: kernel routes are not redistributed. */
  readonly advertised?: readonly string[]
  /** `spec.manage.bgp`: false leaves everything but neighbours to others, and needs a process of theirs. */
  readonly manage: boolean
}

export interface BgpRows {
  /** Prefix lists and route maps of VIPs, process, peer groups, neighbours. */
  readonly rows: readonly Row[]
  readonly expectations: readonly Row[]
  readonly findings: readonly Finding[]
  /** False: it cannot be said what is wanted, so that nothing may be deleted for it. */
  readonly complete: boolean
}

/** Seconds that BIG-IP keeps the routes of an agent that is started again (RFC 4724). */
const RESTART_TIME = 120
/** TTL of what BIG-IP sends to eBGP neighbours that are not on a subnet of its own. */
const MULTIHOP = 255
const TWO_OCTETS = 65535

export function bgpRows(wish: BgpWish): BgpRows {
  const { identity, manage, asNumber, speakers } = wish
  const name = ownName(identity, 'bgp')
  const found = wish.processes.find(({ fields }) => fields.routeDomain === wish.routeDomain)
  const foreign = found !== undefined && !(found.name === name && hasTag(found, identity))
  if (found === undefined ? !manage : foreign && found.fields.asNumber !== asNumber)
    return { rows: [], expectations: [], findings: [unusable(wish, found)], complete: false }
  const own = manage && !foreign
  const neighbors = new Map(
    speakers.flatMap(speaker =>
      speaker.addresses.map(address => [address, neighbor(wish, speaker, address, found?.name ?? name)]),
    ),
  )
  const rows = [
    ...(own ? vipRows(wish) : []),
    ...(own ? [processRow(wish, name)] : []),
    ...(manage ? peerGroups(wish, found?.name ?? name) : []),
    ...neighbors.values(),
  ]
  const expectations = own || found === undefined ? [] : [expected(wish, found)]
  const findings = [...longAsNumbers(wish), ...(foreign ? untoldVips(wish, found) : [])]
  return { rows, expectations, findings, complete: true }
}

function unusable({ unit, asNumber, routeDomain }: BgpWish, found: Row<'BGP'> | undefined): Finding {
  const about = { severity: 'error', subject: unit } as const
  if (found === undefined)
    return {
      ...about,
      code: 'bgp-process-missing',
      cause: `route domain ${routeDomain} has no BGP process, and spec.manage.bgp is false`,
      remedy: `tmsh create net routing bgp podpeer local-as ${asNumber} route-domain ${routeDomain}, or write spec.manage.bgp: true`,
    }
  return {
    ...about,
    code: 'bgp-process-other-as',
    cause: `route domain ${routeDomain} has the BGP process ${found.name} of others, in AS ${found.fields.asNumber} and not ${asNumber}`,
    remedy: `write spec.bgp.asNumber: ${found.fields.asNumber}, or another spec.routeDomain`,
  }
}

function processRow({ identity, routeDomain, asNumber, routerId, ...wish }: BgpWish, name: string): Row<'BGP'> {
  const redistribute = FAMILIES.filter(family => vipsOf(wish.advertised, family).length > 0).map(family => ({
    family,
    routeMap: vipName(identity, family),
  }))
  const { holdTime, keepaliveTime } = wish
  return {
    kind: 'BGP',
    name,
    description: tagOf(identity),
    fields: {
      asNumber,
      ...(routerId !== undefined && { routerId }),
      routeDomain,
      holdTime,
      keepaliveTime,
      gracefulRestartTime: RESTART_TIME,
      redistribute,
    },
  }
}

/** What neighbours of ours need of a process that is not. */
function expected({ routerId, asNumber }: BgpWish, { description: _, ...found }: Row<'BGP'>): Row<'BGP'> {
  return { ...found, fields: { ...found.fields, asNumber, ...(routerId !== undefined && { routerId }) } }
}

/** One for each AS and family, for a group has one AS, and its members what it says of families. */
function peerGroups({ identity, speakers }: BgpWish, parent: string): Row<'BGP peer group'>[] {
  const groups = speakers.flatMap(({ asNumber, addresses }) =>
    addresses.map(bgpFamilyOf).map((family): Row<'BGP peer group'> => {
      const name = groupName(identity, asNumber, family)
      return {
        kind: 'BGP peer group',
        parent,
        name,
        description: tagOf(identity),
        fields: { asNumber, families: [family] },
      }
    }),
  )
  return [...new Map(groups.map(group => [group.name, group])).values()]
}

function neighbor(wish: BgpWish, { asNumber }: BgpSpeaker, address: string, parent: string): Row<'BGP neighbor'> {
  const family = bgpFamilyOf(address)
  const far =
    asNumber !== wish.asNumber && !wish.connected.some(subnet => parsePrefix(subnet).contains(parseAddress(address)))
  return {
    kind: 'BGP neighbor',
    parent,
    name: address,
    description: tagOf(wish.identity),
    fields: {
      ...(wish.manage ? { peerGroup: groupName(wish.identity, asNumber, family) } : { asNumber }),
      ...(far && { ebgpMultihop: MULTIHOP }),
      families: [family],
    },
  }
}

/** The prefix list of the VIPs and the route map that lets only these through, for each family that has some. */
function vipRows({ identity, routeDomain, advertised }: BgpWish): Row[] {
  const description = tagOf(identity)
  return FAMILIES.flatMap((family): Row[] => {
    const name = vipName(identity, family)
    const entries = vipsOf(advertised, family).map((prefix, at) => ({
      sequence: 10 * (at + 1),
      action: 'permit' as const,
      prefix,
    }))
    if (entries.length === 0) return []
    const entry = { sequence: 10, action: 'permit', destination: { family, prefixList: name } } as const
    return [
      { kind: 'prefix list', name, description, fields: { routeDomain, entries } },
      { kind: 'route map', name, description, fields: { routeDomain, entries: [entry] } },
    ]
  })
}

/** A prefix list has no gaps to fill: sorted, so that the same VIPs make the same list. */
function vipsOf(advertised: readonly string[] = [], family: BgpFamily): string[] {
  return [...new Set(advertised)].filter(prefix => bgpFamilyOf(prefix) === family).sort()
}

function longAsNumbers({ unit, asNumber, speakers, extendedAsNumbers }: BgpWish): Finding[] {
  const long = [asNumber, ...speakers.map(speaker => speaker.asNumber)].find(number => number > TWO_OCTETS)
  if (long === undefined || extendedAsNumbers !== false) return []
  return [
    {
      code: 'bgp-two-octet-as',
      severity: 'error',
      subject: unit,
      cause: `the device sends no 4-octet AS numbers (bgp extended-asn-cap is off), and AS ${long} needs them`,
      remedy: 'in imish: configure terminal, bgp extended-asn-cap; or use AS numbers up to 65535',
    },
  ]
}

function untoldVips({ unit, advertised }: BgpWish, found: Row<'BGP'>): Finding[] {
  const told = (family: BgpFamily) => found.fields.redistribute.some(one => one.family === family)
  const missing = FAMILIES.filter(family => vipsOf(advertised, family).length > 0 && !told(family))
  if (missing.length === 0) return []
  return [
    {
      code: 'bgp-vips-not-redistributed',
      severity: 'warning',
      subject: unit,
      cause: `the BGP process ${found.name} is not podpeer's and does not redistribute kernel routes (${missing.join(', ')}): no neighbour hears of the VIPs of spec.advertise`,
      remedy: `have it redistribute kernel routes, by a route map that lets ${advertised?.join(', ')} through`,
    },
  ]
}

function groupName({ clusterId }: Identity, asNumber: number, family: BgpFamily): string {
  return `podpeer-${clusterId}-${asNumber}${family === 'ipv6' ? '-ipv6' : ''}`
}

function vipName(identity: Identity, family: BgpFamily): string {
  return ownName(identity, family === 'ipv6' ? 'vips-ipv6' : 'vips')
}
