/**
 * Judges the way of packets between a pod and a BIG-IP on the node where the pod runs, hop by hop: what the kernel does with
 * them beside what is wanted. Through a tunnel in both directions; without one the way out of the node. Pure: what the kernel
 * says comes in as values, and it is asked for each hop by itself, so that a fault does not hide what lies behind it.
 */
import { type Address, bitsOf } from '../lib/base/ip.ts'
import type { Journey, JourneyHop } from '../lib/base/journey.ts'
import type { Link } from '../lib/linux/netlink/link.ts'
import { MAIN_TABLE } from '../lib/linux/netlink/route.ts'
import { type OverlayRow, rowContent } from '../lib/linux/overlay/row.ts'
import { type Forwarding, type FoundFdbRow, tableName, type Way } from '../lib/linux/overlay/way.ts'
import { renderSysctl } from '../lib/linux/sysctl.ts'
import type { DeviceVerdict } from './device.ts'
import type { Vtep } from './vtep.ts'

/** Where packets to an address go: `here` is a pod of this node, behind a link of it; `elsewhere` another node or the outside. */
export type PodPlace =
  | { readonly place: 'here'; readonly link: Link }
  | { readonly place: 'elsewhere' | 'nowhere'; readonly reason: string }

/**
 * @param way of a packet of this machine's own
 * @param ours whether the address is in a pod CIDR of this node; where none are known, a route to it alone tells a pod, too
 */
export function placeOf({ to, route, refusal }: Way, ours: boolean): PodPlace {
  const nothing = ours ? 'nowhere' : 'elsewhere'
  if (route === undefined) return { place: nothing, reason: `${to}: ${refusalText(refusal)}` }
  const { link, gateway, text, type, prefix } = route
  if (type === 'local') return { place: 'elsewhere', reason: `${to} is an address of this node itself` }
  if (type !== 'unicast' || link === undefined) return { place: nothing, reason: text }
  const isAlone = gateway === undefined && prefix.length === bitsOf(to.family)
  const isPod = link.vxlan === undefined && prefix.length > 0 && (ours || isAlone)
  return isPod ? { place: 'here', link } : { place: 'elsewhere', reason: text }
}

/** What the kernel says of the ways between a pod of this node and one VTEP. */
export interface VtepReading {
  readonly pod: Address
  /** The link behind which the pod is. */
  readonly podLink: Link
  /** To the pod, of this machine's own packets. */
  readonly toPod: Way
  readonly vtep: Vtep
  /** Of the one that carries its packets. */
  readonly device: DeviceVerdict
  /** `vtepRows` of all VTEPs on that device. */
  readonly wanted: readonly OverlayRow[]
  /** To its self IP, from the pod. */
  readonly out: Way
  /** Where frames to its MAC address go. */
  readonly fdb: FoundFdbRow | undefined
  /** To its endpoint. */
  readonly outer: Way
  /** To the pod, from its self IP, coming in by the device; undefined: there is no device. */
  readonly back: Way | undefined
  /** Of the pod's link and of the device. */
  readonly forwarding: { readonly out: Forwarding; readonly back: Forwarding | undefined }
  /** Absent where BIG-IP knows the pod's MAC address without asking. */
  readonly answer?: AnswerReading
}

/** What becomes of BIG-IP's question, by ARP or NDP, where the pod is. */
export interface AnswerReading {
  /** The agent is to see to it. */
  readonly wished: boolean
  /** Whose proxy neighbour answers; undefined: there is none. */
  readonly proxy: string | undefined
  /** Of the device. */
  readonly sysctls: readonly { readonly name: string; readonly wanted: string; readonly found: string }[]
}

/** On the node, first from the pod to BIG-IP, then from BIG-IP to the pod. */
export function judgeTunnel(reading: VtepReading): readonly [Journey, Journey] {
  const { pod, vtep } = reading
  const tunnel = tunnelHop(reading)
  return [
    {
      from: pod.toString(),
      to: vtep.name,
      hops: [
        podHop(reading),
        tunnel,
        forwardingHop(reading.podLink.name, pod, reading.forwarding.out),
        ...wayHops(reading),
        neighborHop(reading),
        fdbHop(reading),
        outerHop(reading),
      ],
    },
    {
      from: vtep.name,
      to: pod.toString(),
      hops: [tunnel, ...answerHops(reading), ...arrivalHops(reading), podHop(reading)],
    },
  ]
}

