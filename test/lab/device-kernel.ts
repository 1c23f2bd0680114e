/**
 * The objects of a BIG-IP as entries of the kernel of one namespace: tunnels are VXLAN devices, FDB records FDB rows, self IPs
 * addresses, static ARP and NDP entries permanent neighbours, routes routes, virtual addresses addresses on lo. Knows no
 * REST and no BGP. Rules: a BIG-IP finds the way to a neighbour or gateway by its self IPs, and so does this; what has no way
 * yet, or lost it with its tunnel, waits until a self IP brings one.
 */
import { WorldFault } from '../../lib/base/failure.ts'
import { bitsOf, parseAddress } from '../../lib/base/ip.ts'
import { Prefix, parsePrefix } from '../../lib/base/prefix.ts'
import { inNamespace } from '../../lib/linux/namespace.ts'
import { addAddress, deleteAddress } from '../../lib/linux/netlink/address.ts'
import { createLink, deleteLink, findLink, setLink } from '../../lib/linux/netlink/link.ts'
import { NetlinkSocket } from '../../lib/linux/netlink/socket.ts'
import type {
  WorldFdbRecord,
  WorldNeighbor,
  WorldObject,
  WorldRoute,
  WorldSelfIp,
  WorldTunnel,
  WorldVirtualAddress,
} from '../bigip/device-world.ts'
import { ANY_MAC, type KernelRow, macBytes, putRow, removeRow } from './neighbors.ts'
import { changeRoute } from './network.ts'

export type KernelObject = Exclude<WorldObject, { kind: 'BGP' }>

/** Before all that a BGP daemon installs, as on the device; the kernel takes 0 for 1024 in IPv6. */
const STATIC_METRIC = 1
const LONGEST_NAME = 15

export class DeviceKernel {
  readonly #namespace: string
  readonly #links = new Map<string, string>()
  /** By kind and path, in the order they were made: all that is configured, in the kernel or not. */
  readonly #objects = new Map<string, KernelObject>()
  /** How to undo what is in the kernel, by the same keys. */
  readonly #present = new Map<string, (socket: NetlinkSocket) => void>()

  /**
   * @param namespace a path
   * @param vlans devices of the namespace by the paths of VLANs: `/Common/external`
   */
  constructor(namespace: string, vlans: ReadonlyMap<string, string>) {
    this.#namespace = namespace
    for (const [path, device] of vlans) this.#links.set(path, device)
  }

  /** @throws WorldFault with what the kernel refused */
  apply(changes: readonly { readonly before?: KernelObject; readonly after?: KernelObject }[]): void {
    this.#inside(socket => {
      for (const { before, after } of changes) {
        if (before !== undefined) this.#forget(socket, before)
        if (after !== undefined) this.#objects.set(keyOf(after), after)
        if (after !== undefined) this.#establish(socket, after)
      }
      // a new self IP may be the way that others wait for
      for (const object of this.#objects.values())
        if (!this.#present.has(keyOf(object))) this.#establish(socket, object)
    })
  }

  /** The device that plays a tunnel; undefined: there is none. */
  deviceOf(path: string): string | undefined {
    return this.#links.get(path)
  }

  /** The devices that play tunnels. */
  get tunnels(): string[] {
    return [...this.#objects.values()].flatMap(({ kind, path }) => (kind === 'tunnel' ? [this.#links.get(path)!] : []))
  }

  #forget(socket: NetlinkSocket, object: KernelObject): void {
    const key = keyOf(object)
    this.#objects.delete(key)
    this.#withdraw(socket, key)
    if (object.kind === 'tunnel') this.#links.delete(object.path)
    if (object.kind !== 'self IP' && object.kind !== 'tunnel') return
    // what went through it has lost its way, and is established anew where another leads
    for (const other of this.#objects.values())
      if (other.kind === 'ARP' || other.kind === 'NDP' || other.kind === 'route' || this.#isOn(other, object))
        this.#withdraw(socket, keyOf(other))
  }

  /** Whether it goes from the kernel together with the tunnel. */
  #isOn(object: KernelObject, carrier: KernelObject): boolean {
    if (carrier.kind !== 'tunnel') return false
    return object.kind === 'FDB record'
      ? object.tunnel === carrier.path
      : object.kind === 'self IP' && object.vlan === carrier.path
  }

  #withdraw(socket: NetlinkSocket, key: string): void {
    const undo = this.#present.get(key)
    this.#present.delete(key)
    try {
      undo?.(socket)
    } catch (thrown) {
      // it went with its device, or with the address that it was reached by
      const gone = thrown instanceof WorldFault && ['ENODEV', 'ESRCH', 'EADDRNOTAVAIL'].includes(thrown.code)
      if (!gone) throw thrown
    }
  }

