/**
 * What the controller says of BIGIPs in the cluster: status, finalizers, Events, and the masquerade list. Rule: only who leads
 * says anything.
 */
import type { Clock } from '../bigip/clock.ts'
import type { Finding } from '../bigip/finding.ts'
import { deviceSources } from '../bigip/masquerade.ts'
import { API_VERSION, type BigIp, type BigIpStatus } from '../bigip/resource.ts'
import type { ClusterNetwork } from '../cni/network.ts'
import type { KubeObject } from '../kube/object.ts'
import type { KubeWriter } from '../kube/writer.ts'
import type { BigIpKeeper } from './big-ip-keeper.ts'
import { EventRecorder, type EventSubject } from './event-recorder.ts'
import { MasqueradeKeeper } from './masquerade-keeper.ts'
import { finalizersOf, ObjectWriter } from './object-writer.ts'
import { type BigIpReport, bigIpStatus, exclusionsOf, findingsOf } from './status.ts'

export interface PublisherOptions {
  readonly writer: KubeWriter
  /** Whether BIGIPs are objects of the cluster: else only Nodes and the masquerade list are told. */
  readonly stored: boolean
  readonly clock: Clock
  readonly lead: () => boolean
  readonly onFault: (fault: Error) => void
}

interface Published {
  readonly object: ObjectWriter
  readonly masquerade: MasqueradeKeeper
  /** resourceVersion of the object whose finalizers we last wrote. */
  finalized: string | undefined
}

export class Publisher {
  readonly #options: PublisherOptions
  readonly #events: EventRecorder
  readonly #published = new Map<string, Published>()
  #leaving: Promise<unknown> = Promise.resolve()

  constructor(options: PublisherOptions) {
    this.#options = options
    this.#events = new EventRecorder(options.writer, options.clock)
  }

  /** That belong to the cluster, not to a device. */
  findingsOf(name: string): readonly Finding[] {
    return this.#published.get(name)?.masquerade.findings ?? []
  }

  publish(keeper: BigIpKeeper, report: BigIpReport): void {
    if (!this.#options.lead()) return
    const { bigIp } = keeper
    const published = this.#publishedOf(bigIp.metadata.name, bigIp.status)
    this.#keepMasquerade(published.masquerade, report, keeper.network)
    this.#recordNodeEvents(bigIp, report)
    if (!this.#options.stored) return
    published.object.hear(bigIp.status, bigIp.metadata.resourceVersion)
    this.#tell(published.object, report)
    this.#finalize(published, bigIp, keeper.clean && published.masquerade.clean)
    this.#recordEvents(bigIp, report)
  }

  /** Of an object that cannot be used at all. */
  complain(object: KubeObject, obstacle: NonNullable<BigIpReport['obstacle']>): void {
    if (!this.#options.lead() || !this.#options.stored) return
    const { metadata } = object
    const status = (object['status'] ?? {}) as BigIpStatus
    const { object: writer } = this.#publishedOf(metadata.name, status)
    writer.hear(status, metadata.resourceVersion)
    const { generation } = metadata
    this.#tell(writer, {
      generation,
      cluster: undefined,
      spec: undefined,
      obstacle,
      deleting: false,
      units: [],
      findings: [],
    })
    this.#events.record({ subject: subjectOf({ metadata }), type: 'Warning', ...obstacle })
  }

  forget(name: string): void {
    const published = this.#published.get(name)
    this.#published.delete(name)
    this.#leaving = Promise.allSettled([this.#leaving, published?.object.close(), published?.masquerade.close()])
  }

  async close(): Promise<void> {
    for (const name of [...this.#published.keys()]) this.forget(name)
    await Promise.allSettled([this.#leaving, this.#events.close()])
  }

  #publishedOf(name: string, status: BigIpStatus): Published {
    const known = this.#published.get(name)
    if (known !== undefined) return known
    const { writer, clock, lead, onFault } = this.#options
    const published = {
      object: new ObjectWriter({ writer, name, status, clock, lead, onFault }),
      masquerade: new MasqueradeKeeper(name, writer, onFault),
      finalized: undefined,
    }
    this.#published.set(name, published)
    return published
  }

  #tell(writer: ObjectWriter, report: BigIpReport): void {
    writer.offer(bigIpStatus(report, writer.status, this.#options.clock.now()))
  }

  #finalize(published: Published, bigIp: BigIp, clean: boolean): void {
    const { finalizers = [], resourceVersion } = bigIp.metadata
    const wanted = finalizersOf(bigIp, clean)
    if (wanted.join() === finalizers.join() || published.finalized === resourceVersion) return
    published.finalized = resourceVersion
    published.object.finalizers(bigIp.metadata, wanted).then(done => {
      // another has written meanwhile, or nobody could: the next pass tries again
      if (!done) published.finalized = undefined
    })
  }

  #keepMasquerade(
    masquerade: MasqueradeKeeper,
    { spec, deleting, units }: BigIpReport,
    network: ClusterNetwork | undefined,
  ): void {
    const now = this.#options.clock.now()
    if (spec?.masquerade === undefined) return masquerade.release(now)
    // of a device that is not known there is no knowing what it needs
    const facts = units.flatMap(unit => unit.facts ?? [])
    if (network === undefined || units.length === 0 || facts.length < units.length) return
    const sources = facts.flatMap(one =>
      deviceSources(one, spec.routeDomain ?? one.partitions.get(spec.partition) ?? 0),
    )
    const { clusterCIDRs, cni } = network
    const wanted = deleting ? [] : [...new Set(sources)].sort()
    const { configMap } = spec.masquerade
    masquerade.want({ configMap, sources: wanted, cluster: { clusterCIDRs, cni } }, now)
  }

  #recordNodeEvents(bigIp: BigIp, report: BigIpReport): void {
    for (const { kind, name, reason, message } of exclusionsOf(report))
      if (kind === 'Node')
        this.#events.record({
          subject: { apiVersion: 'v1', kind, name, uid: name },
          type: 'Warning',
          reason,
          message: `BIGIP ${bigIp.metadata.name}: ${message}`,
        })
  }

  #recordEvents(bigIp: BigIp, report: BigIpReport): void {
    const subject = subjectOf(bigIp)
    for (const { code, severity, subject: about, cause, remedy } of findingsOf(report))
      if (severity !== 'note')
        this.#events.record({
          subject,
          type: 'Warning',
          reason: camelCase(code),
          message: `${about}: ${cause}${remedy === undefined ? '' : `; ${remedy}`}`,
        })
    for (const { name, device, fault } of report.units) {
      if (fault !== undefined)
        this.#events.record({ subject, type: 'Warning', reason: 'Unreachable', message: `${name}: ${fault.message}` })
      if (device?.refused !== undefined)
        this.#events.record({
          subject,
          type: 'Warning',
          reason: 'DeletionsRefused',
          message: `${name}: ${device.refused.reason}; to allow it: podpeer.io/allow-deletions=${device.refused.hash}`,
        })
    }
  }
}

function subjectOf({ metadata }: Pick<BigIp, 'metadata'>): EventSubject {
  return { apiVersion: API_VERSION, kind: 'BIGIP', name: metadata.name, uid: metadata.uid ?? '' }
}

/** `tunnel-subnet-allocatable` → `TunnelSubnetAllocatable`. */
function camelCase(code: string): string {
  return code.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
