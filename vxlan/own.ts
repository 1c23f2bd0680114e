/**
 * An overlay of podpeer's own, for clusters whose CNI has none that a BIG-IP could join: how each node's end of it is made, so
 * that controller and agent come to the same values by themselves. Pure. It carries traffic between BIG-IPs and pods alone.
 *
 * Rules: a device is ours when it has our name, is of kind VXLAN and has the MAC address that follows from the node's name; no
 * other is ever changed. A UDP port that another device holds is not shared: the kernel would hand packets to either.
 */
import { createHash } from 'node:crypto'
import type { Address, Family } from '../lib/base/ip.ts'
import { macBytes, macText } from '../lib/base/mac.ts'
import type { Link, LinkSpec } from '../lib/linux/netlink/link.ts'
import { type DeviceFault, OVERHEAD } from './device.ts'
import type { Overlay } from './vtep.ts'

/** Where nobody says others: ports of CNIs are 8472 and 4789. */
export const OWN_DEFAULTS = { vni: 179, port: 8479 } as const

/** Of the routes to BIG-IPs, and of the rules that lead to them in front of those of CNIs. */
export const OWN_TABLE = 17_900
export const OWN_PRIORITY = 500

/** Of the device for pods of a family: each sends over its own, as flannel's do. */
export const OWN_DEVICES: Readonly<Record<Family, string>> = { 4: 'podpeer.4', 6: 'podpeer.6' }

/** Of a node's end, in the normal form: locally administered, and the same as long as the node has its name. */
export function nodeMac(node: string, family: Family): string {
  const octets = createHash('sha256').update(`podpeer ${node} IPv${family}`).digest().subarray(0, 6)
  octets[0] = (octets[0]! & 0xfc) | 0x02
  return macText(octets)
}

export interface OwnDeviceWish {
  readonly node: string
  readonly overlay: Overlay
  /** Of this node, any family. */
  readonly addresses: readonly Address[]
  /** Through which packets to BIG-IP's VTEP leave; undefined: there is no way to it. */
  readonly underlay: Link | undefined
}

/**
 * `mend`: up, and with an MTU that leaves room for the headers; `make`: after `remove` has gone, where one is in the way that
 * is ours and not as wanted.
 */
export type OwnDevicePlan =
  | { readonly is: 'right' }
  | { readonly is: 'mend'; readonly link: Link; readonly mtu: number }
  | { readonly is: 'make'; readonly spec: LinkSpec & { readonly kind: 'vxlan' }; readonly remove: Link | undefined }
  | { readonly is: 'refused'; readonly fault: DeviceFault }

export function planOwnDevice(links: readonly Link[], wish: OwnDeviceWish): OwnDevicePlan {
  const { node, addresses, underlay } = wish
  const { family, vni, port } = wish.overlay
  const name = OWN_DEVICES[family]
  const there = links.find(link => link.name === name)
  if (there !== undefined && !isOwn(there, node, family))
    return refused('missing', `a device ${name} that is not podpeer's is in the way: delete or rename it`)
  // the device of the other family shares it: they take in packets of one family each
  const holder = links.find(link => link.vxlan?.port === port && !isOwn(link, node, 4) && !isOwn(link, node, 6))
  if (holder !== undefined)
    return refused(
      'port',
      `UDP port ${port} is held by ${holder.name}: write another under spec.tunnel.port of the BIGIP`,
    )
  const local = addresses.find(address => address.family === family)
  const isRight = there?.vxlan?.vni === vni && there.vxlan.port === port
  // as long as the Node is not known, the address is as it was
  if (there !== undefined && isRight && (local === undefined || there.vxlan.local?.equals(local)))
    return mended(there, underlay && underlay.mtu - OVERHEAD[family])
  if (local === undefined) return refused('local-address', `the Node has no IPv${family} address to send from`)
  if (underlay === undefined)
    return refused('missing', `there is no way to BIG-IP's VTEP, whose MTU ${name} would take`)
  const mtu = underlay.mtu - OVERHEAD[family]
  const mac = macBytes(nodeMac(node, family))
  return { is: 'make', spec: { kind: 'vxlan', name, mtu, mac, vni, port, local, learning: false }, remove: there }
}

/** @param most octets that its MTU may have; undefined: not known */
function mended(link: Link, most = link.mtu): OwnDevicePlan {
  if (link.up && link.mtu <= most) return { is: 'right' }
  return { is: 'mend', link, mtu: Math.min(link.mtu, most) }
}

/** Those that a former agent, or this one, made and that no overlay needs. */
export function ownLeftovers(links: readonly Link[], node: string, needed: ReadonlySet<Family>): Link[] {
  return ([4, 6] as const).flatMap(family => {
    const link = needed.has(family) ? undefined : links.find(({ name }) => name === OWN_DEVICES[family])
    return link !== undefined && isOwn(link, node, family) ? [link] : []
  })
}

function isOwn({ name, kind, mac }: Link, node: string, family: Family): boolean {
  return name === OWN_DEVICES[family] && kind === 'vxlan' && macText(mac) === nodeMac(node, family)
}

function refused(code: string, sentence: string): OwnDevicePlan {
  return { is: 'refused', fault: { code, sentence } }
}
