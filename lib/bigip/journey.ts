/**
 * Judges the way of packets between a device and one pod, hop by hop: what the device holds beside what is wanted of it. Pure;
 * who reads the device brings its rows. What a device learns by itself (ARP, BGP's routes) is not in rows: such a hop is told
 * as unknown, or by the session it comes from.
 */
import { type Address, parseAddress } from '../base/ip.ts'
import type { Journey, JourneyHop } from '../base/journey.ts'
import { parsePrefix } from '../base/prefix.ts'
import type { NodeNetwork } from '../cni/network.ts'
import { type DeviceWay, deviceWay, withoutDomain } from './device-way.ts'
import { differencesOf, renderDifferences } from './difference.ts'
import type { Desire } from './mode/desire.ts'
import type { NeighborState } from './routing/neighbor-state.ts'
import { type Kind, type Row, rowKey } from './row.ts'
import { tmshCreate, tmshDelete } from './tmsh.ts'

export interface DeviceReading {
  /** `BIGIP/UNIT` */
  readonly name: string
  readonly pod: Address
  /** In whose pod CIDR it is; undefined: in none that is known. */
  readonly node: NodeNetwork | undefined
  readonly desire: Pick<Desire, 'mode' | 'rows' | 'expectations' | 'exclusions' | 'published'>
  /** Of JOURNEY_KINDS, and the FDB records of its tunnels, whoever's they are. */
  readonly actual: readonly Row[]
  /** How addresses of its route domain end in rows: `%1`, or nothing. */
  readonly domain: string
  /** As the device sees them; empty where it has no BGP of ours. */
  readonly neighbors: readonly NeighborState[]
}

/** What has to be read of a device. */
export const JOURNEY_KINDS: readonly Kind[] = ['self IP', 'route', 'tunnel', 'vxlan profile', 'ARP', 'NDP']

/** On the device, first from BIG-IP to the pod, then what takes the pod's packets in. */
export function judgeDevice(reading: DeviceReading): readonly Journey[] {
  const { name, pod, desire } = reading
  const out = { from: name, to: pod.toString() }
  if (desire.published.bgp !== undefined) return [{ ...out, hops: [nodeHop(reading), ...bgpHops(reading)] }]
  const hops = [nodeHop(reading), ...rowHops(reading)]
  const back = arrivalHops(reading)
  return back.length === 0
    ? [{ ...out, hops }]
    : [
        { ...out, hops },
        { from: pod.toString(), to: name, hops: back },
      ]
}

function nodeHop({ node, desire, pod }: DeviceReading): JourneyHop {
  const hop = 'node'
  if (node === undefined)
    return {
      ...{ hop, verdict: 'unknown', found: 'none' },
      reason: `no node is known to have a pod CIDR with ${pod} in it`,
      remedy: 'kubectl get pods -A -o wide',
    }
  const found = `Node ${node.name}`
  const exclusion = desire.exclusions.find(({ kind, name }) => kind === 'Node' && name === node.name)
  return exclusion === undefined
    ? { hop, verdict: 'right', found }
    : { hop, verdict: 'wrong', found, reason: exclusion.message }
}

const APPLY = 'podpeer bigip plan says what keeps it away; podpeer bigip apply'

/** Self IP or route, ARP or NDP entry, FDB record, and the way to the VTEP. */
function rowHops(reading: DeviceReading): JourneyHop[] {
  const { actual, pod, domain } = reading
  const way = deviceWay(actual, pod, domain)
  const wanted = wantedWay(reading)
  const hops = [wayHop(reading, way, wanted)]
  const onTunnel = actual.find(row => row.kind === 'tunnel' && row.name === (wanted ?? way)?.out)
  const hop = (wanted ?? way)?.hop
  if (onTunnel?.kind !== 'tunnel' || hop === undefined) return [...hops, ...outside(way)]
  const neighbour = neighbourHop(reading, hop, onTunnel)
  const record = recordHop(reading, neighbour.mac, onTunnel)
  return [
    ...hops,
    neighbour.hop,
    record.hop,
    ...(record.endpoint === undefined ? [] : [vtepHop(reading, record.endpoint)]),
  ]
}