  #establish(socket: NetlinkSocket, object: KernelObject): void {
    const undo = this.#make(socket, object)
    if (undo !== undefined) this.#present.set(keyOf(object), undo)
  }

  /** Undefined: there is no way to it now. */
  #make(socket: NetlinkSocket, object: KernelObject): ((socket: NetlinkSocket) => void) | undefined {
    switch (object.kind) {
      case 'tunnel':
        return this.#makeTunnel(socket, object)
      case 'self IP':
        return this.#makeSelfIp(socket, object)
      case 'FDB record':
        return this.#makeRecord(socket, object)
      case 'ARP':
      case 'NDP':
        return this.#makeNeighbor(socket, object)
      case 'route':
        return this.#makeRoute(socket, object)
      case 'virtual address':
        return makeVirtualAddress(socket, object)
    }
  }

  #makeTunnel(socket: NetlinkSocket, tunnel: WorldTunnel) {
    const name = this.#nameFor(tunnel)
    createLink(socket, {
      kind: 'vxlan',
      name,
      vni: tunnel.vni,
      port: tunnel.port,
      local: parseAddress(tunnel.localAddress),
      mac: macBytes(tunnel.mac),
      mtu: tunnel.mtu,
      // a device that floods learns from the answers
      learning: tunnel.flooding !== 'none',
    })
    const { index } = findLink(socket, name)
    setLink(socket, index, { up: true })
    this.#links.set(tunnel.path, name)
    return (socket: NetlinkSocket) => deleteLink(socket, index)
  }

  /** A device name has 15 characters, and a tunnel's may have more. */
  #nameFor({ path }: WorldTunnel): string {
    const name = path.split('/').at(-1)!
    const taken = new Set(this.#links.values())
    if (name.length <= LONGEST_NAME && !taken.has(name)) return name
    for (let number = 1; ; number++) if (!taken.has(`tunnel-${number}`)) return `tunnel-${number}`
  }

  #makeSelfIp(socket: NetlinkSocket, { address: text, vlan }: WorldSelfIp) {
    const device = this.#links.get(vlan)
    if (device === undefined) return undefined
    const { index } = findLink(socket, device)
    const [address = '', length] = text.split('/')
    addAddress(socket, index, parseAddress(address), Number(length))
    return (socket: NetlinkSocket) => deleteAddress(socket, index, parseAddress(address), Number(length))
  }

  #makeRecord(socket: NetlinkSocket, { tunnel, mac, endpoint }: WorldFdbRecord) {
    const device = this.#links.get(tunnel)
    if (device === undefined) return undefined
    const { index } = findLink(socket, device)
    const floods = (this.#objects.get(`tunnel ${tunnel}`) as WorldTunnel).flooding === 'multipoint'
    const rows: KernelRow[] = [mac, ...(floods ? [ANY_MAC] : [])].map(mac => ({
      kind: 'FDB row',
      link: index,
      mac,
      endpoint,
    }))
    for (const row of rows) putRow(socket, row)
    return (socket: NetlinkSocket) => {
      for (const row of rows) removeRow(socket, row)
    }
  }

  #makeNeighbor(socket: NetlinkSocket, { address, mac }: WorldNeighbor) {
    const device = this.#wayTo(address)
    if (device === undefined) return undefined
    const row: KernelRow = { kind: 'neighbor', link: findLink(socket, device).index, address, mac }
    putRow(socket, row)
    return (socket: NetlinkSocket) => removeRow(socket, row)
  }

  #makeRoute(socket: NetlinkSocket, { network, gateway, interface: out }: WorldRoute) {
    const device = gateway === undefined ? this.#links.get(out ?? '') : this.#wayTo(gateway)
    if (device === undefined) return undefined
    const link = findLink(socket, device).index
    // a gateway may lie in the very network that it leads to, as in `arp: node`
    const route = { prefix: network, ...(gateway !== undefined && { via: gateway, onlink: true }) }
    changeRoute(socket, 'replace', link, route, STATIC_METRIC)
    return (socket: NetlinkSocket) => changeRoute(socket, 'delete', link, route, STATIC_METRIC)
  }

  /** The device whose self IP has the longest subnet around an address. */
  #wayTo(text: string): string | undefined {
    const address = parseAddress(text)
    const [best] = [...this.#objects.values()]
      .filter(object => object.kind === 'self IP')
      .filter(({ vlan }) => this.#links.has(vlan))
      .map(({ address, vlan }) => ({ subnet: subnetOf(address), vlan }))
      .filter(({ subnet }) => subnet.family === address.family && subnet.contains(address))
      .sort((one, other) => other.subnet.length - one.subnet.length)
    return best && this.#links.get(best.vlan)
  }

  #inside(run: (socket: NetlinkSocket) => void): void {
    inNamespace(this.#namespace, () => {
      const socket = new NetlinkSocket()
      try {
        run(socket)
      } finally {
        socket.close()
      }
    })
  }
}

function makeVirtualAddress(socket: NetlinkSocket, { address: text, enabled }: WorldVirtualAddress) {
  // a virtual address that is a network (0.0.0.0/0 listens to all) is no address of anybody
  const prefix = parsePrefix(text)
  if (!enabled || prefix.length < bitsOf(prefix.family)) return undefined
  const lo = findLink(socket, 'lo').index
  const address = parseAddress(text.split('/')[0]!)
  addAddress(socket, lo, address, prefix.length)
  return (socket: NetlinkSocket) => deleteAddress(socket, lo, address, prefix.length)
}

function subnetOf(text: string): Prefix {
  const [address = '', length] = text.split('/')
  return new Prefix(parseAddress(address).bytes, Number(length))
}

function keyOf({ kind, path, ...rest }: KernelObject): string {
  return 'tunnel' in rest ? `${kind} ${rest.tunnel} ${rest.mac}` : `${kind} ${path}`
}
