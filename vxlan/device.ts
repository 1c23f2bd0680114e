/**
 * Judges the VXLAN devices of a node: which one carries packets to BIG-IP, and what about it is wrong. Pure.
 *
 * Octets that encapsulation adds to a packet (RFC 7348 §5): Ethernet 14, VXLAN 8, UDP 8, IPv4 20 or IPv6 40.
 */
import type { Address, Family } from '../lib/base/ip.ts'
import type { Link, Vxlan } from '../lib/linux/netlink/link.ts'
import type { Overlay } from './vtep.ts'

/** Of the outer header's family. */
export const OVERHEAD: Readonly<Record<Family, number>> = { 4: 50, 6: 70 }

export interface CarryingDevice {
  readonly link: Link
  readonly vxlan: Vxlan
}

/** Something about a device that keeps packets from coming through, with both values and what to do. */
export interface DeviceFault {
  /** Stable: `vni`, `port`, `mtu`, `local-address`, `learning`, `family`, `checksum`, `missing`, `ambiguous`, `down`. */
  readonly code: string
  readonly sentence: string
  /** Packets may go through all the same. */
  readonly harmless?: true
}

export interface DeviceVerdict {
  /** Undefined: rows would serve nothing. */
  readonly device: CarryingDevice | undefined
  readonly faults: readonly DeviceFault[]
}

/**
 * @param endpoints of the VTEPs to be reached
 * @param nodeAddresses of this node, any family; empty: not known
 */
export function judgeDevices(
  links: readonly Link[],
  overlay: Overlay,
  endpoints: readonly Address[],
  nodeAddresses: readonly Address[],
): DeviceVerdict {
  const found = find(links, overlay, endpoints[0]?.family)
  if ('code' in found) return { device: undefined, faults: [found] }
  const faults = [...fatal(found, overlay, endpoints), ...harmful(found, links, endpoints, nodeAddresses)]
  return { device: faults.some(({ harmless }) => !harmless) ? undefined : found, faults }
}

/** Flannel's devices for IPv4 and IPv6 have one VNI and one port: they differ in what they send over. */
function find(
  links: readonly Link[],
  { device, vni, port }: Overlay,
  outer: Family | undefined,
): CarryingDevice | DeviceFault {
  const tunnels = links.flatMap(link => (link.vxlan === undefined ? [] : [{ link, vxlan: link.vxlan }]))
  if (device !== undefined) {
    const named = tunnels.find(({ link }) => link.name === device)
    if (named !== undefined) return named
    const other = links.find(({ name }) => name === device)
    const what = other === undefined ? `there is no device ${device}` : `${device} is no VXLAN device`
    return { code: 'missing', sentence: `${what}: the CNI makes it when it starts; else name another device` }
  }
  const alike = tunnels.filter(({ vxlan }) => vxlan.vni === vni && vxlan.port === port && !vxlan.external)
  const suiting = alike.filter(({ vxlan }) => vxlan.local === undefined || vxlan.local.family === outer)
  const [first, second] = suiting.length > 0 ? suiting : alike
  if (first === undefined) return nothing(tunnels, vni, port)
  if (second === undefined) return first
  const both = `${first.link.name} and ${second.link.name}`
  return { code: 'ambiguous', sentence: `${both} both have VNI ${vni} and port ${port}: name the device to be used` }
}

function nothing(tunnels: readonly CarryingDevice[], vni: number, port: number): DeviceFault {
  const wanted = `no device has VNI ${vni} and UDP port ${port}`
  if (tunnels.length === 0)
    return { code: 'missing', sentence: `${wanted}, for there is no VXLAN device: is the CNI's agent running?` }
  const there = tunnels.map(({ link, vxlan }) => `${link.name} has VNI ${vxlan.vni} and port ${vxlan.port}`).join(', ')
  const [{ vxlan: only }] = tunnels as [CarryingDevice]
  const code = only.vni === vni ? 'port' : 'vni'
  return { code, sentence: `${wanted}: ${there}; BIG-IP's tunnel key and profile port must be the same` }
}

function* fatal(
  { link, vxlan }: CarryingDevice,
  { vni, port }: Overlay,
  endpoints: readonly Address[],
): Generator<DeviceFault> {
  const { name } = link
  if (vxlan.external)
    yield {
      code: 'vni',
      sentence: `${name} is told with each packet where it goes (external): rows in its FDB do nothing`,
    }
  else if (vxlan.vni !== vni)
    yield { code: 'vni', sentence: `${name} has VNI ${vxlan.vni}, BIG-IP's tunnel has key ${vni}: make them the same` }
  if (vxlan.port !== port)
    yield {
      code: 'port',
      sentence: `${name} uses UDP port ${vxlan.port}, BIG-IP's profile has ${port}: make them the same`,
    }
  const family = vxlan.local?.family
  const stranger = family && endpoints.find(endpoint => endpoint.family !== family)
  if (stranger !== undefined)
    yield {
      code: 'family',
      sentence: `${name} sends over IPv${family}, but ${stranger} is BIG-IP's VTEP: give BIG-IP's tunnel a local address of IPv${family}`,
    }
  if (!link.up) yield { code: 'down', sentence: `${name} is down: ip link set ${name} up`, harmless: true }
}

function* harmful(
  { link, vxlan }: CarryingDevice,
  links: readonly Link[],
  endpoints: readonly Address[],
  nodeAddresses: readonly Address[],
): Generator<DeviceFault> {
  const { name, mtu } = link
  const { local } = vxlan
  const harmless = true
  if (local !== undefined && nodeAddresses.length > 0 && !nodeAddresses.some(address => address.equals(local)))
    yield {
      code: 'local-address',
      sentence: `${name} sends from ${local}, the Node says ${nodeAddresses.join(', ')}: BIG-IP's record must lead to ${local}`,
      harmless,
    }
  if (vxlan.learning)
    yield {
      code: 'learning',
      sentence: `${name} has learning, so that packets can move our rows: ip link set ${name} type vxlan nolearning`,
      harmless,
    }
  const below = links.find(({ index }) => index === vxlan.below)
  const outer = local?.family ?? endpoints[0]?.family ?? 4
  const most = below === undefined ? undefined : below.mtu - OVERHEAD[outer]
  if (below !== undefined && most !== undefined && mtu > most)
    yield {
      code: 'mtu',
      sentence: `${name} has MTU ${mtu}, but ${below.name} below it only ${below.mtu}, and VXLAN over IPv${outer} adds ${OVERHEAD[outer]}: set it to ${most}`,
      harmless,
    }
  if (outer === 6 && !vxlan.zeroChecksum6)
    yield {
      code: 'checksum',
      sentence: `${name} has noudp6zerocsumrx, so that it drops packets over IPv6 with UDP checksum 0, which is what BIG-IP may send (RFC 7348): make it with udp6zerocsumrx`,
      harmless,
    }
}