/** Of what is wanted; self IPs that we only judge are wanted as they are. */
function wantedWay({ desire, actual, pod, domain }: DeviceReading): DeviceWay | undefined {
  const own = [...desire.rows, ...desire.expectations].filter(({ kind }) => kind === 'self IP' || kind === 'route')
  const names = new Set(own.map(rowKey))
  return deviceWay([...own, ...actual.filter(row => row.kind === 'self IP' && !names.has(rowKey(row)))], pod, domain)
}

function wayHop({ pod }: DeviceReading, way: DeviceWay | undefined, wanted: DeviceWay | undefined): JourneyHop {
  const needed = wanted && `${wayText(wanted)}`
  const hop = 'route'
  if (way === undefined)
    return {
      ...{ hop, verdict: 'wrong', found: 'none' },
      reason: `the device has no way to ${pod}${needed === undefined ? '' : `; wanted: ${needed}`}`,
      remedy: wanted === undefined ? 'podpeer bigip status says which nodes are served' : APPLY,
    }
  const found = wayText(way)
  if (wanted === undefined)
    return { hop, verdict: 'unknown', found, reason: `nothing is wanted for ${pod}`, remedy: 'podpeer bigip status' }
  if (way.out === wanted.out && way.hop.equals(wanted.hop)) return { hop, verdict: 'right', found }
  const isLonger = way.row.kind === 'route' && way.prefix.length >= wanted.prefix.length
  return {
    ...{ hop, verdict: 'wrong', found },
    reason: `wanted: ${needed}`,
    remedy: isLonger ? tmshDelete(way.row) : APPLY,
  }
}

function wayText({ row, prefix, out, hop }: DeviceWay): string {
  if (row.kind === 'self IP') return `self IP ${row.name} (${row.fields.address}) on ${row.fields.vlan}`
  const by = row.fields.gateway === undefined ? '' : ` via ${hop}`
  return `route ${row.name}: ${prefix}${by}${out === undefined ? ', which no self IP reaches' : ` through ${out}`}`
}

/** Beside a tunnel the device asks for MAC addresses itself. */
function outside(way: DeviceWay | undefined): JourneyHop[] {
  if (way?.out === undefined) return []
  return [{ hop: 'ARP', verdict: 'unknown', found: `the device asks for ${way.hop} on ${way.out} itself` }]
}

function neighbourHop(
  { desire, actual, domain, node }: DeviceReading,
  address: Address,
  tunnel: Row<'tunnel'>,
): { readonly hop: JourneyHop; readonly mac: string | undefined } {
  const kind = address.family === 4 ? 'ARP' : 'NDP'
  const entry = (rows: readonly Row[]) =>
    rows.find(
      (row): row is Row<'ARP'> | Row<'NDP'> =>
        row.kind === kind && withoutDomain(row.fields.ipAddress, domain) === address.toString(),
    )
  const found = entry(actual)
  const wanted = entry(desire.rows)
  const text = found === undefined ? 'none' : `${found.name}: ${address} is at ${found.fields.macAddress}`
  if (wanted === undefined && found === undefined) {
    const { floodingType } = profileOf(tunnel, actual)?.fields ?? {}
    if (floodingType !== undefined && floodingType !== 'none')
      return {
        hop: { hop: kind, verdict: 'unknown', found: `the device asks all VTEPs for ${address} (${floodingType})` },
        mac: undefined,
      }
    const nobody = node === undefined ? '' : ` on Node ${node.name}`
    return {
      hop: {
        ...{ hop: kind, verdict: 'wrong', found: text },
        reason: `none is wanted, for no running pod${nobody} is known to have ${address}`,
        remedy: 'kubectl get pods -A -o wide',
      },
      mac: undefined,
    }
  }
  const needed = wanted?.fields.macAddress
  const mac = needed ?? found?.fields.macAddress
  if (wanted === undefined || found === undefined)
    return {
      hop:
        wanted === undefined
          ? { hop: kind, verdict: 'unknown', found: text, reason: 'none is wanted for it' }
          : { hop: kind, verdict: 'wrong', found: text, reason: `wanted: ${address} is at ${needed}`, remedy: APPLY },
      mac,
    }
  if (found.fields.macAddress === needed) return { hop: { hop: kind, verdict: 'right', found: text }, mac }
  const remedy = found.name === wanted.name ? APPLY : tmshDelete(found)
  const reason = `the node's end of the tunnel has ${needed}`
  return { hop: { hop: kind, verdict: 'wrong', found: text, reason, remedy }, mac }
}

