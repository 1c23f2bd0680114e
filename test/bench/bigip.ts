/**
 * The controller before the BIG-IP stand-in, of which each call costs 50 ms and which is asked 4 at a time: from empty, one
 * change, a resync with nothing to do. CPU and memory are the controller's. A row is right when the device is, and when no
 * call was made but those that the API asks for.
 */
import { Scene, type SceneOptions } from './bigip-scene.ts'
import type { Prepared, Row } from './row.ts'

const ARP = '/tm/net/arp'
const ROUTE = '/tm/net/route'
const TUNNEL = '/tm/net/fdb/tunnel'
const RECORD = '/tm/net/fdb/tunnel/records'
const TUNNEL_RECORDS = '/tm/net/fdb/tunnel/~Common~podpeer-bench-vxlan/records'

/** By method and collection; what only has to be made once for all nodes is left out. */
type Calls = Readonly<Record<string, number>>
/** By collection. */
type Objects = Readonly<Record<string, number>>

/** Single changes in a run. */
const CHANGES = 20
const RESYNCS = 5
/** Profile, tunnel, self IP and saving, or the objects that BGP needs. */
const MOST_BESIDE = 12

/** The self IP covers all pods, and lies in the pod network of no node. */
const flannel = (arp: 'pod' | 'node') =>
  ({ cni: 'flannel', spec: { mode: 'flannel-vxlan', arp }, selfIP: '10.255.255.1/8' }) as const

interface Wish {
  readonly calls: Calls
  readonly objects: Objects
  /** Writes of other kinds than `calls`. */
  readonly beside: number
}

async function isMet(scene: Scene, { calls, objects, beside }: Wish): Promise<boolean> {
  const found = await scene.end(Object.keys(objects))
  const { calls: made, writes } = scene.figures
  const asWanted = Object.entries(calls).every(([call, count]) => made[call] === count)
  const counted = Object.values(calls).reduce((sum, count) => sum + count, 0)
  const complete = Object.entries(objects).every(([path, count]) => found[path] === count)
  return asWanted && complete && writes - counted <= beside
}

function prepared(scene: Scene, run: () => Promise<void>, wish: Wish): Prepared {
  return { run, check: () => isMet(scene, wish), device: () => scene.figures, close: () => scene.close() }
}

async function fromEmpty(options: SceneOptions, wish: Omit<Wish, 'beside'>): Promise<Prepared> {
  const scene = await Scene.open(options)
  await scene.begin()
  return prepared(scene, () => scene.configure(), { ...wish, beside: MOST_BESIDE })
}

/** One change after the other, on a device that is right. */
async function changes(
  options: SceneOptions,
  make: (scene: Scene, at: number) => void,
  wish: Omit<Wish, 'beside'>,
): Promise<Prepared> {
  const scene = await Scene.open(options)
  await scene.configure()
  await scene.begin()
  const run = async () => {
    for (let at = 0; at < CHANGES; at++) await scene.change(() => make(scene, at))
  }
  return prepared(scene, run, { ...wish, beside: 0 })
}

async function resyncs(options: SceneOptions): Promise<Prepared> {
  const scene = await Scene.open(options)
  await scene.configure()
  await scene.begin()
  const run = async () => {
    for (let at = 0; at < RESYNCS; at++) await scene.resync()
  }
  return prepared(scene, run, { calls: {}, objects: {}, beside: 0 })
}

type Slow = Pick<Row, 'slow'>

const emptyByNode = (name: string, nodes: number, slow: Slow = {}): Row => ({
  name,
  title: `BIG-IP: from empty, flannel-vxlan, arp: node, ${nodes} nodes`,
  unit: 'node',
  count: nodes,
  ...slow,
  prepare: () =>
    fromEmpty(
      { ...flannel('node'), nodes, pods: 0 },
      {
        calls: { [`POST ${ARP}`]: nodes, [`POST ${ROUTE}`]: nodes, [`PATCH ${TUNNEL}`]: 1 },
        objects: { [ARP]: nodes, [ROUTE]: nodes, [TUNNEL_RECORDS]: nodes },
      },
    ),
})

/** One per pod, and one per node for its own address in the tunnel: but for the first, whose is the network address itself. */
const entriesByPod = (nodes: number, pods: number) => pods + nodes - 1

const emptyByPod = (name: string, nodes: number, pods: number, slow: Slow = {}): Row => ({
  name,
  title: `BIG-IP: from empty, flannel-vxlan, arp: pod, ${nodes} nodes with ${pods} pods`,
  unit: 'pod',
  count: pods,
  ...slow,
  prepare: () =>
    fromEmpty(
      { ...flannel('pod'), nodes, pods },
      {
        calls: { [`POST ${ARP}`]: entriesByPod(nodes, pods), [`PATCH ${TUNNEL}`]: 1 },
        objects: { [ARP]: entriesByPod(nodes, pods), [TUNNEL_RECORDS]: nodes },
      },
    ),
})

