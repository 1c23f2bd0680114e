/** What a `DeviceWorld` is told: objects of the store as a kernel and a BGP daemon see them, and what changed of them. */
import { isDeepStrictEqual } from 'node:util'
import { routedOf, withoutDomain } from './address.ts'
import type { Box } from './box.ts'
import type { WorldChange, WorldObject } from './device-world.ts'
import type { Entry } from './kind.ts'
import { isFloating } from './net-kinds.ts'
import type { Change } from './store.ts'
import { RECORDS, vxlanOf } from './tunnel-kinds.ts'
import { worldBgp } from './world-bgp.ts'

/** Parents first. */
const ORDER: readonly WorldObject['kind'][] = [
  'tunnel',
  'self IP',
  'FDB record',
  'ARP',
  'NDP',
  'route',
  'virtual address',
  'BGP',
]

/** The default MTU of a tunnel: what is left of 1,500 octets. */
const TUNNEL_MTU = 1450

export class WorldObjects {
  readonly #box: Box
  readonly #told = new Map<string, WorldObject>()

  constructor(box: Box) {
    this.#box = box
  }

  /** What the world is to be told of these changes. */
  of(changes: readonly Change[]): WorldChange[] {
    const touched = new Map<string, Entry>()
    let routing = false
    for (const { before, after } of changes) {
      const entry = (after ?? before)!
      routing ||= entry.kind.collection.startsWith('/net/routing')
      touched.set(keyOf(entry), entry)
    }
    const told: WorldChange[] = []
    for (const [key, { kind, path, parent }] of touched) {
      const entry = this.#box.store.get(kind.collection, path, parent)
      this.#tell(told, key, entry && worldObject(this.#box, entry))
    }
    if (routing) this.#tellBgp(told)
    return inOrder(told)
  }

  /** What differs now that the whole unit is another: after a failover or a reboot. */
  all(): WorldChange[] {
    const told: WorldChange[] = []
    const now = new Map(this.#box.store.snapshot().map(entry => [keyOf(entry), worldObject(this.#box, entry)]))
    for (const key of this.#told.keys()) if (!now.has(key) && !key.startsWith('BGP ')) this.#tell(told, key, undefined)
    for (const [key, object] of now) this.#tell(told, key, object)
    this.#tellBgp(told)
    return inOrder(told)
  }

  #tellBgp(told: WorldChange[]): void {
    for (const { values } of this.#box.store.list('/net/route-domain'))
      this.#tell(told, `BGP ${values['id']}`, worldBgp(this.#box, Number(values['id'])))
  }

  #tell(told: WorldChange[], key: string, after: WorldObject | undefined): void {
    const before = this.#told.get(key)
    if (before === after || isDeepStrictEqual(before, after)) return
    if (after === undefined) this.#told.delete(key)
    else this.#told.set(key, after)
    told.push({ ...(before && { before }), ...(after && { after }) })
  }
}

const keyOf = ({ kind, parent, path }: Entry) => `${kind.collection}\t${parent}\t${path}`

function inOrder(changes: WorldChange[]): WorldChange[] {
  const rank = ({ before, after }: WorldChange) =>
    after === undefined ? 2 * ORDER.length - ORDER.indexOf(before!.kind) : ORDER.indexOf(after.kind)
  return changes.sort((a, b) => rank(a) - rank(b))
}

/** Undefined for what no kernel sees. */
function worldObject(box: Box, entry: Entry): WorldObject | undefined {
  const { values, path, kind } = entry
  const text = (property: string) => withoutDomain(values[property])
  const domainOf = (property: string) => routedOf(values[property]).routeDomain
  switch (kind.collection) {
    case '/net/tunnels/tunnel': {
      const vxlan = vxlanOf(box, entry)
      if (vxlan === undefined || text('localAddress').startsWith('any')) return undefined
      const secondary = text('secondaryAddress')
      return {
        ...{ kind: 'tunnel', path, routeDomain: box.routeDomainOf(path), ...vxlan, vni: Number(values['key']) },
        ...{ localAddress: text('localAddress'), mtu: Number(values['mtu']) || TUNNEL_MTU, mac: String(values['mac']) },
        ...(secondary.startsWith('any') ? {} : { secondaryAddress: secondary }),
      }
    }
    case '/net/self': {
      const floating = isFloating(entry)
      if (floating && !box.active) return undefined
      const services = values['allowService'] ?? 'none'
      return {
        ...{ kind: 'self IP', path, routeDomain: domainOf('address'), address: text('address'), floating },
        ...{
          vlan: String(values['vlan']),
          allowService: Array.isArray(services) ? services.map(String) : [String(services)],
        },
      }
    }
    case RECORDS:
      return {
        ...{ kind: 'FDB record', path: `${entry.parent}/${entry.name}`, routeDomain: domainOf('endpoint') },
        ...{ tunnel: entry.parent, mac: entry.name, endpoint: text('endpoint') },
      }
    case '/net/arp':
    case '/net/ndp': {
      const own = kind.collection === '/net/arp' ? 'ARP' : 'NDP'
      const address = text('ipAddress')
      return { kind: own, path, routeDomain: domainOf('ipAddress'), address, mac: String(values['macAddress']) }
    }
    case '/net/route': {
      const { gw, tmInterface, network } = values
      const byWord = network === 'default' || network === 'default-inet6'
      const all = network === 'default' ? '0.0.0.0/0' : '::/0'
      return {
        ...{ kind: 'route', path, network: byWord ? all : text('network') },
        routeDomain: byWord ? box.defaultRouteDomain(entry.partition) : domainOf('network'),
        ...(gw === undefined ? {} : { gateway: text('gw') }),
        ...(tmInterface === undefined ? {} : { interface: String(tmInterface) }),
      }
    }
    case '/ltm/virtual-address':
      return text('address').startsWith('any') ? undefined : virtualAddress(box, entry)
    default:
      return undefined
  }
}

function virtualAddress(box: Box, { values, path }: Entry): WorldObject {
  const { address, family, routeDomain } = routedOf(values['address'])
  const enabled = values['enabled'] === 'yes'
  const advertised = values['routeAdvertisement'] !== 'disabled' && enabled
  const always = values['trafficGroup'] === '/Common/none'
  return {
    ...{ kind: 'virtual address', path, routeDomain, enabled, address: `${address}/${family === 4 ? 32 : 128}` },
    advertised: advertised && (box.active || always),
  }
}
