/**
 * A small cluster out of network namespaces, with real agents, a router and a Kubernetes API: the whole lab as one value,
 * for `npm start` and for tests. One lab per process at a time. `close` leaves nothing behind.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { agentsConfig } from './agent-config.ts'
import { Cluster } from './cluster.ts'
import { planPings, planRoutes, planSessions } from './expectation.ts'
import { makeFolder, removeLab, sweepLeftovers } from './leftovers.ts'
import { buildNetwork, learnedRoutes, spaceOf } from './network.ts'
import { type PingRow, pingAll } from './ping.ts'
import { PodpeerProcess } from './podpeer-process.ts'
import type { RouterDaemon, RouterKind } from './router.ts'
import { routerOf } from './router-daemons.ts'
import { podpeerFiles } from './router-podpeer.ts'
import { routerSetup } from './router-setup.ts'
import { type FamilyName, type LabNode, planTopology, type Topology } from './topology.ts'
import { eachOf, untilComplete } from './waiting.ts'

export interface LabOptions {
  readonly nodes?: number
  readonly router?: RouterKind
  /** Whether the router helps a peer that restarts; default true. */
  readonly gracefulRestart?: boolean
  /** Told what is being done, a sentence each. */
  readonly progress?: (what: string) => void
}

export interface SessionRow {
  readonly node: string
  readonly peer: string
  readonly family: FamilyName
  readonly state: string
  /** Why it is not up. */
  readonly lastError?: string
}

export interface RouteRow {
  /** `router` or a node's name. */
  readonly node: string
  readonly prefix: string
  readonly via: string
}

export interface LabMember {
  readonly place: LabNode
  readonly agent: PodpeerProcess
}

const SETTLE_DEADLINE = 30_000
const SETTLE_DEADLINE_PER_NODE = 3_000

export class Lab {
  readonly topology: Topology
  readonly folder: string
  readonly cluster: Cluster
  readonly router: RouterDaemon
  readonly members: readonly LabMember[]
  readonly #progress: (what: string) => void