const emptyStatic = (name: string, nodes: number, slow: Slow = {}): Row => ({
  name,
  title: `BIG-IP: from empty, static, ${nodes} nodes`,
  unit: 'node',
  count: nodes,
  ...slow,
  prepare: () =>
    fromEmpty(
      { cni: 'flannel', spec: { mode: 'static' }, nodes, pods: 0 },
      { calls: { [`POST ${ROUTE}`]: nodes }, objects: { [ROUTE]: nodes } },
    ),
})

const NODES = 5000
const PODS = 20_000

const reflecting = {
  cni: 'flannel',
  spec: {
    mode: 'bgp',
    bgp: { peers: 'reflector' },
    reflector: { nodeSelector: { matchLabels: { reflects: 'true' } } },
  },
  nodes: NODES,
  pods: 0,
} as const

export const bigIpRows: readonly Row[] = [
  emptyByNode('bigip-node', 1000),
  emptyByNode('bigip-node-5k', NODES, { slow: true }),
  emptyByPod('bigip-pod', 500, 2000),
  emptyByPod('bigip-pod-20k', NODES, PODS, { slow: true }),
  emptyStatic('bigip-static', 1000),
  emptyStatic('bigip-static-5k', NODES, { slow: true }),
  {
    name: 'bigip-cilium',
    title: `BIG-IP: from empty, cilium-vxlan, ${NODES} nodes`,
    unit: 'node',
    count: NODES,
    prepare: () =>
      fromEmpty(
        { cni: 'cilium', spec: { mode: 'cilium-vxlan' }, selfIP: '10.255.255.1/24', nodes: NODES, pods: 0 },
        { calls: { [`PATCH ${TUNNEL}`]: 1, [`POST ${ROUTE}`]: 1 }, objects: { [TUNNEL_RECORDS]: NODES, [ROUTE]: 1 } },
      ),
  },
  {
    name: 'bigip-reflect',
    title: `BIG-IP: from empty, bgp with reflectors, ${NODES} nodes`,
    unit: 'node',
    count: NODES,
    prepare: () => fromEmpty(reflecting, { calls: { 'POST /tm/net/routing/bgp/neighbor': 3 }, objects: {} }),
  },
  {
    name: 'bigip-add',
    title: `BIG-IP: a node added, arp: node, beside ${NODES} others`,
    unit: 'change',
    count: CHANGES,
    prepare: () =>
      changes({ ...flannel('node'), nodes: NODES, pods: 0 }, ({ cluster }, at) => cluster.putNode(NODES + at), {
        calls: { [`POST ${RECORD}`]: CHANGES, [`POST ${ARP}`]: CHANGES, [`POST ${ROUTE}`]: CHANGES },
        objects: { [TUNNEL_RECORDS]: NODES + CHANGES, [ROUTE]: NODES + CHANGES },
      }),
  },
  {
    name: 'bigip-move',
    title: `BIG-IP: a node with another VTEP, arp: node, beside ${NODES} others`,
    unit: 'change',
    count: CHANGES,
    prepare: () =>
      changes({ ...flannel('node'), nodes: NODES, pods: 0 }, ({ cluster }, at) => cluster.putNode(at, 1), {
        calls: { [`POST ${RECORD}`]: CHANGES, [`DELETE ${RECORD}`]: CHANGES, [`PATCH ${ARP}`]: CHANGES },
        objects: { [TUNNEL_RECORDS]: NODES, [ARP]: NODES },
      }),
  },
  {
    name: 'bigip-add-pod',
    title: `BIG-IP: a pod added, arp: pod, beside ${PODS} others`,
    unit: 'change',
    count: CHANGES,
    prepare: () =>
      changes({ ...flannel('pod'), nodes: NODES, pods: PODS }, ({ cluster }, at) => cluster.putPod(PODS + at), {
        calls: { [`POST ${ARP}`]: CHANGES },
        objects: { [ARP]: entriesByPod(NODES, PODS) + CHANGES },
      }),
  },
  {
    name: 'bigip-resync',
    title: `BIG-IP: all read and nothing to do, arp: node, ${NODES} nodes`,
    unit: 'resync',
    count: RESYNCS,
    prepare: () => resyncs({ ...flannel('node'), nodes: NODES, pods: 0 }),
  },
  {
    name: 'bigip-resync-pod',
    title: `BIG-IP: all read and nothing to do, arp: pod, ${NODES} nodes with ${PODS} pods`,
    unit: 'resync',
    count: RESYNCS,
    prepare: () => resyncs({ ...flannel('pod'), nodes: NODES, pods: PODS }),
  },
]
