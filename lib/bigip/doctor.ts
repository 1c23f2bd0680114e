/**
 * What `podpeer doctor` looks for beside what modes and plan find by themselves: everything is set up as it should be, and still
 * no packet arrives. Pure: facts, network and routes of a device in, findings out; the same for a node and its firewall.
 */
import { parseAddress } from '../base/ip.ts'
import { type Prefix, parsePrefix } from '../base/prefix.ts'
import type { ClusterNetwork } from '../cni/network.ts'
import { type Chain, droppedBy, type Packet } from '../linux/firewall/ruleset.ts'
import type { DeviceFacts } from './facts.ts'
import type { Finding } from './finding.ts'
import type { Desire } from './mode/desire.ts'
import type { UnitSpec } from './resource.ts'
import type { Row } from './row.ts'

export interface Examination {
  readonly unit: UnitSpec
  readonly desire: Desire
  readonly facts: DeviceFacts
  readonly network: ClusterNetwork
  /** All routes of the device, other owners' too; absent: not read. */
  readonly routes?: readonly Row<'route'>[]
  /** Whether podpeer has changed what the device would lose with a reboot. */
  readonly unsaved?: boolean
}

export function diagnose(examination: Examination): Finding[] {
  const findings = [
    ...overlayMismatch(examination),
    ...bfdLockdown(examination),
    ...notSaved(examination),
    ...shadowingRoutes(examination),
    ...serversWithoutSnat(examination),
    ...snatPoolsOffTunnel(examination),
  ]
  return findings.map(finding => ({ ...finding, subject: `unit ${examination.unit.name}` }))
}

/** What the nodes have to let in of a device for what is wanted of it. */
export function trafficOf({ published, rows, expectations }: Desire): Traffic[] {
  const { vtep = {}, bgp } = published
  const endpoints = [vtep.address, vtep.address6].filter(address => address !== undefined)
  const ports = [...rows, ...expectations].flatMap(row => (row.kind === 'vxlan profile' ? row.fields.port : []))
  return [
    ...(endpoints.length === 0
      ? []
      : ports.map(port => ({ what: 'VXLAN', protocol: 'udp' as const, port, sources: endpoints }))),
    ...(bgp === undefined ? [] : [{ what: 'BGP', protocol: 'tcp' as const, port: 179, sources: bgp.addresses }]),
  ]
}

type Unaddressed = Omit<Finding, 'subject'>

/** Nodes and device drop what comes with another VNI, or to another port. */
function overlayMismatch({ desire, network: { vxlan, cni } }: Examination): Unaddressed[] {
  // Cilium's own VNI is another matter: from a VTEP it takes VNI 2 alone
  if (vxlan === undefined || cni !== 'flannel') return []
  const mismatch = (what: string, path: string, field: string, is: number, needed: number): Unaddressed[] =>
    is === needed
      ? []
      : [
          {
            code: 'overlay-mismatch',
            severity: 'error',
            cause: `${path} has ${what} ${is}, and the cluster's overlay ${needed}: neither takes the other's packets`,
            remedy: `remove spec.tunnel.${field}, or write ${needed} there`,
          },
        ]
  return [...desire.rows, ...desire.expectations].flatMap(row => {
    if (row.kind === 'tunnel') return mismatch('VNI', row.name, 'vni', row.fields.key, vxlan.vni)
    return row.kind === 'vxlan profile' ? mismatch('UDP port', row.name, 'port', row.fields.port, vxlan.port) : []
  })
}

/** Single-hop and multihop (RFC 5881 §4, RFC 5883 §5). */
const BFD_PORTS = ['udp:3784', 'udp:4784']

/** Where BGP is let in: that is judged by the mode. */
function bfdLockdown({ desire, facts }: Examination): Unaddressed[] {
  return (desire.published.bgp?.addresses ?? []).flatMap((address): Unaddressed[] => {
    const selfIP = facts.selfIPs.find(({ fields }) => sameHost(fields.address, address))
    const { allowService = ['all'] } = selfIP?.fields ?? {}
    const missing = BFD_PORTS.filter(
      port => ![port, 'udp:0', 'udp:any', 'all'].some(name => allowService.includes(name)),
    )
    if (selfIP === undefined || missing.length === 0) return []
    return [
      {
        code: 'port-lockdown-bfd',
        severity: 'note',
        cause: `port lockdown of ${address} does not let in ${missing.join(' and ')}: BFD beside BGP would not come up`,
        remedy: `tmsh modify net self ${selfIP.name} allow-service add { ${missing.join(' ')} }`,
      },
    ]
  })
}

function notSaved({ unsaved }: Examination): Unaddressed[] {
  if (unsaved !== true) return []
  return [
    {
      code: 'config-not-saved',
      severity: 'note',
      cause: 'there are changes that are not saved yet: a reboot now would bring back what was before them',
      remedy: 'wait a minute for podpeer to save them, or tmsh save sys config',
    },
  ]
}

