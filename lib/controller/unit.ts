/**
 * One device of one BIGIP: its link, what the mode wants of it, and the reconciler that makes it so. Rules: nothing is wanted
 * of a device whose facts are not known; BGP is enabled only where the object says which, and by who leads.
 */
import { WorldFault } from '../base/failure.ts'
import type { Address } from '../base/ip.ts'
import type { Journey } from '../base/journey.ts'
import type { BigIpClient, CallReport } from '../bigip/client.ts'
import type { Clock } from '../bigip/clock.ts'
import { Device, type DeviceEvent, type DeviceStatus, type Outcome, type Wanted } from '../bigip/device.ts'
import { diagnose, type Traffic, trafficOf } from '../bigip/doctor.ts'
import type { DeviceFacts } from '../bigip/facts.ts'
import { isDeviceFault } from '../bigip/fault.ts'
import type { Finding } from '../bigip/finding.ts'
import type { Desire, ModeInput } from '../bigip/mode/desire.ts'
import { tunnelPaths } from '../bigip/mode/index.ts'
import { Place } from '../bigip/mode/place.ts'
import type { Identity } from '../bigip/ownership.ts'
import type { Plan } from '../bigip/plan.ts'
import type { Allowance } from '../bigip/refusal.ts'
import type { BigIp, UnitSpec } from '../bigip/resource.ts'
import type { RoutingApi } from '../bigip/routing/choice.ts'
import type { NeighborState } from '../bigip/routing/neighbor-state.ts'
import { type RoutingReading, readRouting } from '../bigip/routing/reading.ts'
import type { Row } from '../bigip/row.ts'
import type { ClusterNetwork } from '../cni/network.ts'
import { type AccessOptions, deviceAccess, imishOf } from './device-access.ts'
import { DeviceLink } from './device-link.ts'
import { deviceJourneys } from './journey.ts'
import type { LoginSource } from './login.ts'

export interface UnitOptions {
  /** Whose spec says how the device is reached; of the rest each `want` brings the newest. */
  readonly bigIp: BigIp
  readonly unit: UnitSpec
  readonly identity: Identity
  readonly mode: (input: ModeInput) => Desire
  readonly login: LoginSource
  readonly clock: Clock
  readonly lead: () => boolean
  readonly onCall: (call: CallReport) => void
  readonly onEvent: (event: DeviceEvent) => void
  /** What is known of the device is new: a pass is due. What becomes of what is wanted is told by events. */
  readonly onChange: () => void
}

export interface UnitWish extends Pick<ModeInput, 'spec' | 'otherUnits' | 'network' | 'pods'> {
  /** Whether all of the cluster is known: nothing is deleted before. */
  readonly synced: boolean
  /** Take everything of ours away. */
  readonly purge: boolean
}

/** Milliseconds, at least, between two readings of a device's facts. */
const FACTS_INTERVAL = 60_000
/** How often, and with how many milliseconds between, a device whose BGP has just been enabled is asked whether it is up. */
const DAEMON_START = { tries: 4, wait: 5000 }
const EVERYTHING: Allowance = Number.MAX_SAFE_INTEGER

/** What is wrong with a device, and what nodes have to let in of it. */
export interface Examined {
  readonly findings: readonly Finding[]
  readonly traffic: readonly Traffic[]
}

interface Reconciler {
  readonly device: Device
  readonly client: object
  readonly api: RoutingApi | undefined
  /** What its rows were read by: default route domains of partitions. */
  readonly domains: string
}

export class Unit {
  readonly name: string
  readonly #options: UnitOptions
  readonly link: DeviceLink
  #reconciler: Reconciler | undefined
  #wish: UnitWish | undefined
  #desire: Desire | undefined
  #network: ClusterNetwork | undefined
  #allowance: Allowance | undefined
  #spec: UnitSpec
  /** `spec.bgp.api` */
  #api: RoutingApi | undefined
  #following = false
  #enabling = false
  /** Reconcilers that were replaced, until their last write has ended. */
  #leaving: Promise<void> = Promise.resolve()