/** @param mac of the neighbour; undefined: found out by flooding, to those that records lead to */
function recordHop(
  { desire, actual, domain, node }: DeviceReading,
  mac: string | undefined,
  tunnel: Row<'tunnel'>,
): { readonly hop: JourneyHop; readonly endpoint: string | undefined } {
  const hop = 'FDB record'
  const records = (rows: readonly Row[]) =>
    rows.filter((row): row is Row<'FDB record'> => row.kind === hop && row.parent === tunnel.name)
  const endpoints =
    node === undefined
      ? []
      : [...node.vteps.map(({ endpoint }) => endpoint), ...node.addresses.map(({ address }) => address)]
  const isMeant = ({ name, fields }: Row<'FDB record'>) =>
    mac === undefined ? endpoints.includes(withoutDomain(fields.endpoint, domain) ?? '') : name === mac
  const wanted = records(desire.rows).find(isMeant)
  const key = wanted?.name ?? mac
  const found = records(actual).find(row => (key === undefined ? isMeant(row) : row.name === key))
  const text = found === undefined ? 'none' : `${found.name} → ${found.fields.endpoint}`
  const endpoint = wanted?.fields.endpoint ?? found?.fields.endpoint
  if (found !== undefined && found.fields.endpoint === (wanted ?? found).fields.endpoint)
    return { hop: { hop, verdict: wanted === undefined ? 'unknown' : 'right', found: text }, endpoint }
  const reason =
    wanted === undefined ? 'none is wanted for this node' : `wanted: ${wanted.name} → ${wanted.fields.endpoint}`
  return {
    hop: { hop, verdict: 'wrong', found: text, reason, remedy: wanted === undefined ? 'podpeer bigip status' : APPLY },
    endpoint,
  }
}

/** The way of the encapsulated packet. */
function vtepHop({ actual, domain }: DeviceReading, endpoint: string): JourneyHop {
  const address = parseAddress(withoutDomain(endpoint, domain) ?? endpoint)
  const way = deviceWay(actual, address, domain)
  const hop = 'underlay'
  if (way?.out === undefined)
    return {
      ...{ hop, verdict: 'wrong', found: 'none' },
      reason: `the device has no way to the node's VTEP ${address}`,
      remedy: `tmsh create net route NAME network ${address} gw GATEWAY`,
    }
  if (actual.some(row => row.kind === 'tunnel' && row.name === way.out))
    return {
      ...{ hop, verdict: 'wrong', found: wayText(way) },
      reason: `packets to the node's VTEP ${address} would go into the tunnel again`,
      remedy: 'give the device a longer route to it',
    }
  return { hop, verdict: 'right', found: wayText(way) }
}

