/**
 * The node agent: introduces Kubernetes, the configuration file, the speaker and the kernel to each other. What it knows
 * is a Situation, what it wants is decided from that (desired.ts), and here only what changed is carried out.
 */
import type { PeerRange, SpeakerConfig, SpeakerPeer } from '../../bgp/index.ts'
import { InputFault, WorldFault } from '../../lib/base/failure.ts'
import { type Address, parseAddress } from '../../lib/base/ip.ts'
import { BIGIPS } from '../../lib/bigip/resource.ts'
import type { KubeObject, NodeView, PodView } from '../../lib/kube/object.ts'
import type { GrowingWatch, WatchEvent } from '../../lib/kube/watch.ts'
import { renderHolder } from '../../lib/linux/port-holder.ts'
import { type AgentFile, clusterNode, type EffectiveConfig, isReflector, parseFile } from '../config/index.ts'
import type { NodeJourneys } from '../control/journey-document.ts'
import type { ProbeStatus } from '../control/overlay-document.ts'
import { BfdKeeper } from './bfd-keeper.ts'
import { BmpKeeper } from './bmp-keeper.ts'
import { ClusterNodes } from './cluster-nodes.ts'
import { type Desired, decide, speakerPeer, speakerRange } from './desired.ts'
import { EventLog } from './event-log.ts'
import { nodeJourneys } from './journeys.ts'
import { type Keyed, Keyring } from './keyring.ts'
import { LinkRouters } from './link-routers.ts'
import { podAddresses, podsOf } from './local-pods.ts'
import { Monitor } from './monitor.ts'
import { OverlayKeeper } from './overlay-keeper.ts'
import { probeVteps } from './overlay-status.ts'
import { renderEnd } from './peer-end.ts'
import { Routing, type RoutingObserver } from './routing.ts'
import type { SavedState } from './saved-state.ts'
import { type AgentInput, firstSituation, handle, lastSeen, type Situation } from './situation.ts'
import { StateKeeper } from './state-keeper.ts'
import { restartOf } from './succession.ts'
import type { AgentWorld } from './world.ts'

/** Milliseconds between two tries to get a port that somebody else has. */
const PORT_RETRY = 2000
/** Annotations of others can be long, and may be nobody's business. */
const OWN_ANNOTATIONS = 'podpeer.io/'

export interface AgentOptions {
  readonly file: AgentFile
  readonly node: { readonly name: string; readonly origin: string }
  readonly world: AgentWorld
}

export class Agent {
  readonly startedAt = Date.now()
  /** As they were at the start: they count for the life of the process. */
  readonly kernel: EffectiveConfig['kernel']
  readonly overlay: OverlayKeeper
  readonly bfd: BfdKeeper
  readonly monitor: Monitor
  readonly #bmp: BmpKeeper
  readonly #world: AgentWorld
  readonly #events: EventLog
  /** Settings that count for the life of the process, as they were at the start. */
  readonly #fixed: ReadonlyMap<string, string>
  readonly #keeper: StateKeeper
  readonly #keyring: Keyring
  readonly #routers: LinkRouters
  readonly #saved: SavedState | undefined
  /** Ends of peers that may hold routes of ours, and whether they have had a session since the start. */
  readonly #sessions: Map<string, boolean>
  #situation: Situation
  #desired: Desired
  #routing: Routing | undefined
  #identity = ''
  #watch: GrowingWatch | undefined
  /** Index in the watch. */
  #pods: number | undefined
  #synced = false
  #bigipsKnown = false
  #podsKnown = false
  #cluster: ClusterNodes | undefined
  #problems: readonly string[] = []
  #cancelPortRetry: (() => void) | undefined
  #stopped = false

