/**
 * A small cluster out of network namespaces, with real agents, a router and a Kubernetes API: the whole lab as one value,
 * for `npm start` and for tests. One lab per process at a time. `close` leaves nothing behind.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { agentsConfig } from './agent-config.ts'
import { Agents, type LabMember, type SessionRow } from './agents.ts'
import { Cluster } from './cluster.ts'
import { missingRoutes, planPings } from './expectation.ts'
import { makeFolder, removeLab, sweepLeftovers } from './leftovers.ts'
import { buildNetwork, type RouteRow, routesIn, spaceOf } from './network.ts'
import { type PingRow, pingAll } from './ping.ts'
import type { RouterDaemon, RouterKind } from './router.ts'
import { routerOf } from './router-daemons.ts'
import { podpeerFiles } from './router-podpeer.ts'
import { routerSetup } from './router-setup.ts'
import { planTopology, type Topology } from './topology.ts'
import { untilComplete } from './waiting.ts'

export interface LabOptions {
  readonly nodes?: number
  readonly router?: RouterKind
  /** Whether the router helps a peer that restarts; default true. */
  readonly gracefulRestart?: boolean
  /** Told what is being done, a sentence each. */
  readonly progress?: (what: string) => void
}

const SETTLE_DEADLINE = 90_000
const SETTLE_DEADLINE_PER_NODE = 3_000

export class Lab {
  readonly topology: Topology
  readonly folder: string
  readonly cluster: Cluster
  readonly router: RouterDaemon
  readonly agents: Agents
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
    this.agents = new Agents(this.topology, this.folder)
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
    this.agents.configure(agentsConfig(this.topology, this.#inside, node => podpeerFiles(join(this.folder, node))))
    writeFileSync(this.#inside, this.cluster.insideKubeconfig(), { mode: 0o600 })
    writeFileSync(this.kubeconfig, this.cluster.outsideKubeconfig, { mode: 0o600 })
    this.#progress(`starting the router (${router})`)
    await this.router.start()
  }

  async startAgents(): Promise<void> {
    await this.agents.start(this.#progress)
  }

  /** For kubectl beside the lab. */
  get kubeconfig(): string {
    return join(this.folder, 'kubeconfig')
  }

  /** The agents' one configuration file. */
  get agentConfig(): string {
    return this.agents.config
  }

  /** @param number from 1 */
  node(number: number): LabMember {
    return this.agents.member(number)
  }

  sessions(): Promise<SessionRow[]> {
    return this.agents.sessions()
  }

  /** What BGP put into the kernels of the router and the nodes. */
  routes(place?: string): RouteRow[] {
    return routesIn(this.topology, place)
  }

  /** What a lab that works would have and this one has not, in words; then what its agents say about it. */
  async missing(): Promise<string[]> {
    const lacking = [...(await this.agents.missing()), ...missingRoutes(this.topology, this.routes())]
    return lacking.length === 0 ? [] : [...lacking, ...(await this.agents.problems())]
  }

  /** Resolves when sessions are up and routes are there. @throws WorldFault with what is missing */
  async settled(): Promise<void> {
    this.#progress('waiting for sessions and routes')
    const deadline = SETTLE_DEADLINE + this.topology.nodes.length * SETTLE_DEADLINE_PER_NODE
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
    await Promise.all([this.agents.stop(), this.router.stop(), this.cluster.down()])
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
}