/** Static routes beat what BGP learns, and longer ones anything. Ours go by themselves. */
function shadowingRoutes({ desire, network, routes = [] }: Examination): Unaddressed[] {
  if (desire.published.bgp === undefined) return []
  const podCIDRs = network.nodes.flatMap(({ podCIDRs, name }) =>
    podCIDRs.map(({ prefix }) => ({ node: name, prefix: parsePrefix(prefix) })),
  )
  return routes.flatMap((route): Unaddressed[] => {
    const shadow = networkOf(route)
    const hidden = shadow && podCIDRs.find(({ prefix }) => prefix.contains(shadow))
    if (hidden === undefined) return []
    const way = route.fields.gateway ?? route.fields.interface ?? 'nowhere'
    return [
      {
        code: 'static-route-shadows-bgp',
        severity: 'warning',
        cause: `the static route ${route.name} (${shadow} through ${way}) wins over what BGP learns of ${hidden.prefix} from Node ${hidden.node}, also when the node has gone or moved`,
        remedy: `tmsh delete net route ${route.name}`,
      },
    ]
  })
}

/** undefined: the default route, which is never longer than anything. */
function networkOf({ fields: { network } }: Row<'route'>): Prefix | undefined {
  return /^default/.test(network) ? undefined : parsePrefix(withoutDomain(network))
}

/** Pods answer the client itself then, past the device. */
function serversWithoutSnat({ facts, desire }: Examination): Unaddressed[] {
  const bare = facts.virtualServers.filter(
    ({ enabled, pool, snat }) => enabled && pool !== undefined && snat === 'none',
  )
  if (bare.length === 0) return []
  const listed = list(bare.map(({ path }) => path))
  const isOwn = desire.mode === 'podpeer-vxlan'
  return [
    {
      code: 'virtual-server-without-snat',
      ...{ severity: isOwn ? 'error' : 'warning' },
      cause: `${listed} ${bare.length === 1 ? 'does' : 'do'} not translate source addresses: pods answer the client directly, ${isOwn ? "for podpeer's own overlay leads back to this device's addresses alone" : 'unless their way to it leads through this device'}`,
      remedy: `tmsh modify ltm virtual ${bare[0]!.path} source-address-translation { type automap }`,
    },
  ]
}

/** Through an overlay nodes reach only what lies in the tunnel's subnets. */
function snatPoolsOffTunnel({ desire, facts }: Examination): Unaddressed[] {
  const subnets = desire.published.tunnelSubnets.map(text => parsePrefix(text))
  if (subnets.length === 0) return []
  const used = new Set(
    facts.virtualServers.flatMap(({ enabled, snat }) => (enabled && typeof snat === 'object' ? snat.pool : [])),
  )
  return facts.snatPools.flatMap(({ path, members }): Unaddressed[] => {
    if (!used.has(path)) return []
    const off = members.filter(member => {
      const address = parseAddress(withoutDomain(member))
      return !subnets.some(subnet => subnet.contains(address))
    })
    if (off.length === 0) return []
    return [
      {
        code: 'snat-pool-off-tunnel',
        severity: 'warning',
        cause: `the SNAT pool ${path} has ${list(off)}, outside of the tunnel's subnets (${list(desire.published.tunnelSubnets)}): pods' answers to it do not come back through the tunnel`,
        remedy: `tmsh modify ltm snatpool ${path} members replace-all-with { ${desire.published.selfIPs.map(text => text.split('/')[0]).join(' ')} }`,
      },
    ]
  })
}

/** What devices send to nodes. */
export interface Traffic {
  readonly what: string
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
  /** Of the device; none: not known, and only what is dropped from everywhere is told. */
  readonly sources: readonly string[]
}

/** @param chains by the firewall they belong to, the one whose words are best known first */
export function blockedOnNode(
  node: string,
  chains: ReadonlyMap<string, readonly Chain[]>,
  traffic: readonly Traffic[],
): Finding[] {
  return traffic.flatMap(({ what, protocol, port, sources }) => {
    const addresses = sources.length === 0 ? [undefined] : sources.map(text => parseAddress(text))
    return addresses.flatMap((source): Finding[] => {
      const packet: Packet = { family: source?.family ?? 4, protocol, port, ...(source && { source }) }
      for (const [firewall, rules] of chains) {
        const rule = droppedBy(rules, packet)
        if (rule === undefined) continue
        return [
          {
            code: 'node-firewall',
            severity: 'error',
            subject: `Node ${node}`,
            cause: `${firewall} drops ${what}, ${protocol} port ${port}${source ? ` from ${source}` : ''}: ${rule}`,
            remedy: acceptance(firewall, packet),
          },
        ]
      }
      return []
    })
  })
}

function acceptance(firewall: string, { family, protocol, port, source }: Packet): string {
  if (firewall === 'nft') {
    const from = source === undefined ? '' : `${family === 4 ? 'ip' : 'ip6'} saddr ${source} `
    return `nft insert rule FAMILY TABLE CHAIN ${from}${protocol} dport ${port} accept, in the chain named`
  }
  return `${firewall} -I INPUT${source === undefined ? '' : ` -s ${source}`} -p ${protocol} --dport ${port} -j ACCEPT`
}

function sameHost(selfIP: string, address: string): boolean {
  return parseAddress(withoutDomain(selfIP.split('/')[0]!)).equals(parseAddress(address))
}

/** `10.1.10.60%1/24` → `10.1.10.60/24`. */
function withoutDomain(text: string): string {
  return text.replace(/%\d+/, '')
}

function list(words: readonly string[]): string {
  return words.slice(0, 3).join(', ') + (words.length > 3 ? ` and ${words.length - 3} more` : '')
}