function podHop({ pod, podLink, toPod }: Pick<VtepReading, 'pod' | 'podLink' | 'toPod'>): JourneyHop {
  const { route, neighbor } = toPod
  const found = route?.text ?? ''
  const owner = route?.owner ?? 'another'
  const hop = 'pod'
  if (!podLink.up || !podLink.carrier)
    return {
      ...{ hop, verdict: 'wrong', found, owner },
      reason: `${podLink.name} is down, or nothing is at its other end`,
      remedy: `ip link set ${podLink.name} up; else see whether the pod runs`,
    }
  if (neighbor !== undefined && neighbor.mac === undefined)
    return {
      ...{ hop, verdict: 'wrong', found, owner },
      reason: `nobody on ${podLink.name} answers for ${pod}: no pod has this address now`,
      remedy: 'kubectl get pods -A -o wide',
    }
  return { hop, verdict: 'right', found, owner }
}

function tunnelHop({ device: { device, faults } }: VtepReading): JourneyHop {
  const hop = 'tunnel'
  const fatal = faults.find(({ harmless, code }) => !harmless || code === 'down')
  const found =
    device === undefined
      ? 'none'
      : `dev ${device.link.name} vxlan id ${device.vxlan.vni} dstport ${device.vxlan.port} mtu ${device.link.mtu}`
  if (fatal !== undefined) return { hop, verdict: 'wrong', found, reason: fatal.sentence }
  const [doubt] = faults
  return { hop, verdict: 'right', found, ...(doubt !== undefined && { reason: doubt.sentence }) }
}

function forwardingHop(link: string, { family }: Address, { on }: Forwarding): JourneyHop {
  const setting = renderSysctl(`net/ipv${family}/conf/${link}/forwarding`)
  const found = `${setting} = ${on ? 1 : 0}`
  if (on) return { hop: 'forwarding', verdict: 'right', found }
  return {
    ...{ hop: 'forwarding', verdict: 'wrong', found },
    reason: `the node does not pass on what comes in by ${link}`,
    remedy: `sysctl -w ${setting}=1`,
  }
}

/** Rule and route out of the node. */
function wayHops(reading: VtepReading): JourneyHop[] {
  const { out, vtep, device, wanted, podLink, forwarding } = reading
  const name = device.device?.link.name
  const row = wanted.find(one => one.kind === 'route' && one.prefix.contains(vtep.selfIP))
  const needed = row?.kind === 'route' ? `${row.prefix} ${rowContent(row)}` : 'a route through the tunnel'
  const table = (row?.kind === 'route' ? row.table : undefined) ?? MAIN_TABLE
  const { route, rule } = out
  if (!forwarding.out.on) return UNASKED
  if (route === undefined)
    return [
      UNTOLD,
      refusedSource(out, podLink, forwarding.out) ?? {
        ...{ hop: 'route', verdict: 'wrong', found: 'none' },
        reason: `${refusalText(out.refusal)}; wanted: ${needed}`,
        // ours may be in place all the same, behind a rule of somebody else
        remedy:
          out.refusal === 'ENETUNREACH' ? RESTORE : `find it: ip rule; ip route show table all match ${vtep.selfIP}`,
      },
    ]
  const leads = name !== undefined && route.link?.name === name
  const ruleFound = { found: rule?.text ?? `lookup ${tableName(route.table)}`, ...(rule && { owner: rule.owner }) }
  const strays = !leads && route.table !== table
  return [
    strays
      ? {
          ...{ hop: 'rule', verdict: 'wrong', ...ruleFound },
          reason: `packets of the pod do not get to table ${tableName(table)}, where the route to BIG-IP is`,
          remedy: `ip rule add to ${vtep.selfIP} lookup ${tableName(table)} priority 500`,
        }
      : { hop: 'rule', verdict: 'right', ...ruleFound },
    leads
      ? { hop: 'route', verdict: 'right', found: route.text, owner: route.owner }
      : {
          ...{ hop: 'route', verdict: 'wrong', found: route.text, owner: route.owner },
          reason: `it does not lead into the tunnel; wanted: ${needed}`,
          remedy: strays || route.prefix.length < bitsOf(vtep.selfIP.family) ? RESTORE : `ip route del ${route.text}`,
        },
  ]
}

/** What is dropped before gets no answer of its own. */
const UNASKED: JourneyHop[] = ['rule', 'route'].map(hop => ({ hop, verdict: 'unknown', found: 'not looked up' }))
const UNTOLD: JourneyHop = { hop: 'rule', verdict: 'unknown', found: 'the kernel tells none where it drops' }
const RESTORE = 'the agent puts it there; where it does not, podpeer vxlan -o wide says why'

