/**
 * One BIGIP object kept: its units, what is wanted of each, and what is told of it. Decides nothing of modes and devices; is
 * called for each pass with what is known of the cluster by then.
 */
import { isDeepStrictEqual } from 'node:util'
import type { CallReport } from '../bigip/client.ts'
import type { Clock } from '../bigip/clock.ts'
import type { DeviceEvent } from '../bigip/device.ts'
import type { Finding } from '../bigip/finding.ts'
import type { Desire, ModeInput, OtherUnit, Published } from '../bigip/mode/desire.ts'
import type { Identity } from '../bigip/ownership.ts'
import { ALLOW_DELETIONS, type BigIp, type BigIpStatus, type UnitSpec, type UnitStatus } from '../bigip/resource.ts'
import type { ClusterNetwork, PodNetwork } from '../cni/network.ts'
import type { LoginSource } from './login.ts'
import type { BigIpReport, UnitReport } from './status.ts'
import { Unit } from './unit.ts'

export interface KeeperOptions {
  readonly mode: (input: ModeInput) => Desire
  readonly login: LoginSource
  readonly clock: Clock
  readonly lead: () => boolean
  readonly onCall: (unit: string, call: CallReport) => void
  readonly onEvent: (unit: string, event: DeviceEvent) => void
  readonly onChange: () => void
}

/** What is known of the cluster at a pass. */
export interface ClusterKnowledge {
  readonly network: ClusterNetwork
  readonly pods: readonly PodNetwork[]
  /** Whether it is all. */
  readonly synced: boolean
}

interface Kept {
  readonly unit: Unit
  readonly spec: UnitSpec
  /** What a unit cannot change while it lives. */
  readonly foundation: unknown
}

export class BigIpKeeper {
  readonly #options: KeeperOptions
  readonly #units = new Map<string, Kept>()
  #bigIp: BigIp
  #clusterId: string | undefined
  #network: ClusterNetwork | undefined
  #following = false
  /** Units that are no more, until they have ended. */
  #leaving: Promise<unknown> = Promise.resolve()

  constructor(bigIp: BigIp, options: KeeperOptions) {
    this.#bigIp = bigIp
    this.#options = options
  }

  get bigIp(): BigIp {
    return this.#bigIp
  }

  /** As names on the devices contain it; undefined: not known yet. */
  get clusterId(): string | undefined {
    return this.#clusterId
  }

  /** As of the last pass. */
  get network(): ClusterNetwork | undefined {
    return this.#network
  }

