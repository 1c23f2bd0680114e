/**
 * Makes a planned network real: namespaces, veth pairs, addresses, static routes, kernel settings, all by our own netlink, so that
 * the lab needs no iproute2. Also reads back the routes that a BGP daemon put into a namespace's kernel.
 */
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import { bitsOf, parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { createNamespace, inNamespace, namespacePath } from '../../lib/linux/namespace.ts'
import { addAddress, deleteAddress } from '../../lib/linux/netlink/address.ts'
import { createLink, findLink, setLink } from '../../lib/linux/netlink/link.ts'
import {
  encodePath,
  type KernelRoute,
  MAIN_TABLE,
  prefixOf,
  type RouteChange,
  routePages,
  writeRoute,
} from '../../lib/linux/netlink/route.ts'
import { NetlinkSocket } from '../../lib/linux/netlink/socket.ts'
import { namespaceName } from './leftovers.ts'
import { listRows } from './neighbors.ts'
import {
  type Cable,
  type CableEnd,
  hostPrefixes,
  type LabNode,
  type Network,
  type Place,
  type StaticRoute,
  type Topology,
} from './topology.ts'

const PROTOCOL_STATIC = 4
/** Who installs routes for BGP: BIRD, FRR's zebra, podpeer. */
const BGP_PROTOCOLS = new Set([12, 179, 186])

/** The path of a place's namespace. */
export function spaceOf(place: string): string {
  return namespacePath(namespaceName(place))
}

/** @throws WorldFault with the step that the kernel refused */
export function buildNetwork({ places, cables }: Network): void {
  for (const place of places) buildPlace(place)
  for (const cable of cables) layCable(cable)
  for (const { ends } of cables) for (const end of ends) configureEnd(end)
}

function buildPlace({ name, forwards, loopback, vlans = [] }: Place): void {
  createNamespace(namespaceName(name))
  inNamespace(spaceOf(name), () => {
    setting('net/ipv6/conf/default/accept_dad', '0')
    setting('net/ipv6/conf/default/accept_ra', '0')
    // a cable that is pulled and put back shall find its addresses, as it does in IPv4
    setting('net/ipv6/conf/all/keep_addr_on_down', '1')
    // answers may come another way than questions go, whatever this machine thinks of that
    for (const some of ['all', 'default']) setting(`net/ipv4/conf/${some}/rp_filter`, '0')
    // root's own group may open echo sockets; a user namespace knows no other
    setting('net/ipv4/ping_group_range', '0 0')
    if (forwards) {
      setting('net/ipv4/ip_forward', '1')
      setting('net/ipv6/conf/all/forwarding', '1')
    }
    withNetlink(socket => {
      const lo = findLink(socket, 'lo')
      setLink(socket, lo.index, { up: true })
      for (const text of loopback) addPrefix(socket, lo.index, text)
      for (const vlan of vlans) {
        createLink(socket, { kind: 'bridge', name: vlan })
        setLink(socket, findLink(socket, vlan).index, { up: true })
      }
    })
  })
}

function layCable({ ends: [here, there] }: Cable): void {
  const namespace = openSync(spaceOf(there.place), 'r')
  try {
    inPlace(here.place, socket =>
      createLink(socket, { kind: 'veth', name: here.device, peer: { name: there.device, namespace } }),
    )
  } finally {
    closeSync(namespace)
  }
}

function configureEnd({ place, device, vlan, addresses, routes }: CableEnd): void {
  inPlace(place, socket => {
    const { index } = findLink(socket, device)
    setLink(socket, index, { up: true, ...(vlan && { master: findLink(socket, vlan).index }) })
    for (const text of addresses) addPrefix(socket, index, text)
    for (const route of routes) addRoute(socket, index, route)
  })
}

/** Adds a static route in a place, out of one of its devices. @param metric 0: the kernel's default */
export function addStaticRoute(place: string, device: string, route: StaticRoute, metric: number): void {
  inPlace(place, socket => addRoute(socket, findLink(socket, device).index, route, metric))
}

function addRoute(socket: NetlinkSocket, link: number, route: StaticRoute, metric = 0): void {
  changeRoute(socket, 'add', link, route, metric)
}

/** @param route `onlink`: the gateway is on the link although no network of the link holds it */
export function changeRoute(
  socket: NetlinkSocket,
  change: RouteChange,
  link: number,
  { prefix: text, via, onlink = false }: StaticRoute & { readonly onlink?: boolean },
  metric = 0,
): void {
  const prefix = parsePrefix(text)
  const gateway = via === undefined ? undefined : parseAddress(via)
  const hops = [{ gateway, link, onlink, weight: 1 }]
  socket.change(`${change === 'delete' ? 'deleting' : 'adding'} the route ${text}`, message =>
    writeRoute(
      message,
      change,
      { family: prefix.family, table: MAIN_TABLE, protocol: PROTOCOL_STATIC, metric },
      prefix.length,
      (target, at) => target.set(prefix.bytes, at),
      encodePath(prefix.family, { type: 'unicast', hops }),
    ),
  )
}

/** Deletes every route to a prefix from a place's main table, whosever it is, as a person with `ip route del` would. */
export function deleteRoutes(place: string, text: string): void {
  const prefix = parsePrefix(text)
  inPlace(place, socket => {
    for (const route of mainTable(socket).filter(row => prefixOf(row).equals(prefix)))
      socket.change(`deleting the route ${text}`, message =>
        writeRoute(
          message,
          'delete',
          route,
          prefix.length,
          (target, at) => target.set(prefix.bytes, at),
          encodePath(prefix.family, route),
        ),
      )
  })
}

/** Gives the pods of a node other addresses, as they have when the node is made anew with another pod network. */
export function renumberPods(before: LabNode, after: LabNode): void {
  for (const [at, pod] of before.pods.entries()) {
    const [old, next] = [hostPrefixes(pod.address), hostPrefixes(after.pods[at]!.address)]
    inPlace(pod.name, socket => {
      const { index } = findLink(socket, 'eth0')
      for (const text of next) addPrefix(socket, index, text)
      for (const text of old) {
        const { address, length } = parsePrefix(text)
        deleteAddress(socket, index, address, length)
      }
    })
    inPlace(before.name, socket => {
      const { index } = findLink(socket, pod.name)
      for (const prefix of next) changeRoute(socket, 'add', index, { prefix })
      for (const prefix of old) changeRoute(socket, 'delete', index, { prefix })
    })
  }
}

/** Takes the router's end of a node's segment down or up, as pulling the cable would. */
export function setDevice(place: string, device: string, up: boolean): void {
  inPlace(place, socket => setLink(socket, findLink(socket, device).index, { up }))
}

export interface LearnedRoute {
  readonly prefix: string
  /** The gateways, in the kernel's order, joined by a comma. */
  readonly via: string
}

/** The unicast routes that a BGP daemon installed in a place's main table. */
export function learnedRoutes(place: string): LearnedRoute[] {
  return routesOf(place, protocol => BGP_PROTOCOLS.has(protocol))
}

export interface RouteRow extends LearnedRoute {
  /** The place whose kernel has it. */
  readonly node: string
}

/** What BGP put into the kernels of the centre and the nodes. @param place of this one alone */
export function routesIn({ centre, nodes }: Topology, place?: string): RouteRow[] {
  const places = place === undefined ? [centre, ...nodes.map(({ name }) => name)] : [place]
  return places.flatMap(node => learnedRoutes(node).map(route => ({ node, ...route })))
}

/** The routes that somebody configured in a place's main table. */
export function staticRoutes(place: string): LearnedRoute[] {
  return routesOf(place, protocol => protocol === PROTOCOL_STATIC)
}

/** Permanent neighbours and FDB rows of a device: `10.244.1.2 at 02:…`, `02:… to 10.0.1.1`. */
export function rowsOf(place: string, device: string): string[] {
  return inPlace(place, socket =>
    listRows(socket, findLink(socket, device).index).map(row =>
      row.kind === 'FDB row' ? `${row.mac} to ${row.endpoint}` : `${row.address} at ${row.mac}`,
    ),
  )
}

function routesOf(place: string, chosen: (protocol: number) => boolean): LearnedRoute[] {
  return inPlace(place, socket =>
    mainTable(socket)
      .filter(route => chosen(route.protocol) && route.type === 'unicast')
      .map(route => ({
        prefix: prefixOf(route).toString(),
        via: route.hops.map(hop => String(hop.gateway ?? 'on-link')).join(','),
      })),
  )
}

function mainTable(socket: NetlinkSocket): KernelRoute[] {
  return ([4, 6] as const).flatMap(family => [...routePages(socket, { family, table: MAIN_TABLE })].flat())
}

/** Runs inside a place, with a netlink socket of it. */
export function inPlace<Result>(place: string, run: (socket: NetlinkSocket) => Result): Result {
  return inNamespace(spaceOf(place), () => withNetlink(run))
}

function withNetlink<Result>(run: (socket: NetlinkSocket) => Result): Result {
  const socket = new NetlinkSocket()
  try {
    return run(socket)
  } finally {
    socket.close()
  }
}

/** Adds an address with its length; a bare one alone. */
export function addPrefix(socket: NetlinkSocket, link: number, text: string): void {
  const [head = '', length] = text.split('/')
  const address = parseAddress(head)
  addAddress(socket, link, address, Number(length ?? bitsOf(address.family)))
}

/** @throws WorldFault where /proc/sys is read-only, as in many containers */
export function setting(name: string, value: string): void {
  try {
    writeFileSync(`/proc/sys/${name}`, value)
  } catch (thrown) {
    const { code = 'EIO' } = thrown as NodeJS.ErrnoException
    throw new WorldFault(code, `the lab cannot set ${name.replaceAll('/', '.')}: ${reasonOf(thrown)}`, { retry: false })
  }
}