/** IPv4 alone: the kernel tells of a source that it would not answer to through this link as of a bad request. */
function refusedSource({ refusal }: Way, link: Link, { reversePathFilter }: Forwarding): JourneyHop | undefined {
  if ((refusal !== 'EINVAL' && refusal !== 'EXDEV') || reversePathFilter === 0) return undefined
  const setting = renderSysctl(`net/ipv4/conf/${link.name}/rp_filter`)
  return {
    ...{ hop: 'reverse path', verdict: 'wrong', found: `rp_filter ${reversePathFilter} for ${link.name}` },
    reason: `answers would not leave by ${link.name}, so that the kernel drops what comes in by it`,
    remedy:
      reversePathFilter === 1
        ? `sysctl -w ${setting}=2 net.ipv4.conf.all.rp_filter=2, or mend the route to the source`
        : 'mend the route to the source',
  }
}

function neighborHop({ out, vtep, device, wanted }: VtepReading): JourneyHop {
  const hop = 'neighbour'
  const name = device.device?.link.name
  const through = out.route !== undefined && out.route.link?.name === name
  if (!through || name === undefined)
    return { hop, verdict: 'unknown', found: 'not asked for: the route leads elsewhere' }
  const { neighbor } = out
  const address = out.route?.gateway ?? vtep.selfIP
  const needed = wantedMac(wanted, address) ?? vtep.mac
  if (neighbor?.mac === undefined)
    return {
      ...{ hop, verdict: 'wrong', found: `${address} dev ${name}: none` },
      reason: `wanted: ${address} lladdr ${needed}`,
      remedy: RESTORE,
    }
  const found = `${address} dev ${name} lladdr ${neighbor.mac}`
  const { owner } = neighbor
  if (neighbor.mac === needed) return { hop, verdict: 'right', found, owner }
  return {
    ...{ hop, verdict: 'wrong', found, owner },
    reason: `BIG-IP's end of the tunnel has ${needed}`,
    remedy: owner === 'podpeer' ? RESTORE : `ip neigh del ${address} dev ${name}`,
  }
}

function wantedMac(wanted: readonly OverlayRow[], address: Address): string | undefined {
  const row = wanted.find(one => one.kind === 'neighbor' && one.address.equals(address))
  return row?.kind === 'neighbor' ? row.mac : undefined
}

function fdbHop({ vtep, device, wanted, fdb }: VtepReading): JourneyHop {
  const hop = 'FDB row'
  const name = device.device?.link.name
  if (name === undefined) return { hop, verdict: 'unknown', found: 'no device' }
  // a masqueraded MAC address is that of the other unit while it serves
  const row = wanted.find(one => one.kind === 'fdb' && one.mac === vtep.mac)
  const needed = row?.kind === 'fdb' ? row.endpoint : vtep.endpoint
  if (fdb === undefined)
    return {
      ...{ hop, verdict: 'wrong', found: `${vtep.mac} dev ${name}: none` },
      reason: `wanted: ${vtep.mac} dst ${needed}`,
      remedy: RESTORE,
    }
  const { endpoint, owner } = fdb
  const found = `${vtep.mac} dev ${name} dst ${endpoint}`
  if (endpoint.equals(needed)) return { hop, verdict: 'right', found, owner }
  return {
    ...{ hop, verdict: 'wrong', found, owner },
    reason: `BIG-IP's VTEP is ${needed}`,
    remedy: owner === 'podpeer' ? RESTORE : `bridge fdb del ${vtep.mac} dev ${name}`,
  }
}

/** Encapsulated. */
function outerHop({ outer, device, vtep }: VtepReading): JourneyHop {
  return underlayHop(outer, device.device?.link.name, `the VTEP ${vtep.endpoint}`)
}

function underlayHop({ to, route, refusal, neighbor }: Way, tunnel: string | undefined, what: string): JourneyHop {
  const hop = 'underlay'
  if (route === undefined)
    return {
      ...{ hop, verdict: 'wrong', found: `${to}: none` },
      reason: `${what} cannot be reached: ${refusalText(refusal)}`,
      remedy: `give the node a route to ${to}`,
    }
  const { text: found, owner, link } = route
  const is = (reason: string, remedy: string): JourneyHop => ({ hop, verdict: 'wrong', found, owner, reason, remedy })
  if (route.type !== 'unicast' || link === undefined)
    return is(`the kernel keeps packets to ${what} here`, `see ip route get ${to}`)
  if (link.name === tunnel)
    return is(`packets to ${what} would go into the tunnel again`, `give the node a route to ${to} outside of it`)
  if (!link.up || !link.carrier) return is(`${link.name} is down`, `ip link set ${link.name} up`)
  if (neighbor !== undefined && neighbor.mac === undefined && link.mac.length > 0)
    return is(`nobody on ${link.name} answers for ${neighbor.address}`, `see whether ${neighbor.address} is there`)
  return { hop, verdict: 'right', found, owner }
}

