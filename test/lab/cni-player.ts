/**
 * THE LAB'S, not podpeer's: plays the CNI's daemon of every node. Makes the overlay's devices, and keeps the rows of
 * cni-rows.ts in the nodes' kernels as the objects in the API change. Rows go by their own keys and in the order in which they
 * came, as flanneld deletes them: the neighbour while the route still leads to it.
 */
import { WorldFault } from '../../lib/base/failure.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { createLink, deleteLink, findLink, listLinks, setLink } from '../../lib/linux/netlink/link.ts'
import type { NetlinkSocket } from '../../lib/linux/netlink/socket.ts'
import type { KubeApi } from '../kube/api.ts'
import { CILIUM_VXLAN, FLANNEL_VXLAN, flannelAnnotations, nodeMac, nodeMacs } from './cni-objects.ts'
import { CILIUM_DEVICE, cniRows, OVERLAY_DEVICES, type PlayedRow } from './cni-rows.ts'
import type { LabCni } from './lab-mode.ts'
import { macBytes, putRow, removeRow } from './neighbors.ts'
import { addPrefix, changeRoute, inPlace, setting } from './network.ts'
import { FAMILIES, type FamilyName, type LabNode, type PerFamily } from './topology.ts'

const MTU = { ipv4: 1450, ipv6: 1430 }

export class CniPlayer {
  readonly #cni: LabCni
  #nodes: readonly LabNode[]
  readonly #api: KubeApi
  /** By node, and there by their text. */
  readonly #rows = new Map<string, Map<string, PlayedRow>>()
  readonly #endings: (() => void)[] = []

  constructor(cni: LabCni, nodes: readonly LabNode[], api: KubeApi) {
    this.#cni = cni
    this.#nodes = nodes
    this.#api = api
  }

  /** @throws WorldFault */
  start(): void {
    if (this.#cni === 'none') return
    for (const node of this.#nodes) inPlace(node.name, socket => this.#makeDevices(socket, node))
    for (const collection of ['nodes', 'configmaps'])
      this.#endings.push(this.#api.store.subscribe(collection, () => this.#settle()))
    this.#settle()
  }

  stop(): void {
    for (const end of this.#endings.splice(0)) end()
  }

  /**
   * The daemon of a node starts anew and makes its devices anew, as flanneld does, which then tells of them in its Node.
   * @param node may have other pods than before
   */
  restart(node: LabNode, macs = nodeMacs(node)): void {
    this.#nodes = this.#nodes.map(known => (known.name === node.name ? node : known))
    this.#rows.delete(node.name)
    inPlace(node.name, socket => {
      for (const { index } of listLinks(socket).filter(({ kind }) => kind === 'vxlan')) deleteLink(socket, index)
      this.#makeDevices(socket, node, macs)
    })
    if (this.#cni === 'flannel-vxlan') this.#tellMacs(node, macs)
    this.#settle()
  }

  /** The daemon of a node starts again, finds its devices as they should be, and writes its rows. */
  write({ name }: LabNode): void {
    inPlace(name, socket => {
      for (const row of this.#rows.get(name)?.values() ?? []) write(socket, row, true)
    })
  }

  #tellMacs({ name, address }: LabNode, macs: PerFamily): void {
    const node = this.#api.find('Node', name)
    if (node === undefined) return
    const annotations = { ...node.metadata.annotations, ...flannelAnnotations(address, macs) }
    this.#api.put({ ...node, metadata: { ...node.metadata, annotations } })
  }

  #makeDevices(socket: NetlinkSocket, node: LabNode, macs = nodeMacs(node)): void {
    if (this.#cni === 'flannel-vxlan')
      for (const family of FAMILIES) {
        makeDevice(socket, OVERLAY_DEVICES[family], node, family, FLANNEL_VXLAN, macs)
        const { index } = findLink(socket, OVERLAY_DEVICES[family])
        addPrefix(socket, index, `${parsePrefix(node.podCIDRs[family]).address}`)
      }
    if (this.#cni !== 'cilium') return
    makeDevice(socket, CILIUM_DEVICE, node, 'ipv4', CILIUM_VXLAN, macs)
    setting(`net/ipv4/neigh/${CILIUM_DEVICE}/proxy_delay`, '0')
  }

  #settle(): void {
    const view = {
      nodes: this.#api.list('Node'),
      ciliumConfig: this.#api.find('ConfigMap', 'cilium-config', 'kube-system'),
    }
    const macOf = (address: string) => nodeMac({ address: { ipv4: address, ipv6: '' } }, 'ipv4')
    for (const node of this.#nodes) {
      const known = this.#rows.get(node.name) ?? new Map<string, PlayedRow>()
      // a node whose Node is gone has no daemon any more that would add or remove anything
      const runs = view.nodes.some(({ metadata }) => metadata.name === node.name)
      const wanted = runs ? cniRows(this.#cni, node, view, macOf) : [...known.values()]
      this.#change(node, known, new Map(wanted.map(row => [JSON.stringify(row), row])))
    }
  }

  #change(node: LabNode, known: Map<string, PlayedRow>, wanted: Map<string, PlayedRow>): void {
    this.#rows.set(node.name, wanted)
    const gone = [...known].filter(([key]) => !wanted.has(key))
    const added = [...wanted].filter(([key]) => !known.has(key))
    if (gone.length + added.length === 0) return
    inPlace(node.name, socket => {
      for (const [, row] of gone) write(socket, row, false)
      for (const [, row] of added) write(socket, row, true)
    })
  }
}

function makeDevice(
  socket: NetlinkSocket,
  name: string,
  node: LabNode,
  family: FamilyName,
  { vni, port }: { readonly vni: number; readonly port: number },
  macs: PerFamily,
): void {
  createLink(socket, {
    kind: 'vxlan',
    name,
    vni,
    port,
    local: parseAddress(node.address[family]),
    mac: macBytes(macs[family]),
    mtu: MTU[family],
    learning: false,
  })
  setLink(socket, findLink(socket, name).index, { up: true })
}

/** As the daemon deletes it; what somebody else has deleted is done. */
export function removePlayed(socket: NetlinkSocket, row: PlayedRow): void {
  write(socket, row, false)
}

function write(socket: NetlinkSocket, row: PlayedRow, present: boolean): void {
  const { index: link } = findLink(socket, row.device)
  if (row.kind === 'route') {
    const route = { prefix: row.prefix, via: row.via, onlink: true }
    return ignoringMissing(present, () => changeRoute(socket, present ? 'replace' : 'delete', link, route))
  }
  const { device: _, ...bare } = row
  if (present) putRow(socket, { ...bare, link })
  else removeRow(socket, { ...bare, link })
}

/** A deletion of what somebody else has deleted is done. */
function ignoringMissing(present: boolean, run: () => void): void {
  try {
    run()
  } catch (thrown) {
    if (present || !(thrown instanceof WorldFault && thrown.code === 'ESRCH')) throw thrown
  }
}
