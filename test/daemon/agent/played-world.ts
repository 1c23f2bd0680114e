/**
 * A node's world that a test plays: memory network, hand clock, a kernel table that only remembers, a Kubernetes watch
 * that says what it is told, and the log as lines.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Listener } from '../../../bgp/transport.ts'
import { Agent } from '../../../daemon/agent/agent.ts'
import { AgentView } from '../../../daemon/agent/view.ts'
import type { AgentWorld, KernelTable } from '../../../daemon/agent/world.ts'
import { parseFile } from '../../../daemon/config/index.ts'
import type { Log } from '../../../daemon/log.ts'
import { WorldFault } from '../../../lib/base/failure.ts'
import { type Address, type Family, parseAddress } from '../../../lib/base/ip.ts'
import { Prefix, parsePrefix } from '../../../lib/base/prefix.ts'
import type { KubeObject, NodeView, PodView } from '../../../lib/kube/object.ts'
import type { WatchEvent, WatchRequest } from '../../../lib/kube/watch.ts'
import type { PortHolder } from '../../../lib/linux/port-holder.ts'
import type { RouterWatcher } from '../../../lib/linux/router-watch.ts'
import type { RouteTableOptions } from '../../../lib/linux/table/route-table.ts'
import type { AdoptedPath, NextHopVerdict } from '../../../lib/linux/table/state.ts'
import type { Echoer } from '../../../vxlan/probe/echo.ts'
import { judgeProbe, type Measurements } from '../../../vxlan/probe/judge.ts'
import type { MemoryNetwork } from '../../bgp/memory-world.ts'
import { PlayedBfd } from './played-bfd.ts'
import { PlayedOverlay } from './played-overlay.ts'

export function nodeObject(change: Partial<NodeView> = {}): NodeView {
  return {
    name: 'node-1',
    uid: 'uid-1',
    labels: {},
    annotations: {},
    podCIDRs: ['10.244.1.0/24', 'fd00:10:244:1::/64'],
    addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
    ready: true,
    unschedulable: false,
    ...change,
  }
}

export function podView(change: Partial<PodView> = {}): PodView {
  return {
    namespace: 'web',
    name: 'shop',
    node: 'node-1',
    addresses: ['10.244.1.2'],
    hostNetwork: false,
    phase: 'Running',
    ...change,
  }
}

/** Routes of ours in a kernel that outlives agents: prefix → next hops. */
export class PlayedKernel {
  readonly routes = new Map<string, readonly Address[]>()
  /** Why next hops cannot be reached. */
  readonly #unreachable = new Map<string, string>()
  readonly tracked = new Set<string>()
  #tell: (verdicts: readonly NextHopVerdict[]) => void = () => {}

  /** @param reason undefined: it can be reached again */
  judge(nextHop: string, reason: string | undefined): void {
    if (reason === undefined) this.#unreachable.delete(nextHop)
    else this.#unreachable.set(nextHop, reason)
    if (this.tracked.has(nextHop)) this.#tell([{ address: parseAddress(nextHop), reason }])
  }

  open({ onNextHops = () => {} }: RouteTableOptions): KernelTable {
    this.#tell = onNextHops
    this.tracked.clear()
    const adopted = new Map(this.routes)
    const pathOf = (prefix: string, gateways: readonly Address[]): AdoptedPath => ({
      family: parsePrefix(prefix).family,
      gateways,
    })
    const counts = () => ({
      wanted: this.routes.size - adopted.size,
      installed: this.routes.size - adopted.size,
      adopted: adopted.size,
      conflicts: 0,
      unreachable: 0,
      repairs: 0,
      resyncs: 0,
    })
    return {
      nextHops: addresses => ({ addresses }) as ReturnType<KernelTable['nextHops']>,
      want: (_family: Family, bytes, offset, length, nextHops) => {
        const prefix = new Prefix(bytes.slice(offset), length).toString()
        adopted.delete(prefix)
        if (nextHops === undefined) this.routes.delete(prefix)
        else this.routes.set(prefix, nextHops.addresses)
      },
      sweep: gone => {
        const swept = [...adopted].filter(([prefix, gateways]) => gone(pathOf(prefix, gateways)))
        for (const [prefix] of swept) {
          adopted.delete(prefix)
          this.routes.delete(prefix)
        }
        return swept.length
      },
      track: address => {
        this.tracked.add(address.toString())
        return { address, reason: this.#unreachable.get(address.toString()) }
      },
      untrack: address => this.tracked.delete(address.toString()),
      nextHopStates: () =>
        [...new Set([...this.routes.values()].flat())].map(address => ({
          address,
          reachable: true,
          reason: '',
          gateways: [address],
        })),
      state: prefix => ({
        status: this.routes.has(prefix.toString()) ? 'installed' : 'absent',
        reason: '',
        path: `via ${this.routes.get(prefix.toString())?.join(' ')}`,
        repairs: 0,
        foreign: [],
      }),
      foreignRoutes: async () => [],
      conflicts: () => [],
      counts,
      close: async () => {},
    }
  }

  /** `prefix via next-hop …` */
  get text(): string[] {
    return [...this.routes].map(([prefix, nextHops]) => `${prefix} via ${nextHops.join(' ')}`).sort()
  }
}

type Watched = 'node' | 'bigips' | 'cluster' | 'pods'
/** Without the number of the resource. */
type ToldEvent = WatchEvent extends infer One ? (One extends WatchEvent ? Omit<One, 'resource'> : never) : never

function watchedOf({ path, fieldSelector }: WatchRequest['resources'][number]): Watched {
  if (path.endsWith('/bigips')) return 'bigips'
  if (path.endsWith('/pods')) return 'pods'
  return fieldSelector === undefined ? 'cluster' : 'node'
}

export class PlayedNode {
  readonly kernel = new PlayedKernel()
  readonly overlay = new PlayedOverlay()
  readonly bfd = new PlayedBfd()
  readonly address: Address
  readonly log: string[] = []
  readonly folder = mkdtempSync(join(tmpdir(), 'podpeer-agent-'))
  readonly environment: Record<string, string> = {}
  bootId = 'boot-1'
  /** Addresses that answer pings, with the milliseconds that it takes them. */
  readonly answering = new Map<string, number>()
  /** Who has the BGP port; undefined: nobody. */
  thief: PortHolder | undefined
  /** Who is told of routers, by interface. */
  readonly routerWatches = new Map<string, RouterWatcher>()
  agent!: Agent
  view!: AgentView
  /** Who watches what: its own Node, BIGIPs, all Nodes, or its own pods. */
  readonly #watches = new Map<Watched, (event: ToldEvent) => void>()
  #objects = new Map<string, NodeView>()
  #bigips = new Map<string, KubeObject>()
  #pods = new Map<string, PodView>()
  #told: string[] = []
  #listeners: Listener[] = []
  #alive = { yes: false }
  readonly #network: MemoryNetwork