/** Before a packet comes BIG-IP asks. */
function answerHops({ pod, device, answer }: VtepReading): JourneyHop[] {
  const name = device.device?.link.name
  if (answer === undefined || name === undefined) return []
  const hop = 'answer'
  const question = pod.family === 4 ? 'ARP' : 'NDP'
  const { proxy: owner, sysctls, wished } = answer
  if (owner === undefined)
    return [
      {
        ...{ hop, verdict: 'wrong', found: `proxy ${pod} dev ${name}: none` },
        reason: `BIG-IP asks all nodes by ${question} (arp: none), and nobody here answers for ${pod}`,
        remedy: wished ? RESTORE : "write overlay: { answers: true } into the agents' configuration",
      },
    ]
  const found = `proxy ${pod} dev ${name}`
  const [wrong] = sysctls.filter(one => one.found !== one.wanted)
  if (wrong === undefined) return [{ hop, verdict: 'right', found, owner }]
  const setting = renderSysctl(wrong.name)
  const reason = `${setting} = ${wrong.found}: ${WRONG_SYSCTLS[wrong.name.split('/').at(-1)!]}`
  const isMute = wrong.name.endsWith('/proxy_ndp')
  return [
    {
      ...{ hop, verdict: isMute ? 'wrong' : 'right', found, owner, reason },
      ...(isMute && { remedy: `sysctl -w ${setting}=${wrong.wanted}` }),
    },
  ]
}

const WRONG_SYSCTLS: Readonly<Record<string, string>> = {
  proxy_ndp: 'the kernel does not answer for proxy neighbours',
  proxy_arp: 'the node answers for all that it has a route to, so that BIG-IP may be told of a wrong one',
  proxy_delay: 'the answer waits, and with it the first packet',
}

/** Out of the tunnel, on the way to the pod. */
function arrivalHops({ pod, device, back, forwarding, out, vtep }: VtepReading): JourneyHop[] {
  const link = device.device?.link
  if (link === undefined || back === undefined || forwarding.back === undefined)
    return [{ hop: 'forwarding', verdict: 'unknown', found: 'no device' }]
  const passes = forwardingHop(link.name, pod, forwarding.back)
  const { refusal } = back
  if (refusal === undefined || passes.verdict === 'wrong') return [passes]
  const refused = refusedSource(back, link, forwarding.back)
  if (refused !== undefined && out.route?.link?.index !== link.index)
    return [
      passes,
      {
        ...refused,
        reason: `answers to ${vtep.selfIP} would not leave by ${link.name}, so that the kernel drops what comes from it`,
      },
    ]
  return [
    passes,
    refused ?? {
      hop: 'route',
      verdict: 'wrong',
      found: `${pod}: none`,
      reason: refusalText(refusal),
      remedy: 'see ip route',
    },
  ]
}

/** What the kernel says of the way from a pod of this node to a BIG-IP that is reached without a tunnel. */
export interface DirectReading extends Pick<VtepReading, 'pod' | 'podLink' | 'toPod'> {
  /** `BIGIP/UNIT` */
  readonly name: string
  /** To its address, from the pod. */
  readonly out: Way
  /** Of the pod's link. */
  readonly forwarding: Forwarding
}

export function judgeDirect(reading: DirectReading): Journey {
  const { pod, podLink, name, out, forwarding } = reading
  const rule: JourneyHop =
    out.route === undefined
      ? UNTOLD
      : {
          ...{ hop: 'rule', verdict: 'right', found: out.rule?.text ?? `lookup ${tableName(out.route.table)}` },
          ...(out.rule && { owner: out.rule.owner }),
        }
  const way = refusedSource(out, podLink, forwarding) ?? { ...underlayHop(out, undefined, name), hop: 'route' }
  return {
    from: pod.toString(),
    to: name,
    hops: [podHop(reading), forwardingHop(podLink.name, pod, forwarding), ...(forwarding.on ? [rule, way] : UNASKED)],
  }
}

function refusalText(code: string | undefined): string {
  switch (code) {
    case 'EHOSTUNREACH':
      return 'a route says that it is unreachable'
    case 'EACCES':
      return 'a route prohibits it'
    case 'EINVAL':
      return 'a route is a blackhole for it'
    default:
      return 'there is no route to it'
  }
}