  constructor(options: AgentOptions) {
    const { world } = options
    this.#world = world
    this.#keyring = new Keyring(world.environment)
    this.#events = new EventLog(world.log, () => world.clock.now())
    this.#situation = firstSituation(options.file, options.node)
    this.#desired = decide(this.#situation)
    this.#fixed = fixedSettings(this.#desired)
    this.kernel = this.#desired.config.kernel
    this.#keeper = new StateKeeper({
      path: this.#desired.config.state,
      world,
      state: () => this.#state(),
      onProblem: () => this.#apply(),
    })
    const sysctlFile = `${this.#desired.config.state.replace(/\.json$/, '')}.sysctls.json`
    this.#routers = new LinkRouters({
      world,
      heard: (link, address) => this.hear({ type: 'router', interface: link, address }),
      changed: () => this.#apply(),
    })
    this.monitor = new Monitor(world.clock)
    this.#bmp = new BmpKeeper(world, options.node.name)
    this.bfd = new BfdKeeper({
      world,
      changed: () => this.#apply(),
      told: (peer, state, reason) => this.monitor.bfd(peer, state, reason),
    })
    this.#saved = this.#keeper.read()
    const { taken = [] } = this.#saved ?? {}
    this.overlay = new OverlayKeeper({ world, sysctlFile, taken, changed: () => this.#apply() })
    this.#sessions = new Map(this.#saved?.sessions.map(end => [end, false]))
  }

  /** @throws WorldFault when the kernel's route table cannot be had */
  start(): void {
    const { node, admitted, drained, bigips = [], nodes = [] } = this.#saved ?? {}
    const { name, api } = this.#situation
    if (node?.name === name && api.phase !== 'disabled')
      this.#situation = handle(this.#situation, { type: 'restored', node, admitted, bigips, nodes })
    if (drained === true) this.#situation = handle(this.#situation, { type: 'drain', drained })
    this.#apply()
    const { enabled, kubeconfig } = this.#desired.config.kubernetes
    if (!enabled) return
    const own = {
      path: '/api/v1/nodes',
      fieldSelector: `metadata.name=${this.#situation.name}`,
      project: 'node' as const,
    }
    const request = {
      ...(kubeconfig !== undefined && { kubeconfig }),
      resources: [own, { path: BIGIPS, optional: true }],
    }
    this.#watch = this.#world.watchObjects(request, event => {
      if (event.resource === this.#pods) this.#hearPods(event)
      else if (event.resource === 0) this.#hearKubernetes(event)
      else this.#hearBigIps(event)
    })
    this.#followPods()
  }

  get situation(): Situation {
    return this.#situation
  }

  get desired(): Desired {
    return this.#desired
  }

  /** Milliseconds on the speaker's clock. */
  get now(): number {
    return this.#world.clock.now()
  }

  /** Undefined while no identity has been known. */
  get routing(): Routing | undefined {
    return this.#routing
  }

  /** Sentences: what keeps the agent from what the configuration wants. */
  get problems(): readonly string[] {
    return this.#problems
  }

  /** @param name of one VTEP; undefined: all of them */
  async probeVteps(name: string | undefined): Promise<readonly ProbeStatus[]> {
    return await probeVteps(this.overlay, name, this.#world)
  }

  /** Of packets to a pod and from it. @throws WorldFault where the kernel cannot be asked */
  journeys(pod: Address): NodeJourneys {
    const { name, node, bigips } = this.#situation
    const podCIDRs = lastSeen(node)?.podCIDRs ?? []
    const { overlays, answers } = this.overlay
    const ways = this.#world.openWays()
    try {
      return nodeJourneys({ node: name, pod, podCIDRs, overlays, bigips: bigips.views, answers }, ways)
    } finally {
      ways.close()
    }
  }

  /** A new text of the configuration file; a bad one changes nothing but is remembered. */
  reload(text: string): void {
    try {
      this.hear({ type: 'file', file: parseFile(text) })
      this.#world.log.info('configuration read')
    } catch (thrown) {
      if (!(thrown instanceof InputFault)) throw thrown
      this.#world.log.error('configuration rejected', { reason: thrown.message })
      this.hear({ type: 'fileRejected', reason: thrown.message })
    }
  }

  hear(input: AgentInput): void {
    const before = this.#situation
    this.#situation = handle(before, input)
    if (this.#situation !== before && !this.#stopped) this.#apply()
  }

  /** Leaves the kernel's routes, and with graceful restart the peers', to the agent that comes next. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelPortRetry?.()
    const goodbye = !this.#desired.config.gracefulRestart.enabled
    if (goodbye) this.#sessions.clear()
    this.#bmp.close()
    this.#keeper.close()
    this.#routers.close()
    await Promise.all([
      this.#routing?.stop(goodbye),
      this.overlay.close(),
      this.bfd.close(),
      this.#watch?.close(),
      this.#cluster?.close(),
    ])
  }

  #apply(): void {
    this.#followCluster()
    const desired = decide(this.#situation)
    this.#desired = desired
    this.#followPods()
    this.#world.log.level = desired.config.log.level
    this.#keepOverlay(desired)
    this.#bmp.want(desired.config.stations)
    this.#routers.want(desired.config.unnumbered)
    const { peers, ranges, problems } = this.#peers(desired)
    const routing = this.#routingFor(desired)
    if (routing !== undefined) {
      this.#configure(routing, desired, { peers, ranges })
      if (desired.announced !== undefined) routing.originate(desired.announced)
      if (this.#situation.drained) routing.speaker.drain(this.#situation.drainTerms)
      else routing.speaker.undrain()
    }
    this.#followBfd()
    const unsaved = this.#keeper.problem === undefined ? [] : [this.#keeper.problem]
    this.#tell([
      ...this.#desired.problems,
      ...this.overlay.problems,
      ...this.bfd.problems,
      ...this.#routers.problems,
      ...this.#unchangeable(desired),
      ...problems,
      ...unsaved,
    ])
    this.#keeper.save()
  }

  #keepOverlay({ overlays, overlaysKnown, answers }: Desired): void {
    const node = lastSeen(this.#situation.node)
    const addresses = (node && clusterNode(node)?.addresses) ?? []
    this.overlay.want({
      overlays,
      known: overlaysKnown,
      answers,
      node: this.#situation.name,
      addresses: addresses.map(text => parseAddress(text)),
    })
  }

  /** What changed in the file and cannot change in a living process. */
  #unchangeable(desired: Desired): string[] {
    const changed = [...fixedSettings(desired)].filter(([key, value]) => value !== this.#fixed.get(key))
    return changed.map(([key]) => `${key} has changed in the configuration: it counts when the agent is started again`)
  }

  #peers({ config }: Desired): { peers: SpeakerPeer[]; ranges: PeerRange[]; problems: string[] } {
    const { asNumber } = config
    const { keys, problems } = this.#keyring.read(config.peers, config.ranges)
    if (asNumber === undefined) return { peers: [], ranges: [], problems }
    const isAble = ({ name, password }: Keyed) => password === undefined || keys.has(name)
    return {
      peers: config.peers.filter(isAble).map(peer => speakerPeer(peer, asNumber, keys.get(peer.name))),
      ranges: config.ranges.filter(isAble).map(range => speakerRange(range, asNumber, keys.get(range.name))),
      problems,
    }
  }

  #routingFor({ identity, config }: Desired): Routing | undefined {
    const key = JSON.stringify(identity)
    if (identity === undefined || key === this.#identity) return this.#routing
    const former = this.#routing
    const restart = former === undefined ? restartOf(this.#saved, identity, config) : undefined
    // who is not told that we restart forgets what he holds
    if (restart === undefined) this.#sessions.clear()
    this.#identity = key
    const sources = former?.sources ?? this.#saved?.nextHops ?? []
    // the peers know us by another name: they are told, and come back to the new one
    if (former !== undefined) void former.stop(true)
    this.#routing = new Routing({
      identity,
      kernel: this.kernel,
      restart,
      deferralTime: config.gracefulRestart.deferralTime * 1000,
      sources,
      world: this.#world,
      observer: this.#observer(),
    })
    this.monitor.follow(this.#routing.speaker)
    this.#bmp.follow(this.#routing.speaker)
    const { asNumber, routerId } = config
    const restarting = this.#routing.speaker.restarting
    this.#world.log.info('speaker started', { asNumber, routerId, restarting })
    return this.#routing
  }

  #configure(
    routing: Routing,
    { config, identity, speaking }: Desired,
    wanted: Pick<SpeakerConfig, 'peers' | 'ranges'>,
  ): void {
    try {
      // an identity that has gone leaves a speaker without peers behind: it withdraws what it had learned
      if (identity === undefined) routing.configure({ listen: undefined, peers: [] }, { peers: [], ranges: [] })
      else routing.configure({ listen: speaking ? config.listen : undefined, ...wanted }, config)
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      const holder = this.#holder(thrown)
      this.#situation = handle(this.#situation, { type: 'port', holder })
      this.#desired = decide(this.#situation)
      routing.configure({ listen: undefined, ...wanted }, config)
    }
    this.#watchPort()
  }

  #followBfd(): void {
    if (!this.#stopped) this.bfd.follow(this.#desired.speaking ? this.#routing?.speaker : undefined)
  }

  #holder(fault: WorldFault): string {
    const { port } = this.#desired.config.listen
    if (fault.code !== 'EADDRINUSE') return `the BGP port cannot be had: ${fault.message}; trying again`
    return `port ${port} is held by ${this.#whoHolds(port)}: this agent neither listens nor dials until it is free`
  }

  #whoHolds(port: number): string {
    try {
      const [holder] = this.#world.portHolders(port)
      return holder === undefined ? 'another process' : renderHolder(holder)
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      return 'a process that the kernel does not tell'
    }
  }

  #watchPort(): void {
    this.#cancelPortRetry?.()
    this.#cancelPortRetry = undefined
    if (this.#situation.portHolder === undefined) return
    const { clock } = this.#world
    this.#cancelPortRetry = clock.wake(clock.now() + PORT_RETRY, () => this.hear({ type: 'port', holder: undefined }))
  }

  #tell(problems: readonly string[]): void {
    const before = new Set(this.#problems)
    this.#problems = problems
    for (const problem of problems) if (!before.has(problem)) this.#world.log.warn('problem', { problem })
    for (const problem of before) if (!problems.includes(problem)) this.#world.log.info('problem solved', { problem })
  }

  #observer(): RoutingObserver {
    return {
      stateChanged: (peer, from, to, reason) => {
        if (!this.#stopped) this.#events.session(peer, from, to, reason)
        this.monitor.session(peer, from, to, reason)
        this.#bmp.session(peer, from, to)
        if (to === 'Established') this.#met(peer)
      },
      notice: (peer, code, text) => {
        this.#events.notice(peer, code, text)
        this.monitor.notice(peer, code, text)
      },
      endOfRib: (peer, family) => this.monitor.endOfRib(peer, family),
      rangePeersChanged: () => this.#followBfd(),
      restarted: () => this.#restarted(),
      kernelNotice: text => this.#world.log.warn('kernel', { text }),
      swept: (routes, reason) => this.#world.log.info('routes of the former agent removed', { routes, reason }),
      sourcesChanged: () => this.#keeper.save(),
    }
  }

  /** From now on the peer may hold routes of ours, whatever becomes of the session. */
  #met(peer: string): void {
    const config = this.#routing?.speaker.peer(peer)?.config
    if (config !== undefined) this.#sessions.set(renderEnd(config), true)
    this.#keeper.save()
  }

  /** Whoever has not come back by now has given up our routes. */
  #restarted(): void {
    this.#world.log.info('restart completed')
    for (const [end, met] of this.#sessions) if (!met) this.#sessions.delete(end)
    this.#keeper.save()
  }

  #hearKubernetes(event: WatchEvent): void {
    if (event.type === 'synced') this.#synced = true
    if (event.type !== 'state') {
      if (!this.#synced) return
      const object = this.#watch?.objects(0).get(this.#situation.name) as NodeView | undefined
      return this.hear({ type: 'node', object })
    }
    const { state } = event
    if (state.phase === 'watching') this.hear({ type: 'api', state: { phase: 'synced' } })
    if (state.phase === 'failing') this.hear({ type: 'api', state: { phase: 'away', reason: state.reason } })
  }

  #hearBigIps(event: WatchEvent): void {
    if (event.type === 'state') {
      const { state } = event
      if (state.phase === 'failing')
        return this.hear({ type: 'bigipsAway', reason: `BIGIPs cannot be read: ${state.reason}` })
      if (state.phase === 'absent' && this.#situation.bigips.views.length > 0)
        return this.hear({ type: 'bigipsAway', reason: 'the cluster knows no BIGIPs any more: those known last count' })
      // the whole list has been told by then, or there is none to tell; an absent resource counts as synced before
      if (state.phase !== 'watching' && state.phase !== 'absent') return
      this.#bigipsKnown = true
    }
    if (!this.#bigipsKnown) return
    const objects = this.#watch?.objects(event.resource) as ReadonlyMap<string, KubeObject> | undefined
    this.hear({ type: 'bigips', objects: [...(objects?.values() ?? [])] })
  }

  #hearPods(event: WatchEvent): void {
    if (event.type === 'state') {
      const { state } = event
      if (state.phase === 'failing')
        return this.hear({ type: 'podsAway', reason: `overlay.answers: pods cannot be read: ${state.reason}` })
      if (state.phase !== 'watching') return
      this.#podsKnown = true
    }
    if (!this.#podsKnown) return
    const pods = this.#watch?.objects(event.resource) as ReadonlyMap<string, PodView> | undefined
    this.hear({ type: 'pods', addresses: podAddresses(pods?.values() ?? [], this.#situation.name) })
  }

  /** From when they are needed first: a node that answers for nobody watches none. */
  #followPods(): void {
    if (this.#watch === undefined || this.#pods !== undefined || this.#desired.answers === undefined) return
    this.#pods = this.#watch.add(podsOf(this.#situation.name))
  }

  /** A reflector watches all nodes, and nobody else does: it would cost every agent what a cluster has of them. */
  #followCluster(): void {
    const { bigips, name, api } = this.#situation
    if (api.phase !== 'disabled' && isReflector(bigips.views, name)) {
      this.#cluster ??= new ClusterNodes(this.#world, this.#desired.config.kubernetes.kubeconfig, nodes =>
        this.hear({ type: 'clusterNodes', nodes }),
      )
      return
    }
    void this.#cluster?.close()
    this.#cluster = undefined
    if (this.#situation.nodes.length > 0) this.#situation = handle(this.#situation, { type: 'clusterNodes', nodes: [] })
  }

  #state(): SavedState {
    const { node, admitted, drained, bigips, nodes } = this.#situation
    const { config, announced, identity } = this.#desired
    const drainedNow = this.#routing?.speaker.draining === 'drained'
    return {
      version: 1,
      bootId: this.#world.bootId,
      identity: identity ? { asNumber: identity.asNumber, routerId: String(config.routerId) } : this.#formerIdentity,
      node: node.presence === 'there' ? withOwnAnnotations(node.object) : undefined,
      admitted,
      bigips: bigips.views,
      nodes,
      drained,
      announced: (announced ?? []).map(({ prefix }) => prefix.toString()),
      sessions: drainedNow ? [] : [...this.#sessions.keys()],
      nextHops: this.#routing?.sources ?? this.#saved?.nextHops ?? [],
      taken: this.overlay.taken,
    }
  }

  /** As long as nobody has spoken in its place. */
  get #formerIdentity(): SavedState['identity'] {
    return this.#routing === undefined ? this.#saved?.identity : undefined
  }
}

/** Settings that cannot change while the process lives, as text to compare. */
function fixedSettings({ config }: Desired): Map<string, string> {
  const { kernel, state, control, metrics, kubernetes } = config
  return new Map(
    Object.entries({ kernel, state, control, metrics, kubernetes }).map(([key, value]) => [key, JSON.stringify(value)]),
  )
}

function withOwnAnnotations(node: NodeView): NodeView {
  const own = Object.entries(node.annotations).filter(([key]) => key.startsWith(OWN_ANNOTATIONS))
  return { ...node, annotations: Object.fromEntries(own) }
}
