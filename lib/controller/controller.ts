/**
 * The controller: BIGIP objects and a cluster in, devices made right and kept right. Every part can be another: where objects
 * and nodes come from, who the devices are, what a mode wants. One way for data: sources → passes → units → devices; status,
 * Events and finalizers go back to the cluster where there is one. Rules: nothing is written by who does not lead, nothing is
 * deleted before all of the cluster is known.
 */
import { EventEmitter } from 'node:events'
import { InputFault, reasonOf, WorldFault } from '../base/failure.ts'
import type { Address } from '../base/ip.ts'
import type { Journey } from '../base/journey.ts'
import { type Clock, systemClock } from '../bigip/clock.ts'
import type { DeviceEvent, Outcome } from '../bigip/device.ts'
import type { Desire, ModeInput } from '../bigip/mode/desire.ts'
import { cniOf, desire, needsPods } from '../bigip/mode/index.ts'
import type { Plan } from '../bigip/plan.ts'
import type { Allowance } from '../bigip/refusal.ts'
import { type BigIp, parseBigIp } from '../bigip/resource.ts'
import type { ClusterNetwork } from '../cni/network.ts'
import type { ElectionOptions } from '../kube/election.ts'
import { Leader } from '../kube/leader.ts'
import type { KubeObject } from '../kube/object.ts'
import type { KubeWriter } from '../kube/writer.ts'
import { BigIpKeeper } from './big-ip-keeper.ts'
import type { BigIpSource } from './bigip-source.ts'
import { ClusterId } from './cluster-id.ts'
import type { ClusterSource } from './cluster-source.ts'
import { DeviceClaims } from './device-claims.ts'
import type { ControllerEvents } from './event.ts'
import { declaredLogin, type LoginSource } from './login.ts'
import { PassSchedule } from './pass.ts'
import { Publisher } from './publisher.ts'
import type { BigIpReport } from './status.ts'
import type { Examined, Unit } from './unit.ts'

export interface ControllerParts {
  readonly bigIps: BigIpSource
  readonly cluster: ClusterSource
  /** The cluster that Secrets are read from, and that status and Events go to; absent: none. */
  readonly kube?: { readonly writer: KubeWriter; readonly namespace: string }
  /** Several may run, one writes; absent: this is the only one. Needs `kube`. */
  readonly election?: {
    /** Of the Lease. */
    readonly name: string
    /** Of this process: no other may ever have it. */
    readonly identity: string
    readonly terms?: Partial<Omit<ElectionOptions, 'identity'>>
  }
  /** Absent: as each object says, from Secrets of `kube` and files. */
  readonly login?: LoginSource
  /** Absent: the modes of podpeer, by `spec.mode`. */
  readonly mode?: (input: ModeInput) => Desire
  readonly clock?: Clock
}

/** Absent: all of them. */
export interface Selection {
  /** Name of a BIGIP. */
  readonly bigIp?: string
  readonly unit?: string
}

export type UnitResult<T> =
  | { readonly bigIp: string; readonly unit: string; readonly result: T; readonly error?: undefined }
  | {
      readonly bigIp: string
      readonly unit: string
      readonly result?: undefined
      readonly error: WorldFault | InputFault
    }

/** Milliseconds between two passes, so that a thousand changes at once are few passes. */
const GAP = 100
/** Milliseconds between two looks at what devices did. */
const TELLING_GAP = 500
/** Milliseconds that `plan` and `apply` wait until the cluster is known. */
const PATIENCE = 60_000

const UNNAMED = {
  reason: 'InvalidSpec',
  message: 'spec.cluster: is missing; write a name that tells this cluster from others on the device',
}
const UNKNOWN = {
  reason: 'ClusterUnknown',
  message:
    'what tells this cluster from others is not known; write spec.cluster, or let podpeer get Namespace kube-system',
}

export class Controller extends EventEmitter<ControllerEvents> {
  readonly #parts: ControllerParts
  readonly #clock: Clock
  readonly #login: LoginSource
  readonly #schedule: PassSchedule
  /** What devices did is told without a pass: what is wanted does not follow from it. */
  readonly #telling: PassSchedule
  readonly #leader: Leader | undefined
  readonly #publisher: Publisher | undefined
  /** Absent: each object says it. */
  readonly #clusterId: ClusterId | undefined
  readonly #keepers = new Map<string, BigIpKeeper>()
  readonly #claims = new DeviceClaims()
  /** Why an object is not kept, by name. */
  readonly #obstacles = new Map<string, NonNullable<BigIpReport['obstacle']>>()
  /** Keepers that are no more, until they have ended. */
  #leaving: Promise<unknown> = Promise.resolve()
  #opened = false
  #following = false
  #closed = false
  /** When the first change was heard that no pass has seen yet. */
  #changedAt: number | undefined
  /** The same of the last pass, until its writes are done. */
  #heardAt: number | undefined
  #waiting: (() => void)[] = []

