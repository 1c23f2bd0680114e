/**
 * The lab with a BIG-IP: the stand-in in front of a namespace's kernel and a BGP daemon, the real controller that configures
 * it from empty, the real agents where the mode has them, and players for what of the nodes is not podpeer's yet. One
 * lab per process at a time. `close` leaves nothing behind.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAddress } from '../../lib/base/ip.ts'
import type { BigIpStatus } from '../../lib/bigip/resource.ts'
import { inNamespace } from '../../lib/linux/namespace.ts'
import { openTcpListener } from '../../lib/linux/tcp.ts'
import { BigIp } from '../bigip/big-ip.ts'
import { bigIpAgentsConfig } from './agent-config.ts'
import { Agents, type LabMember, type SessionRow } from './agents.ts'
import { BIGIP, BIGIP_ADDRESS, BIGIP_NETWORKS, CONTROLLER, MANAGEMENT, planBigIpTopology } from './bigip-topology.ts'
import { Cluster } from './cluster.ts'
import { CniPlayer } from './cni-player.ts'
import { ControllerProcess } from './controller-process.ts'
import { LabDevice } from './device-world.ts'
import { missingRoutes, planPings } from './expectation.ts'
import { type LabMode, MODE_PLANS, type ModePlan } from './lab-mode.ts'
import { LabPerson } from './lab-person.ts'
import { makeFolder, removeLab, sweepLeftovers } from './leftovers.ts'
import { buildNetwork, type RouteRow, routesIn, spaceOf } from './network.ts'
import { type PingRow, pingAll } from './ping.ts'
import { ACCOUNTS, bigIpObject, deployedObjects, loginSecrets } from './podpeer-objects.ts'
import type { RouterKind } from './router.ts'
import { podpeerFiles } from './router-podpeer.ts'
import { FAMILIES, type FamilyName, type Topology } from './topology.ts'
import { untilComplete } from './waiting.ts'

export interface BigIpLabOptions {
  readonly mode?: LabMode
  readonly nodes?: number
  /** Of the pods that BIG-IP is to reach; default: those of the mode. */
  readonly families?: readonly FamilyName[]
  /** The BGP daemon of the BIG-IP. */
  readonly router?: RouterKind
  /** Fields of the BIGIP's spec over those of the mode: `{ arp: 'node' }`. */
  readonly spec?: Readonly<Record<string, unknown>>
  /** Told what is being done, a sentence each. */
  readonly progress?: (what: string) => void
}

/** How many objects of a kind BIG-IP is to hold, holds, and held otherwise at the last look. */
export interface ObjectRow {
  readonly kind: string
  readonly desired: number
  readonly actual: number
  readonly drift: number
}

const SETTLE_DEADLINE = 90_000
const SETTLE_DEADLINE_PER_NODE = 3_000
const BACKLOG = 64

export class BigIpLab {
  readonly mode: LabMode
  readonly plan: ModePlan
  readonly topology: Topology
  readonly folder: string
  readonly cluster: Cluster
  /** The kernel and the BGP daemon behind the BIG-IP. */
  readonly device: LabDevice
  readonly agents: Agents
  readonly controller: ControllerProcess
  /** Not podpeer's: the CNI's daemon on each node. */
  readonly cni: CniPlayer
  readonly #spec: Readonly<Record<string, unknown>>
  readonly #person: LabPerson
  readonly #progress: (what: string) => void
  #bigip: BigIp | undefined