  constructor(network: MemoryNetwork, address = '10.0.0.1') {
    this.#network = network
    this.address = parseAddress(address)
  }

  /** @param config YAML without `state` */
  start(config: string, name = 'node-1'): void {
    const alive = { yes: true }
    this.#alive = alive
    const file = parseFile(`state: ${this.statePath}\n${config}`)
    this.agent = new Agent({ file, node: { name, origin: 'host name' }, world: this.#world(alive) })
    this.view = new AgentView(this.agent, 'agent.yaml')
    this.agent.start()
  }

  reload(config: string): void {
    this.agent.reload(`state: ${this.statePath}\n${config}`)
  }

  get statePath(): string {
    return join(this.folder, 'state.json')
  }

  /** kill -9: nothing more is heard of the process, and its kernel resets its connections. */
  kill(): void {
    this.#alive.yes = false
    this.#network.reset(this.address)
    for (const listener of this.#listeners) listener.close()
  }

  /** The API server's whole list, then a running watch. */
  synced(...nodes: NodeView[]): void {
    this.#objects = new Map(nodes.map(node => [node.name, node]))
    this.#tell('node', { type: 'synced' })
    this.#tell('node', { type: 'state', state: { phase: 'watching' } })
  }

  /** All BIGIP objects there are from now on. */
  bigips(...objects: KubeObject[]): void {
    const before = this.#bigips
    this.#bigips = new Map(objects.map(object => [object.metadata.name, object]))
    const changes = [
      ...objects.map(object => ({ type: 'added' as const, key: object.metadata.name, object })),
      ...[...before]
        .filter(([key]) => !this.#bigips.has(key))
        .map(([key, previous]) => ({ type: 'deleted' as const, key, previous })),
    ]
    if (changes.length > 0) this.#tell('bigips', { type: 'changes', changes })
    this.#tell('bigips', { type: 'synced' })
    this.#tell('bigips', { type: 'state', state: { phase: 'watching' } })
  }

  /** The API server knows no BIGIPs. */
  bigipsAbsent(): void {
    this.#tell('bigips', { type: 'synced' })
    this.#tell('bigips', { type: 'state', state: { phase: 'absent' } })
  }

  bigipsFail(reason: string): void {
    this.#tell('bigips', { type: 'state', state: { phase: 'failing', reason } })
  }

  /** All pods of the node there are from now on. */
  pods(...pods: PodView[]): void {
    this.#pods = new Map(pods.map(pod => [`${pod.namespace}/${pod.name}`, pod]))
    this.#tell('pods', { type: 'synced' })
    this.#tell('pods', { type: 'state', state: { phase: 'watching' } })
  }

  podsFail(reason: string): void {
    this.#tell('pods', { type: 'state', state: { phase: 'failing', reason } })
  }

  get followsPods(): boolean {
    return this.#watches.has('pods')
  }

  /** Whether it watches all Nodes. */
  get followsCluster(): boolean {
    return this.#watches.has('cluster')
  }

  /** All Nodes there are from now on. */
  cluster(...nodes: NodeView[]): void {
    const changes = [
      ...nodes.map(object => ({ type: 'added' as const, key: object.name, object })),
      ...this.#told
        .filter(name => !nodes.some(node => node.name === name))
        .map(key => ({ type: 'deleted' as const, key, previous: nodeObject({ name: key }) })),
    ]
    this.#told = nodes.map(({ name }) => name)
    this.#tell('cluster', { type: 'changes', changes })
    this.#tell('cluster', { type: 'synced' })
  }

  changed(node: NodeView): void {
    const previous = this.#objects.get(node.name)
    this.#objects.set(node.name, node)
    const change =
      previous === undefined
        ? { type: 'added' as const, key: node.name, object: node }
        : { type: 'changed' as const, key: node.name, object: node, previous }
    this.#tell('node', { type: 'changes', changes: [change] })
  }

  deleted(): void {
    const previous = this.#objects.get('node-1')!
    this.#objects.clear()
    this.#tell('node', { type: 'changes', changes: [{ type: 'deleted', key: 'node-1', previous }] })
  }

  apiFails(reason: string): void {
    this.#tell('node', { type: 'state', state: { phase: 'failing', reason } })
  }

  clean(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  #world(alive: { yes: boolean }): AgentWorld {
    const { clock } = this.#network
    const ifAlive = (run: () => void) => () => {
      if (alive.yes) run()
    }
    const host = this.#network.host(this.address, parseAddress(`fd00::${this.address.bytes[3]!.toString(16)}`))
    return {
      transport: {
        ...host,
        listen: (options, accept) => {
          if (this.thief !== undefined)
            throw new WorldFault('EADDRINUSE', 'binding 0.0.0.0:179: EADDRINUSE', { retry: true })
          const listener = host.listen(options, accept)
          this.#listeners.push(listener)
          return listener
        },
      },
      clock: {
        now: () => clock.now(),
        random: () => clock.random(),
        wake: (at, run) => clock.wake(at, ifAlive(run)),
        yield: run => clock.yield(ifAlive(run)),
      },
      log: this.#playedLog(),
      environment: this.environment,
      bootId: this.bootId,
      openTable: options => this.kernel.open(options),
      openOverlay: options => this.overlay.open(options),
      tunnels: this.overlay.tunnels,
      sysctls: this.overlay.sysctls,
      openWays: () => {
        throw new WorldFault('EPERM', 'the kernel is not asked here', { retry: false })
      },
      openBfd: observer => this.bfd.open(observer),
      openEchoer: target => this.#echoer(target),
      probe: async ({ vtep, device, deviceMtu, port, missingRows, outside }) => {
        const echo = { sent: 1, received: 1, roundTrip: { least: 1, median: 1, most: 1 }, trouble: undefined }
        const measured: Measurements = {
          ...{ endpoint: vtep.endpoint, selfIP: vtep.selfIP, device, deviceMtu, port, missingRows },
          ...{ outer: echo, inner: outside ? undefined : echo, pathMtu: { mtu: 1500, source: 'whole' } },
          ...{ full: { type: 'reply', milliseconds: 1 }, udpRefused: undefined, checksumDrops: 0 },
        }
        return { ...measured, vtep: vtep.name, means: 'played', verdict: judgeProbe(measured) }
      },
      watchObjects: ({ resources }, onEvent) => {
        const watched: Watched[] = []
        const add = (one: WatchRequest['resources'][number]) => {
          const resource = watched.push(watchedOf(one)) - 1
          this.#watches.set(watched[resource]!, event => {
            if (alive.yes) onEvent({ ...event, resource })
          })
          return resource
        }
        resources.forEach(add)
        const objects: { readonly [W in Watched]?: () => ReadonlyMap<string, NodeView | KubeObject | PodView> } = {
          bigips: () => this.#bigips,
          pods: () => this.#pods,
        }
        return {
          add,
          objects: resource => objects[watched[resource]!]?.() ?? this.#objects,
          close: async () => {
            for (const name of watched) this.#watches.delete(name)
          },
        }
      },
      watchRouters: (interfaceName, watcher) => {
        this.routerWatches.set(interfaceName, watcher)
        return { close: () => this.routerWatches.delete(interfaceName) }
      },
      portHolders: () => (this.thief === undefined ? [] : [this.thief]),
    }
  }

  #echoer(target: Address): Echoer {
    return {
      means: 'played',
      echo: async () => {
        const milliseconds = this.answering.get(target.toString())
        return milliseconds === undefined ? { type: 'silent' } : { type: 'reply', milliseconds }
      },
      close: () => {},
    }
  }

  #tell(watched: Watched, event: ToldEvent): void {
    const tell = this.#watches.get(watched)
    if (tell === undefined) throw new Error(`the agent does not watch ${watched}`)
    tell(event)
  }

  #playedLog(): Log {
    const line = (level: string) => (message: string, fields?: object) =>
      void this.log.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`)
    return {
      error: line('error'),
      warn: line('warn'),
      info: line('info'),
      debug: line('debug'),
      level: 'info',
      dropped: 0,
      close: async () => {},
    }
  }
}