  constructor(options: UnitOptions) {
    const { bigIp, unit, login, clock, onCall, onChange } = options
    this.name = unit.name
    this.#options = options
    this.#spec = unit
    const interval = Math.max(FACTS_INTERVAL, bigIp.spec.resyncInterval * 1000)
    this.#api = bigIp.spec.bgp.api
    const readRouting = (client: BigIpClient, facts: DeviceFacts) => this.#readRouting(client, facts)
    this.link = new DeviceLink({ bigIp, unit, login, clock, interval, readRouting, onCall, onChange })
    this.link.watchTunnels(Object.values(tunnelPaths({ spec: bigIp.spec, identity: options.identity })))
  }

  /** What was wanted last. */
  get desire(): Desire | undefined {
    return this.#desire
  }

  /** What was known of the cluster then. */
  get network(): ClusterNetwork | undefined {
    return this.#network
  }

  get status(): DeviceStatus | undefined {
    return this.#reconciler?.device.status()
  }

  /** From here on it is made right by itself, after `previous` has ended: two would write to one device. */
  start(previous: Promise<void>): void {
    this.#following = true
    previous.then(() => {
      if (!this.#following) return
      this.link.start()
      this.#reconciler?.device.start()
    })
  }

  /** @returns what is wanted now; undefined while the device is not known */
  want(wish: UnitWish): Desire | undefined {
    const { synced, purge, ...input } = wish
    this.#wish = wish
    const access = this.#accessOptions()
    if (access === undefined) return undefined
    const { identity, mode } = this.#options
    this.link.watchTunnels(Object.values(tunnelPaths({ spec: input.spec, identity })))
    this.link.watchServing(input.spec.units.length > 1)
    this.#spec = input.spec.units.find(({ name }) => name === this.name) ?? this.#spec
    if (this.#api !== input.spec.bgp.api) {
      this.#api = input.spec.bgp.api
      this.link.refresh()
    }
    const { facts, bgp } = this.link
    const desire = mode({ ...input, unit: this.#spec, identity, facts: facts!, ...(bgp && { bgp }) })
    this.#desire = desire
    this.#network = input.network
    const { device } = this.#reconcilerFor(access, desire.routing.api)
    device.allow(purge ? EVERYTHING : this.#allowance)
    device.want(purge ? purged(desire) : { ...desire, synced: synced && desire.complete })
    if (this.#following && !purge) this.#enableRouting()
    return desire
  }

  /** What was written by others meanwhile may matter: the Lease was won. */
  resync(): void {
    this.#reconciler?.device.resync()
  }

  /** The operator's word, until it is taken back. */
  allow(allowance: Allowance | undefined): void {
    this.#allowance = allowance
  }

  /** Reads the device and says what would change. @throws DeviceFault; WorldFault while nothing is wanted */
  plan(): Promise<Plan> {
    return this.#device().plan()
  }

  /** One whole pass, now. @throws as `plan` */
  async apply(allowDeletions?: Allowance): Promise<Outcome> {
    const enable = this.#desire?.routing.enable
    if (enable !== undefined && this.#wish?.purge === false && this.#options.lead()) {
      await this.#enable(enable)
      // until now nothing could be wanted of BGP
      this.want(this.#wish)
    }
    return await this.#device().apply(allowDeletions === undefined ? {} : { allowDeletions })
  }

  /** Reads the device: what is found by mode, plan and doctor. @throws as `plan` */
  async examine(): Promise<Examined> {
    const { findings } = await this.plan()
    const [access, desire, network] = [this.#accessOptions()!, this.#desire!, this.#network!]
    const routes = (await deviceAccess(access, undefined).read('route')) as Row<'route'>[]
    const unsaved = this.status?.unsaved ?? false
    const own = diagnose({ unit: this.#spec, desire, facts: this.link.facts!, network, routes, unsaved })
    return { findings: [...desire.findings, ...findings, ...own], traffic: trafficOf(desire) }
  }

  /** Reads the device: the way of packets to a pod and from it. @throws as `plan` */
  async journeys(pod: Address): Promise<readonly Journey[]> {
    const options = this.#accessOptions()
    const desire = this.#desire
    if (options === undefined || desire === undefined || this.#wish === undefined) throw this.#unknown()
    const { spec, network } = this.#wish
    const { identity, bigIp } = this.#options
    return await deviceJourneys({
      name: `${bigIp.metadata.name}/${this.name}`,
      pod,
      access: deviceAccess(options, undefined),
      desire,
      network,
      tunnels: Object.values(tunnelPaths({ spec, identity })),
      domain: new Place({ spec, identity, facts: this.link.facts! }).address(''),
      neighbors: await this.neighbors(),
    })
  }

  /** BGP sessions as the device sees them. @throws DeviceFault */
  async neighbors(): Promise<readonly NeighborState[]> {
    const options = this.#accessOptions()
    if (options === undefined || this.#desire?.published.bgp === undefined) return []
    return await imishOf(options).neighbors()
  }

  /** Writes under way end; the device is logged out of. */
  async close(): Promise<void> {
    this.#following = false
    await this.#leaving
    await this.#reconciler?.device.close()
    await this.link.close()
  }

  #device(): Device {
    if (this.#reconciler !== undefined) return this.#reconciler.device
    throw this.#unknown()
  }

  #unknown(): Error {
    return this.link.fault ?? new WorldFault('UNIT_UNKNOWN', `${this.name} is not known yet`, { retry: true })
  }

  #reconcilerFor(access: AccessOptions, api: RoutingApi | undefined): Reconciler {
    const { client } = access
    const domains = domainsOf(access.facts)
    const { client: known, api: former, domains: told } = this.#reconciler ?? {}
    if (this.#reconciler !== undefined && known === client && former === api && told === domains)
      return this.#reconciler
    const { bigIp, identity, lead, clock, onEvent } = this.#options
    const before = this.#reconciler
    const device = new Device({
      name: this.name,
      access: deviceAccess(access, api),
      identity,
      cap: bigIp.spec.safety.maxDeletions,
      resync: bigIp.spec.resyncInterval * 1000,
      lead,
      clock,
      onEvent: event => {
        onEvent(event)
        if (event.type === 'applied' && touchesTunnel(event)) this.link.refresh()
      },
    })
    this.#reconciler = { device, client, api, domains }
    this.#leaving = (before?.device.close() ?? Promise.resolve()).then(() => {
      if (this.#following) device.start()
    })
    return this.#reconciler
  }

  #accessOptions(): AccessOptions | undefined {
    const { client, facts } = this.link
    const { bigIp, identity } = this.#options
    return client && facts && { client, facts, identity, spec: bigIp.spec }
  }

  #readRouting(client: BigIpClient, facts: DeviceFacts): Promise<RoutingReading> {
    const { bigIp, identity } = this.#options
    const options = { client, facts, identity, spec: bigIp.spec }
    return readRouting({
      facts,
      wanted: this.#api,
      routeDomain: bigIp.spec.routeDomain ?? facts.partitions.get(identity.partition) ?? 0,
      unit: `unit ${this.name}`,
      rest: deviceAccess(options, undefined),
      imish: imishOf(options),
    })
  }

  #enableRouting(): void {
    const enable = this.#desire?.routing.enable
    if (enable === undefined || this.#enabling || !this.#options.lead()) return
    this.#enabling = true
    this.#enable(enable)
      .catch(thrown => {
        if (!(thrown instanceof WorldFault)) throw thrown
        this.#options.onEvent({ type: 'fault', error: thrown, retryIn: FACTS_INTERVAL })
      })
      .finally(() => {
        this.#enabling = false
      })
  }

  async #enable({ path, body }: NonNullable<Desire['routing']['enable']>): Promise<void> {
    await this.link.client?.patch(path, body)
    for (let tries = 1; ; tries++)
      try {
        return void (await this.link.readAnew())
      } catch (thrown) {
        if (!isDeviceFault(thrown, 'BIGIP_RESTARTING') || tries === DAEMON_START.tries) throw thrown
        await new Promise<void>(resolve => this.#options.clock.after(DAEMON_START.wait, resolve))
      }
  }
}

/** Nothing is wanted any more; what CIS has left and was not taken over stays. */
function purged({ rows, exclusiveTunnels, sharedTunnels, unavailable }: Desire): Wanted {
  const chosenNames = rows.map(({ name }) => name)
  return { rows: [], expectations: [], synced: true, exclusiveTunnels, sharedTunnels, chosenNames, unavailable }
}

function touchesTunnel({ operation }: DeviceEvent & { type: 'applied' }): boolean {
  return operation.verb !== 'records' && (operation.row.kind === 'tunnel' || operation.row.kind === 'self IP')
}

/** AS3 sets them anew at will. */
function domainsOf({ partitions }: Pick<DeviceFacts, 'partitions'>): string {
  return Array.from(partitions, ([name, id]) => (id === 0 ? '' : `${name} ${id} `))
    .sort()
    .join('')
}