  get units(): readonly Unit[] {
    return [...this.#units.values()].map(({ unit }) => unit)
  }

  get deleting(): boolean {
    return this.#bigIp.metadata.deletionTimestamp !== undefined
  }

  /** Deleted, and the devices are to stay as they are: nothing is done any more. */
  get abandoned(): boolean {
    return this.deleting && this.#bigIp.spec.deletionPolicy === 'Retain'
  }

  /** From here on the devices are made right by themselves. */
  start(): void {
    if (this.#following) return
    this.#following = true
    for (const unit of this.units) unit.start(Promise.resolve())
  }

  /** @param clusterId of the cluster, where the object does not say another */
  update(bigIp: BigIp, clusterId: string | undefined): void {
    this.#bigIp = bigIp
    this.#clusterId = bigIp.spec.cluster ?? clusterId
    const wanted = this.abandoned || this.#clusterId === undefined ? [] : bigIp.spec.units
    for (const [name, { unit, foundation }] of this.#units) {
      const spec = wanted.find(one => one.name === name)
      if (spec !== undefined && !unit.link.moved && isDeepStrictEqual(foundation, this.#foundationOf(spec))) continue
      this.#units.delete(name)
      this.#leaving = Promise.allSettled([this.#leaving, unit.close()])
    }
    for (const spec of wanted) {
      const known = this.#units.get(spec.name)
      if (known === undefined) this.#open(spec)
      else this.#units.set(spec.name, { ...known, spec })
    }
  }

  /** Tells each unit what is wanted of it now. */
  pass(knowledge: ClusterKnowledge): void {
    this.#network = knowledge.network
    const published = () => this.units.map(({ desire }) => desire?.published)
    const before = published()
    this.#tell(knowledge)
    // who was told first has not heard yet what the other one has
    if (this.#units.size > 1 && !isDeepStrictEqual(published(), before)) this.#tell(knowledge)
  }

  /** No device holds anything of ours any more. */
  get clean(): boolean {
    if (this.#units.size < this.#bigIp.spec.units.length) return false
    return [...this.#units.values()].every(({ unit }) => {
      const { phase, objects } = unit.status ?? {}
      return phase === 'in sync' && objects?.actual === 0 && objects.desired === 0
    })
  }

  report(obstacle: BigIpReport['obstacle'], findings: readonly Finding[]): BigIpReport {
    const { metadata, spec } = this.#bigIp
    return {
      generation: metadata.generation,
      cluster: this.#clusterId,
      spec,
      obstacle,
      deleting: this.deleting,
      units: this.units.map(reportOf),
      findings,
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#leaving, ...this.units.map(unit => unit.close())])
  }

  #tell({ network, pods, synced }: ClusterKnowledge): void {
    const words = new Set((this.#bigIp.metadata.annotations?.[ALLOW_DELETIONS] ?? '').split(/[\s,]+/).filter(Boolean))
    for (const { unit, spec } of this.#units.values()) {
      const refusal = unit.status?.refused?.hash
      unit.allow(refusal !== undefined && words.has(refusal) ? refusal : undefined)
      const otherUnits = this.#othersOf(spec)
      unit.want({ spec: this.#bigIp.spec, otherUnits, network, pods, synced, purge: this.deleting })
    }
  }

  #open(spec: UnitSpec): void {
    const { mode, login, clock, lead, onCall, onEvent, onChange } = this.#options
    const { cluster: _, partition, adopt } = this.#bigIp.spec
    const identity: Identity = { clusterId: this.#clusterId!, partition, ...(adopt !== undefined && { adopt }) }
    const unit = new Unit({
      bigIp: this.#bigIp,
      unit: spec,
      identity,
      mode,
      login,
      clock,
      lead,
      onCall: call => onCall(spec.name, call),
      onEvent: event => onEvent(spec.name, event),
      onChange,
    })
    this.#units.set(spec.name, { unit, spec, foundation: this.#foundationOf(spec) })
    if (this.#following) unit.start(this.#leaving.then(() => {}))
  }

  #foundationOf({ address, fingerprint }: UnitSpec): unknown {
    const { credentials, tls, partition, adopt, routeDomain, safety, resyncInterval } = this.#bigIp.spec
    const cluster = this.#clusterId
    return { address, fingerprint, credentials, tls, cluster, partition, adopt, routeDomain, safety, resyncInterval }
  }

  #othersOf(spec: UnitSpec): OtherUnit[] {
    return [...this.#units.values()]
      .filter(other => other.spec.name !== spec.name)
      .map(({ unit, spec: other }) => {
        const told = this.#bigIp.status.units?.find(({ name }) => name === other.name)
        const published = unit.desire?.published ?? (told && publishedOf(told, this.#bigIp.status))
        return { spec: other, ...(published !== undefined && { published }) }
      })
  }
}

export function reportOf(unit: Unit): UnitReport {
  const { url, facts, fault, silent } = unit.link
  return { name: unit.name, url, facts, fault, silent, desire: unit.desire, device: unit.status }
}

function publishedOf(unit: UnitStatus, { reflectors = [] }: BigIpStatus): Published {
  const { vtep, tunnelSubnets = [], selfIPs = [], advertised = [], bgp } = unit
  return { tunnelSubnets, selfIPs, advertised, reflectors, ...(vtep && { vtep }), ...(bgp && { bgp }) }
}