  constructor(parts: ControllerParts) {
    super()
    const { kube, election, clock = systemClock } = parts
    this.#parts = parts
    this.#clock = clock
    this.#login = parts.login ?? declaredLogin(kube)
    this.#schedule = new PassSchedule(clock, GAP, () => this.#pass())
    this.#telling = new PassSchedule(clock, TELLING_GAP, () => this.#publish())
    if (kube !== undefined)
      this.#publisher = new Publisher({
        writer: kube.writer,
        stored: parts.bigIps.stored,
        clock,
        // who only asks what would change tells nobody
        lead: () => this.#following && this.leading,
        onFault: error => this.#trouble('status', error),
      })
    if (kube !== undefined)
      this.#clusterId = new ClusterId({
        writer: kube.writer,
        clock,
        onKnown: () => this.#changed(),
        onFault: fault => this.#trouble('Namespace kube-system', fault),
      })
    if (kube !== undefined && election !== undefined)
      this.#leader = new Leader({
        ...election,
        writer: kube.writer,
        namespace: kube.namespace,
        onChange: leading => this.#led(leading),
        onFault: fault => this.#trouble(`Lease ${election.name}`, fault),
      })
  }

  /** Whether this one writes. */
  get leading(): boolean {
    return !this.#closed && (this.#leader?.leading ?? true)
  }

  /** Who leads, where there is an election; empty: nobody. */
  get holder(): string | undefined {
    return this.#leader?.holder
  }

  /** Sentences: what keeps the cluster from being known, and objects from being kept. */
  get troubles(): readonly string[] {
    const { bigIps, cluster } = this.#parts
    const obstacles = [...this.#obstacles].map(([name, { message }]) => `BIGIP ${name}: ${message}`)
    return [bigIps.trouble, cluster.trouble].filter(one => one !== undefined).concat(obstacles)
  }

  /** All sources have told all. */
  get synced(): boolean {
    return this.#opened && this.#parts.bigIps.synced && this.#parts.cluster.synced
  }

  /** All was told once, and something is not followed now. */
  get away(): boolean {
    const { bigIps, cluster } = this.#parts
    return (bigIps.trouble ?? cluster.trouble) !== undefined
  }

  /** What is known of each BIGIP now, by name. */
  report(): ReadonlyMap<string, BigIpReport> {
    const reports = [...this.#keepers].map(([name, keeper]) => [name, this.#reportOf(name, keeper)] as const)
    return new Map(reports)
  }

  /** The cluster as this BIGIP's mode saw it at the last pass; undefined: there is no such BIGIP. */
  network(bigIp: string): ClusterNetwork | undefined {
    return this.#keepers.get(bigIp)?.network
  }

  /** The units that are kept, each with the name of its BIGIP. */
  units({ bigIp, unit }: Selection = {}): readonly { readonly bigIp: string; readonly unit: Unit }[] {
    return [...this.#keepers]
      .filter(([name]) => bigIp === undefined || bigIp === name)
      .flatMap(([name, keeper]) => keeper.units.map(one => ({ bigIp: name, unit: one })))
      .filter(one => unit === undefined || unit === one.unit.name)
  }

  /** From here on devices are made right and kept right by themselves, until `close`. */
  start(): void {
    this.#following = true
    this.#open()
    for (const keeper of this.#keepers.values()) keeper.start()
    this.#leader?.start()
  }

  /** Reads the devices and says what would change; writes nothing. @throws WorldFault where the cluster is not known in time */
  plan(selection?: Selection): Promise<UnitResult<Plan>[]> {
    return this.#each(selection, unit => unit.plan())
  }

  /** One whole pass over the devices, now. @throws as `plan` */
  apply(selection?: Selection, allowDeletions?: Allowance): Promise<UnitResult<Outcome>[]> {
    return this.#each(selection, unit => unit.apply(allowDeletions))
  }

  /** Reads devices and what they are anew: what keeps packets away from where all seems right. @throws as `plan` */
  async examine(selection?: Selection): Promise<UnitResult<Examined>[]> {
    await this.known()
    await Promise.allSettled(this.units(selection).map(({ unit }) => unit.link.read()))
    return await this.#each(selection, unit => unit.examine())
  }

  /** Reads the devices: the way of packets between them and a pod, on their side. @throws as `plan` */
  journeys(pod: Address, selection?: Selection): Promise<UnitResult<readonly Journey[]>[]> {
    return this.#each(selection, unit => unit.journeys(pod))
  }

  /** Writes under way end, devices are logged out of, the Lease is given up. */
  async close(): Promise<void> {
    this.#schedule.close()
    this.#telling.close()
    await Promise.allSettled([this.#leaving, ...[...this.#keepers.values()].map(keeper => keeper.close())])
    await this.#publisher?.close()
    this.#closed = true
    this.#clusterId?.close()
    await this.#leader?.stop()
    await this.#parts.cluster.close()
  }

  #open(): void {
    if (this.#opened) return
    this.#opened = true
    const { bigIps, cluster } = this.#parts
    const changed = () => this.#changed()
    cluster.start(changed)
    bigIps.start(changed)
    this.#clusterId?.start()
    this.#schedule.ask()
  }

  #led(leading: boolean): void {
    this.emit('leading', leading)
    if (!leading) return
    for (const { unit } of this.units()) unit.resync()
    this.#schedule.ask()
  }

  #changed(): void {
    this.#changedAt ??= this.#clock.now()
    this.#schedule.ask()
  }

  #trouble(about: string, error: unknown): void {
    this.emit('trouble', { about, reason: reasonOf(error) })
  }

  #pass(): void {
    const began = this.#clock.now()
    const { bigIps, cluster } = this.#parts
    this.#heardAt = this.#changedAt ?? this.#heardAt
    this.#changedAt = undefined
    this.#keep(bigIps.list(), bigIps.synced)
    const networks = new Map<string | undefined, ReturnType<ClusterSource['network']>>()
    for (const keeper of this.#keepers.values()) {
      const { spec } = keeper.bigIp
      const cni = cniOf(spec.mode)
      const network = networks.get(cni) ?? cluster.network(cni)
      networks.set(cni, network)
      if (network === undefined) continue
      const pods = needsPods(spec, network)
      if (pods) cluster.needPods()
      const synced = bigIps.synced && cluster.synced
      keeper.pass({ network, pods: pods ? cluster.pods() : [], synced })
    }
    this.#telling.ask()
    const waiting = this.#waiting
    this.#waiting = []
    for (const resume of waiting) resume()
    this.emit('passed', { milliseconds: this.#clock.now() - began })
  }

  #publish(): void {
    for (const [name, keeper] of this.#keepers) this.#publisher?.publish(keeper, this.#reportOf(name, keeper))
  }

  /** Objects as they are now → keepers. */
  #keep(objects: readonly KubeObject[], all: boolean): void {
    this.#obstacles.clear()
    for (const { bigIp, units } of this.#keepers.values())
      this.#claims.found(
        bigIp,
        units.flatMap(({ link: { url } }) => url ?? []),
      )
    for (const object of this.#claims.begin(objects)) {
      const { name } = object.metadata
      try {
        const bigIp = parseBigIp(object)
        const taken = this.#claims.claim(bigIp)
        if (taken !== undefined && bigIp.metadata.deletionTimestamp === undefined) {
          this.#leave(name)
          this.#obstruct(object, 'DeviceTaken', `BIGIP ${taken} has the same device: delete one of them`)
          continue
        }
        this.#keeperOf(name, bigIp).update(taken === undefined ? bigIp : retained(bigIp), this.#clusterId?.value)
        if (bigIp.spec.cluster === undefined && this.#clusterId?.value === undefined)
          this.#obstacles.set(name, this.#parts.kube === undefined ? UNNAMED : UNKNOWN)
      } catch (thrown) {
        if (!(thrown instanceof InputFault)) throw thrown
        this.#obstruct(object, 'InvalidSpec', reasonOf(thrown))
      }
    }
    if (!all) return
    const names = new Set(objects.map(({ metadata }) => metadata.name))
    for (const name of [...this.#keepers.keys()]) {
      if (names.has(name)) continue
      this.#leave(name)
      this.#publisher?.forget(name)
    }
  }

  /** The device stays as it is. */
  #leave(name: string): void {
    const keeper = this.#keepers.get(name)
    this.#keepers.delete(name)
    this.#leaving = Promise.allSettled([this.#leaving, keeper?.close()])
  }

  /** What was kept before goes on as it was. */
  #obstruct(object: KubeObject, reason: string, message: string): void {
    this.#obstacles.set(object.metadata.name, { reason, message })
    if (!this.#keepers.has(object.metadata.name)) this.#publisher?.complain(object, { reason, message })
  }

  #keeperOf(name: string, bigIp: BigIpKeeper['bigIp']): BigIpKeeper {
    const known = this.#keepers.get(name)
    if (known !== undefined) return known
    const keeper = new BigIpKeeper(bigIp, {
      mode: this.#parts.mode ?? desire,
      login: this.#login,
      clock: this.#clock,
      lead: () => this.leading,
      onCall: (unit, call) => this.emit('call', { bigIp: name, unit, ...call }),
      onEvent: (unit, event) => this.#hear(name, unit, event),
      onChange: () => this.#schedule.ask(),
    })
    this.#keepers.set(name, keeper)
    if (this.#following) keeper.start()
    return keeper
  }

  #hear(bigIp: string, unit: string, event: DeviceEvent): void {
    const place = { bigIp, unit }
    this.#telling.ask()
    if (event.type === 'applied') {
      const lag = this.#heardAt === undefined ? undefined : this.#clock.now() - this.#heardAt
      this.emit('applied', { ...place, ...event, ...(lag !== undefined && { lag }) })
      return
    }
    // what is written from here on is repair, and follows from no change of the cluster
    if (event.type === 'synced') this.#heardAt = undefined
    this.emit(event.type, ...([{ ...place, ...event }] as never))
  }

  #reportOf(name: string, keeper: BigIpKeeper): BigIpReport {
    const { trouble } = this.#parts.cluster
    const unheard =
      keeper.network === undefined && trouble !== undefined
        ? { reason: 'ClusterUnknown', message: `the cluster is not known: ${trouble}` }
        : undefined
    return keeper.report(this.#obstacles.get(name) ?? unheard, this.#publisher?.findingsOf(name) ?? [])
  }

  async #each<T>(selection: Selection | undefined, work: (unit: Unit) => Promise<T>): Promise<UnitResult<T>[]> {
    await this.known()
    const units = this.units(selection)
    if (units.length === 0) throw new InputFault('', 'no device is chosen', this.troubles.join('; ') || this.#choice())
    return await Promise.all(
      units.map(async ({ bigIp, unit }) => {
        try {
          return { bigIp, unit: unit.name, result: await work(unit) }
        } catch (thrown) {
          // a device that does not answer is no reason to say nothing of the other
          if (thrown instanceof WorldFault || thrown instanceof InputFault)
            return { bigIp, unit: unit.name, error: thrown }
          throw thrown
        }
      }),
    )
  }

  /** What a selection may name. */
  #choice(): string {
    const all = this.units().map(({ bigIp, unit }) => `BIGIP ${bigIp}, unit ${unit.name}`)
    return all.length === 0 ? 'there is no BIGIP: write one' : `there is ${all.join('; ')}`
  }

  /**
   * Resolves when all sources have told all, each device has been asked once, and what follows from it is wanted.
   * @throws WorldFault where the cluster is not known in time
   */
  async known(): Promise<void> {
    this.#open()
    const until = this.#clock.now() + PATIENCE
    const waits = () => !this.synced || [...this.#obstacles.values()].includes(UNKNOWN)
    await this.#passed()
    while (waits()) {
      if (this.#clock.now() > until)
        throw new WorldFault(
          'CLUSTER_UNKNOWN',
          `the cluster is not known: ${this.troubles.join('; ') || 'no answer'}`,
          {
            retry: true,
          },
        )
      await new Promise<void>(resolve => this.#clock.after(GAP, resolve))
      await this.#passed()
    }
    // faults are told by unit
    await Promise.allSettled(this.units().map(({ unit }) => unit.link.facts ?? unit.link.read()))
    await this.#passed()
  }

  /** A pass that begins after the call has ended. */
  async #passed(): Promise<void> {
    const passed = new Promise<void>(resolve => {
      this.#waiting.push(resolve)
    })
    this.#schedule.ask()
    await passed
  }
}

/** What it made is another BIGIP's now. */
function retained(bigIp: BigIp): BigIp {
  return { ...bigIp, spec: { ...bigIp.spec, deletionPolicy: 'Retain' } }
}