  private constructor({
    mode = 'bgp',
    nodes = 2,
    families = MODE_PLANS[mode].families,
    router = 'podpeer',
    spec = {},
    progress = () => {},
  }: BigIpLabOptions) {
    this.#progress = progress
    this.mode = mode
    this.plan = { ...MODE_PLANS[mode], families }
    this.#spec = spec
    this.topology = planBigIpTopology(nodes, this.#peers)
    progress(`building ${this.topology.places.length} network namespaces`)
    this.folder = makeFolder()
    buildNetwork(this.topology)
    const { cni } = this.plan
    this.cluster = new Cluster(this.topology.nodes, { places: [CONTROLLER], cni, pods: true })
    this.agents = new Agents(this.topology, this.folder)
    this.controller = new ControllerProcess({
      namespace: spaceOf(CONTROLLER),
      folder: this.#subfolder(CONTROLLER),
      kubeconfig: this.#kubeconfigOf('controller'),
    })
    this.device = new LabDevice({
      namespace: spaceOf(BIGIP),
      folder: this.#subfolder(BIGIP),
      vlans: new Map(BIGIP_NETWORKS.map(({ vlan }) => [`/Common/${vlan}`, vlan])),
      router,
      routerId: BIGIP_ADDRESS.ipv4,
    })
    this.cni = new CniPlayer(cni, this.topology.nodes, this.cluster.api)
    this.#person = new LabPerson(cni, this.cluster.api)
  }

  /** A lab whose BIG-IP is configured and whose sessions are up. Cleans up when it cannot be. @throws WorldFault InputFault */
  static async start(options: BigIpLabOptions = {}): Promise<BigIpLab> {
    const lab = await BigIpLab.prepare(options)
    try {
      await lab.startPodpeer()
      await lab.settled()
      return lab
    } catch (thrown) {
      await lab.close()
      throw thrown
    }
  }

  /** A lab with an empty BIG-IP and a Kubernetes API, in which nothing of podpeer runs yet. */
  static async prepare(options: BigIpLabOptions = {}): Promise<BigIpLab> {
    const swept = sweepLeftovers()
    if (swept.length > 0) options.progress?.(`removed what the lab of process ${swept.join(', ')} left behind`)
    let lab: BigIpLab | undefined
    try {
      lab = new BigIpLab(options)
      await lab.#startSurroundings()
      return lab
    } catch (thrown) {
      await lab?.close()
      removeLab()
      throw thrown
    }
  }

  async #startSurroundings(): Promise<void> {
    this.#progress('starting the Kubernetes API in every node')
    const { api } = this.cluster
    for (const object of deployedObjects()) api.put(object)
    await this.cluster.up()
    for (const name of ['agent', 'controller'] as const)
      writeFileSync(this.#kubeconfigOf(name), this.cluster.insideKubeconfig(ACCOUNTS[name]), { mode: 0o600 })
    writeFileSync(this.kubeconfig, this.cluster.outsideKubeconfig, { mode: 0o600 })
    const filesOf = (node: string) => podpeerFiles(join(this.folder, node))
    this.agents.configure(bigIpAgentsConfig(this.topology, this.#kubeconfigOf('agent'), filesOf))
    this.#progress('starting an empty BIG-IP')
    this.#bigip = await this.#startBigIp()
    await this.#addVirtualAddresses()
    for (const object of loginSecrets(this.bigip)) api.put(object)
    if (this.plan.played !== undefined) this.#progress(`playing ${this.plan.played}`)
    this.cni.start()
    this.#person.start()
    api.put(bigIpObject(this.mode, this.#spec))
  }

  async #startBigIp(): Promise<BigIp> {
    const { address: host, port } = MANAGEMENT
    const listener = { address: parseAddress(host), port }
    const fd = inNamespace(spaceOf(CONTROLLER), () => openTcpListener(listener, BACKLOG))
    return await BigIp.start({ host, fd, hostName: 'bigip.lab.example', networks: BIGIP_NETWORKS, world: this.device })
  }

  /** The VIPs, which are none of podpeer's business but to be announced. */
  async #addVirtualAddresses(): Promise<void> {
    for (const family of FAMILIES) {
      const address = this.topology.vip[family]
      const { status, body } = await this.bigip.hand('POST', '/tm/ltm/virtual-address', { name: address, address })
      if (status !== 200) throw new Error(`virtual address ${address}: ${JSON.stringify(body)}`)
    }
  }

  /** The controller, and the agents where the mode has them. */
  async startPodpeer(): Promise<void> {
    this.#progress('starting the controller')
    await Promise.all([this.controller.start(), this.plan.agents !== undefined && this.agents.start(this.#progress)])
  }

  /** The stand-in, for what a person or a test does at the device. */
  get bigip(): BigIp {
    if (this.#bigip === undefined) throw new Error('the BIG-IP is not started yet')
    return this.#bigip
  }

  /** For kubectl beside the lab. */
  get kubeconfig(): string {
    return join(this.folder, 'kubeconfig')
  }

  /** @param number from 1 */
  node(number: number): LabMember {
    return this.agents.member(number)
  }

  /** Empty where the mode has none. */
  async sessions(): Promise<SessionRow[]> {
    return this.#peers ? await this.agents.sessions() : []
  }

  /** What BGP put into the kernels of BIG-IP and the nodes. */
  routes(place?: string): RouteRow[] {
    return routesIn(this.topology, place)
  }

  /** By kind, as the controller sees BIG-IP. */
  async objects(): Promise<ObjectRow[]> {
    const { bigIps } = await this.controller.status()
    return bigIps.flatMap(({ units }) => units).flatMap(({ kinds }) => kinds)
  }

  /** Of the BIGIP object. */
  get status(): BigIpStatus {
    return (this.cluster.api.find('BIGIP', BIGIP)?.['status'] ?? {}) as BigIpStatus
  }

  /** What a lab that works would have and this one has not, in words; then what its agents say about it. */
  async missing(): Promise<string[]> {
    const lacking = [...this.#bigIpLacks(), ...this.#person.missing()]
    if (this.plan.agents === undefined) return lacking
    const present = this.#present()
    if (this.#peers)
      lacking.push(...(await this.agents.missing(present.nodes)), ...missingRoutes(present, this.routes()))
    else lacking.push(...(await this.agents.missingRows(present.nodes, this.plan.families)))
    return lacking.length === 0 ? [] : [...lacking, ...(await this.agents.problems())]
  }

  get #peers(): boolean {
    return this.plan.agents === 'peer with BIG-IP'
  }

  /** Without the nodes whose Node object is gone. */
  #present(): Topology {
    const known = new Set(this.cluster.api.list('Node').map(({ metadata }) => metadata.name))
    return { ...this.topology, nodes: this.topology.nodes.filter(({ name }) => known.has(name)) }
  }

  #bigIpLacks(): string[] {
    const { conditions = [], nodes, units = [], findings = [], observedGeneration } = this.status
    const present = this.#present().nodes.length
    const { generation } = this.cluster.api.find('BIGIP', BIGIP)?.metadata ?? {}
    const ready = conditions.find(({ type }) => type === 'Ready')
    const { worldFaults } = this.bigip
    return [
      ...(this.controller.running ? [] : ['the controller does not run']),
      ...(this.device.bgp.fault === undefined ? [] : [`BIG-IP's BGP daemon: ${this.device.bgp.fault}`]),
      ...(worldFaults.length === 0 ? [] : [`the kernel refused what BIG-IP was told: ${worldFaults.at(-1)}`]),
      ...this.cluster.api.refused.slice(0, 3).map(refusal => `RBAC refused ${JSON.stringify(refusal)}`),
      ...(observedGeneration === generation ? [] : ['the controller has not seen the BIGIP object']),
      ...(ready?.status === 'True' ? [] : [`the BIGIP is not Ready: ${ready?.message ?? 'it has no such condition'}`]),
      ...(nodes?.served === present ? [] : [`BIG-IP serves ${nodes?.served ?? 0} of ${present} nodes`]),
      ...units.flatMap(({ lastError }) => (lastError === undefined ? [] : [lastError])),
      ...findings.filter(({ severity }) => severity === 'error').map(({ subject, cause }) => `${subject}: ${cause}`),
    ]
  }

  /** Resolves when BIG-IP is as wanted, sessions are up and routes are there. @throws WorldFault with what is missing */
  async settled(): Promise<void> {
    this.#progress(this.#peers ? 'waiting for objects, sessions and routes' : 'waiting for objects and rows')
    const deadline = SETTLE_DEADLINE + this.topology.nodes.length * SETTLE_DEADLINE_PER_NODE
    await untilComplete('the lab', deadline, async () => {
      const [first, ...others] = await this.missing()
      return first && (others.length === 0 ? first : `${first}, and ${others.length} more`)
    })
  }

  async pingAll(): Promise<PingRow[]> {
    this.#progress('pinging')
    return await pingAll(planPings(this.#present(), this.plan.families))
  }

  async close(): Promise<void> {
    this.#person.stop()
    this.cni.stop()
    await Promise.all([this.controller.stop(), this.agents.stop()])
    await Promise.all([this.device.bgp.stop(), this.#bigip?.close(), this.cluster.down()])
    removeLab()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #kubeconfigOf(account: keyof typeof ACCOUNTS): string {
    return join(this.folder, `kubeconfig-${account}`)
  }

  #subfolder(name: string): string {
    const path = join(this.folder, name)
    mkdirSync(path)
    return path
  }
}