/** What takes in the packets of pods: tunnel and profile as wanted, and the self IPs of their family that they are sent to. */
function arrivalHops({ desire, actual, pod }: DeviceReading): JourneyHop[] {
  const wanted = [...desire.rows, ...desire.expectations]
  const found = new Map(actual.map(row => [rowKey(row), row]))
  const isOfPod = (row: Row, tunnel: string) =>
    row.kind === 'self IP' && row.fields.vlan === tunnel && row.fields.address.includes(':') === (pod.family === 6)
  const tunnels = new Set(
    wanted
      .filter(({ kind, name }) => kind === 'tunnel' && [...wanted, ...actual].some(row => isOfPod(row, name)))
      .map(({ name }) => name),
  )
  return wanted
    .filter(row => isArrival(row, tunnels))
    .map(row => {
      const { kind: hop, name } = row
      const there = found.get(rowKey(row))
      if (there === undefined)
        return { hop, verdict: 'wrong', found: `${name}: none`, reason: 'it is not there', remedy: tmshCreate(row) }
      const differences = differencesOf(row, there).filter(({ field }) => !UNCONCERNED.includes(field))
      if (differences.length === 0) return { hop, verdict: 'right', found: name }
      return { hop, verdict: 'wrong', found: name, reason: renderDifferences(differences), remedy: APPLY }
    })
}

/** Who may speak to a self IP, and what is said of an object, is nothing to packets of pods. */
const UNCONCERNED = ['allowService', 'description']

function isArrival(row: Row, tunnels: ReadonlySet<string>): boolean {
  if (row.kind === 'self IP') return tunnels.has(row.fields.vlan)
  return row.kind === 'vxlan profile' || (row.kind === 'tunnel' && tunnels.has(row.name))
}

function profileOf({ fields }: Row<'tunnel'>, rows: readonly Row[]): Row<'vxlan profile'> | undefined {
  const profile = rows.find(row => row.kind === 'vxlan profile' && row.name === fields.profile)
  return profile?.kind === 'vxlan profile' ? profile : undefined
}

/** The route comes by BGP, which is judged by the session that brings it, and by what would win over it. */
function bgpHops({ actual, pod, domain, node, neighbors, desire }: DeviceReading): JourneyHop[] {
  const [cidr] = node?.podCIDRs.map(({ prefix }) => parsePrefix(prefix)).filter(prefix => prefix.contains(pod)) ?? []
  const shadow = deviceWay(actual, pod, domain)
  const hides = shadow !== undefined && cidr !== undefined && shadow.prefix.length >= cidr.length
  const route: JourneyHop =
    hides && shadow.row.kind === 'route'
      ? {
          ...{ hop: 'route', verdict: 'wrong', found: wayText(shadow) },
          reason: `it wins over what BGP tells of ${cidr}`,
          remedy: tmshDelete(shadow.row),
        }
      : { hop: 'route', verdict: 'right', found: 'no static route wins over that of BGP' }
  return [
    route,
    sessionHop(
      neighbors.filter(one => parseAddress(one.address).family === pod.family),
      node,
      desire,
    ),
  ]
}

/** @param neighbors of the family of the pod, which their sessions carry */
function sessionHop(
  neighbors: readonly NeighborState[],
  node: NodeNetwork | undefined,
  { published: { reflectors } }: DeviceReading['desire'],
): JourneyHop {
  const hop = 'BGP'
  const addresses =
    reflectors.length > 0
      ? reflectors.flatMap(one => one.addresses)
      : (node?.addresses.map(({ address }) => address) ?? [])
  const who = reflectors.length > 0 ? 'a reflector' : node === undefined ? 'the node' : `Node ${node.name}`
  const own = neighbors.filter(({ address }) => addresses.includes(address))
  const up = own.find(({ prefixes }) => prefixes !== undefined)
  if (up !== undefined) {
    const found = `${up.address} Established, ${up.prefixes} prefixes`
    if (up.prefixes! > 0) return { hop, verdict: 'right', found }
    return {
      hop,
      verdict: 'wrong',
      found,
      reason: `${who} announces nothing`,
      remedy: 'podpeer routes advertised, there',
    }
  }
  const [first] = own
  const found = first === undefined ? 'none' : `${first.address} ${first.state}`
  if (node === undefined && reflectors.length === 0) return { hop, verdict: 'unknown', found }
  return {
    ...{ hop, verdict: 'wrong', found },
    reason: `the device has no session with ${who}`,
    remedy: first === undefined ? APPLY : 'podpeer peers, there; podpeer doctor',
  }
}