  /** Namespaces, addresses and configurations; nothing runs yet. */
  private constructor({ nodes = 2, router = 'podpeer', gracefulRestart = true, progress = () => {} }: LabOptions) {
    this.#progress = progress
    this.topology = planTopology(nodes)
    progress(`building ${this.topology.places.length} network namespaces`)
    this.folder = makeFolder()
    buildNetwork(this.topology)
    this.cluster = new Cluster(this.topology.nodes)
    this.router = routerOf(router, routerSetup(this.topology, gracefulRestart), {
      namespace: spaceOf('router'),
      folder: this.#subfolder('router'),
    })
    this.members = this.topology.nodes.map(place => ({ place, agent: this.#agent(place) }))
  }

  /** A lab whose sessions are up and whose routes are there. Cleans up when it cannot be. @throws WorldFault InputFault */
  static async start(options: LabOptions = {}): Promise<Lab> {
    const lab = await Lab.prepare(options)
    try {
      await lab.startAgents()
      await lab.settled()
      return lab
    } catch (thrown) {
      await lab.close()
      throw thrown
    }
  }

  /** A lab with its router and its Kubernetes API, whose agents have not been started. */
  static async prepare(options: LabOptions = {}): Promise<Lab> {
    const swept = sweepLeftovers()
    if (swept.length > 0) options.progress?.(`removed what the lab of process ${swept.join(', ')} left behind`)
    let lab: Lab | undefined
    try {
      lab = new Lab(options)
      await lab.#startSurroundings(options.router ?? 'podpeer')
      return lab
    } catch (thrown) {
      await lab?.close()
      removeLab()
      throw thrown
    }
  }

  async #startSurroundings(router: RouterKind): Promise<void> {
    this.#progress('starting the Kubernetes API in every node')
    await this.cluster.up()
    writeFileSync(
      this.agentConfig,
      agentsConfig(this.topology, this.#inside, node => podpeerFiles(join(this.folder, node))),
    )
    writeFileSync(this.#inside, this.cluster.insideKubeconfig, { mode: 0o600 })
    writeFileSync(this.kubeconfig, this.cluster.outsideKubeconfig, { mode: 0o600 })
    this.#progress(`starting the router (${router})`)
    await this.router.start()
  }

  /** At most as many at once as there are cores. */
  async startAgents(): Promise<void> {
    let started = 0
    await eachOf(this.members, availableParallelism(), async ({ agent }) => {
      await agent.start()
      started++
      this.#progress(`starting agents (${started} of ${this.members.length})`)
    })
  }

  /** For kubectl beside the lab. */
  get kubeconfig(): string {
    return join(this.folder, 'kubeconfig')
  }

  /** The agents' one configuration file. */
  get agentConfig(): string {
    return join(this.folder, 'agent.yaml')
  }

  /** @param number from 1 */
  node(number: number): LabMember {
    const member = this.members[number - 1]
    if (member === undefined) throw new RangeError(`the lab has no node ${number}`)
    return member
  }

  /** What the agents say of their sessions; `Down` where an agent does not answer. */
  async sessions(): Promise<SessionRow[]> {
    const rows = await Promise.all(
      this.members.map(async ({ place, agent }) => {
        const peers = await agent.peers().catch(() => [])
        return planSessions(this.topology)
          .filter(session => session.node === place.name)
          .map(session => {
            const { state = 'Down', lastError } = peers.find(peer => peer.address === session.peer) ?? {}
            return { ...session, state, ...(state !== 'Established' && lastError ? { lastError } : {}) }
          })
      }),
    )
    return rows.flat()
  }

  /** What BGP put into the kernels of the router and the nodes. */
  routes(place?: string): RouteRow[] {
    const places = place === undefined ? ['router', ...this.topology.nodes.map(({ name }) => name)] : [place]
    return places.flatMap(node => learnedRoutes(node).map(route => ({ node, ...route })))
  }

  /** What a lab that works would have and this one has not, in words; then what its agents say about it. */
  async missing(): Promise<string[]> {
    const down = (await this.sessions()).filter(({ state }) => state !== 'Established')
    const there = new Set(this.routes().map(({ node, prefix }) => `${node} ${prefix}`))
    const lacking = planRoutes(this.topology).filter(({ node, prefix }) => !there.has(`${node} ${prefix}`))
    if (down.length + lacking.length === 0) return []
    return [
      ...down.map(({ node, peer, state, lastError }) =>
        [`the session of ${node} with ${peer} is ${state}`, ...(lastError === undefined ? [] : [lastError])].join(': '),
      ),
      ...lacking.map(({ node, prefix }) => `${node} has no route to ${prefix}`),
      ...(await this.#problems()),
    ]
  }

  async #problems(): Promise<string[]> {
    const said = this.members.map(async ({ place, agent }) => {
      const { problems } = await agent.status()
      return problems.map(problem => `${place.name} says: ${problem}`)
    })
    return (await Promise.allSettled(said)).flatMap(answer => (answer.status === 'fulfilled' ? answer.value : []))
  }

  /** Resolves when sessions are up and routes are there. @throws WorldFault with what is missing */
  async settled(): Promise<void> {
    this.#progress('waiting for sessions and routes')
    const deadline = SETTLE_DEADLINE + this.members.length * SETTLE_DEADLINE_PER_NODE
    await untilComplete('the lab', deadline, async () => {
      const [first, ...others] = await this.missing()
      return first && (others.length === 0 ? first : `${first}, and ${others.length} more`)
    })
  }

  async pingAll(): Promise<PingRow[]> {
    this.#progress('pinging')
    return await pingAll(planPings(this.topology))
  }

  async close(): Promise<void> {
    await Promise.all([...this.members.map(({ agent }) => agent.stop()), this.router.stop(), this.cluster.down()])
    removeLab()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  get #inside(): string {
    return join(this.folder, 'kubeconfig-inside')
  }

  #subfolder(name: string): string {
    const path = join(this.folder, name)
    mkdirSync(path)
    return path
  }

  #agent(place: LabNode): PodpeerProcess {
    const folder = this.#subfolder(place.name)
    return new PodpeerProcess({
      node: place.name,
      namespace: spaceOf(place.name),
      config: this.agentConfig,
      log: join(folder, 'podpeer.log'),
      files: podpeerFiles(folder),
    })
  }
}
