/**
 * The status of a BIGIP object from what is known of it. Pure. Rules: lists are bounded; times of transitions stay as long as
 * nothing changes; what moves all the time (last sync) is told anew only every few minutes, so that a status at rest is not
 * written.
 */
import { reasonOf } from '../base/failure.ts'
import type { DeviceStatus } from '../bigip/device.ts'
import type { DeviceFacts } from '../bigip/facts.ts'
import type { Exclusion, Finding } from '../bigip/finding.ts'
import type { Desire } from '../bigip/mode/desire.ts'
import type { Refusal } from '../bigip/refusal.ts'
import type { BigIpSpec, BigIpStatus, Condition, UnitStatus } from '../bigip/resource.ts'

/** What is known of one unit. */
export interface UnitReport {
  readonly name: string
  readonly url: string | undefined
  readonly facts: DeviceFacts | undefined
  /** Why the device cannot be asked; undefined: it can, or has not been asked yet. */
  readonly fault: Error | undefined
  /** It did not say lately whether it serves. */
  readonly silent: boolean
  readonly desire: Desire | undefined
  readonly device: DeviceStatus | undefined
}

/** What is known of one BIGIP. */
export interface BigIpReport {
  readonly generation: number | undefined
  readonly cluster: string | undefined
  /** Absent where the object cannot be used. */
  readonly spec: BigIpSpec | undefined
  /** Why nothing is done, whatever the devices: the object is wrong, the cluster is not known. */
  readonly obstacle: { readonly reason: string; readonly message: string } | undefined
  readonly deleting: boolean
  readonly units: readonly UnitReport[]
  /** Of the BIGIP as a whole, beside those of modes and devices. */
  readonly findings: readonly Finding[]
}

const MOST_FINDINGS = 50
const MOST_REASONS = 20
const MOST_OBJECTS = 20
/** Milliseconds. */
const SYNC_NEWS = 5 * 60_000

/** @param before what was told last  @param now milliseconds since the epoch */
export function bigIpStatus(report: BigIpReport, before: BigIpStatus, now: number): BigIpStatus {
  const { generation, cluster, spec, units } = report
  const desire = units.find(unit => unit.desire !== undefined)?.desire
  const exclusions = exclusionsOf(report)
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    ...(cluster !== undefined && { cluster }),
    ...(desire === undefined ? modeBefore(before) : modeOf(desire, spec)),
    conditions: conditionsOf(report, before.conditions ?? [], now),
    units: units.map(unit =>
      unitStatus(
        unit,
        before.units?.find(({ name }) => name === unit.name),
        haStateOf(unit, units),
        now,
      ),
    ),
    ...(desire !== undefined && {
      nodes: {
        served: desire.served,
        leftOut: exclusions.filter(({ kind }) => kind === 'Node').length,
        reasons: exclusions.slice(0, MOST_REASONS).map(({ name, reason, message }) => ({ name, reason, message })),
      },
    }),
    findings: findingsOf(report).slice(0, MOST_FINDINGS),
  }
}

/** What agents need of the BIGIP as a whole, and by which mode. */
function modeOf({ mode, because, published }: Desire, spec: BigIpSpec | undefined): Partial<BigIpStatus> {
  const { bgp, reflectors } = published
  return {
    ...(mode !== undefined && { mode }),
    detectedFrom: because,
    ...(spec !== undefined && bgp !== undefined && { nodeASNumber: spec.bgp.nodeASNumber }),
    ...(reflectors.length > 0 && {
      reflectors: reflectors.map(one => ({ ...one, addresses: [...one.addresses] })),
    }),
  }
}

/** As with units: while no device is readable, what was said holds. */
function modeBefore({ mode, detectedFrom, nodeASNumber, reflectors }: BigIpStatus): Partial<BigIpStatus> {
  return {
    ...(mode !== undefined && { mode }),
    ...(detectedFrom !== undefined && { detectedFrom }),
    ...(nodeASNumber !== undefined && { nodeASNumber }),
    ...(reflectors !== undefined && { reflectors }),
  }
}

/** Of all units, each once. */
export function exclusionsOf({ units }: Pick<BigIpReport, 'units'>): Exclusion[] {
  return distinct(units.flatMap(({ desire }) => desire?.exclusions ?? []))
}

/** Of modes and devices, each once, errors first. */
export function findingsOf({ units, findings }: Pick<BigIpReport, 'units' | 'findings'>): Finding[] {
  const order = ['error', 'warning', 'note']
  return distinct([
    ...findings,
    ...units.flatMap(({ desire, device }) => [...(desire?.findings ?? []), ...(device?.findings ?? [])]),
  ]).sort((one, other) => order.indexOf(one.severity) - order.indexOf(other.severity))
}

function distinct<T>(items: readonly T[]): T[] {
  return [...new Map(items.map(item => [JSON.stringify(item), item])).values()]
}

/** `ARP /Common/podpeer-c1-10.244.1.7` */
function objectsOf({ deletions, replacements }: Refusal): string[] {
  return [...deletions, ...replacements].map(({ kind, parent, name }) => [kind, parent, name].filter(Boolean).join(' '))
}

/** Of a unit that does not answer, what it said last does not hold when another one has taken over. */
function haStateOf(unit: UnitReport, units: readonly UnitReport[]): string | undefined {
  const answers = ({ fault, silent }: UnitReport) => fault === undefined && !silent
  const serves = (other: UnitReport) => answers(other) && other.facts?.failoverState === 'active'
  const isReplaced = !answers(unit) && units.some(other => other !== unit && serves(other))
  return isReplaced ? 'unknown' : unit.facts?.failoverState
}

function unitStatus(
  unit: UnitReport,
  before: UnitStatus | undefined,
  haState: string | undefined,
  now: number,
): UnitStatus {
  const { name, url, facts, fault, desire, device } = unit
  const error = fault === undefined ? device?.phase === 'failing' && device.lastError?.message : reasonOf(fault)
  const lastSync = lastSyncOf(device?.lastSync, before?.lastSync, now)
  const published = desire?.published
  return {
    name,
    ...(url !== undefined && { address: url }),
    ...(haState !== undefined && { haState }),
    ...(facts !== undefined && {
      hostName: facts.hostName,
      version: facts.version,
      syncStatus: facts.sync.status,
    }),
    ...(published === undefined ? publishedBefore(before) : publication(published)),
    ...(device !== undefined && { objects: { ...device.objects } }),
    ...(device?.refused !== undefined && { refused: refusalOf(device.refused) }),
    ...(lastSync !== undefined && { lastSync }),
    ...(error && { lastError: error }),
  }
}

function publication({
  vtep,
  vxlan,
  tunnelSubnets,
  selfIPs,
  advertised,
  bgp,
}: Desire['published']): Partial<UnitStatus> {
  return {
    ...(vtep !== undefined && { vtep }),
    ...(vxlan !== undefined && { vxlan }),
    ...(tunnelSubnets.length > 0 && { tunnelSubnets: [...tunnelSubnets] }),
    ...(selfIPs.length > 0 && { selfIPs: [...selfIPs] }),
    ...(advertised.length > 0 && { advertised: [...advertised] }),
    ...(bgp !== undefined && { bgp: { addresses: [...bgp.addresses], asNumber: bgp.asNumber } }),
  }
}

/** Agents go on with what was said of a device, while it does not answer. */
function publishedBefore(before: UnitStatus | undefined): Partial<UnitStatus> {
  if (before === undefined) return {}
  const { vtep, vxlan, tunnelSubnets, selfIPs, advertised, bgp } = before
  return {
    ...(vtep !== undefined && { vtep }),
    ...(vxlan !== undefined && { vxlan }),
    ...(tunnelSubnets !== undefined && { tunnelSubnets }),
    ...(selfIPs !== undefined && { selfIPs }),
    ...(advertised !== undefined && { advertised }),
    ...(bgp !== undefined && { bgp }),
  }
}

function refusalOf(refusal: Refusal): NonNullable<UnitStatus['refused']> {
  const objects = objectsOf(refusal)
  return {
    token: refusal.hash,
    reason: refusal.reason,
    count: objects.length,
    objects: objects.slice(0, MOST_OBJECTS),
  }
}

function lastSyncOf(at: number | undefined, before: string | undefined, now: number): string | undefined {
  if (at === undefined) return before
  return before !== undefined && now - Date.parse(before) < SYNC_NEWS ? before : new Date(at).toISOString()
}

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>

/** With the times of `before` where nothing changes. */
export function conditionsOf(report: BigIpReport, before: readonly Condition[], now: number): Condition[] {
  const reachable = judgeReachable(report)
  const reconciled = judgeReconciled(report, before)
  const ready = judgeReady(report, reachable, reconciled)
  return Object.entries({ Ready: ready, Reachable: reachable, Reconciled: reconciled }).map(([type, verdict]) => {
    const last = before.find(one => one.type === type)
    const lastTransitionTime =
      last?.status === verdict.status ? last.lastTransitionTime : `${new Date(now).toISOString().slice(0, 19)}Z`
    const { generation } = report
    return { type, ...verdict, lastTransitionTime, ...(generation !== undefined && { observedGeneration: generation }) }
  })
}

function judgeReachable({ units }: BigIpReport): Verdict {
  const failing = units.filter(({ fault }) => fault !== undefined)
  if (failing.length > 0)
    return {
      status: 'False',
      reason: 'Unreachable',
      message: failing.map(({ name, fault }) => `${name}: ${reasonOf(fault)}`).join('; '),
    }
  if (units.length === 0 || units.some(({ facts }) => facts === undefined))
    return { status: 'Unknown', reason: 'Connecting', message: 'the devices have not answered yet' }
  return { status: 'True', reason: 'Answering', message: units.map(({ name }) => name).join(', ') }
}

function judgeReconciled({ units, deleting }: BigIpReport, before: readonly Condition[]): Verdict {
  for (const { name, device } of units)
    if (device?.refused !== undefined)
      return {
        status: 'False',
        reason: 'DeletionsRefused',
        message: `${name}: ${device.refused.reason}; to allow it: podpeer.io/allow-deletions=${device.refused.hash}`,
      }
  const failing = units.filter(({ device }) => device?.phase === 'failing')
  if (failing.length > 0)
    return {
      status: 'False',
      reason: 'Failing',
      message: failing.map(({ name, device }) => `${name}: ${device?.lastError?.message}`).join('; '),
    }
  const last = before.find(({ type }) => type === 'Reconciled')
  const moving = units.length === 0 || units.some(({ device }) => device?.phase !== 'in sync')
  // a change on its way is no news for who waits for the object
  const settled = last?.status === 'True' && units.every(({ device }) => device?.lastSync !== undefined)
  if (moving && !settled)
    return { status: 'False', reason: deleting ? 'Removing' : 'Progressing', message: 'the devices are being written' }
  const objects = units.reduce((sum, { device }) => sum + (device?.objects.desired ?? 0), 0)
  return {
    status: 'True',
    reason: 'InSync',
    message: `${objects} objects on ${units.length === 1 ? 'one device' : `${units.length} devices`}`,
  }
}

function judgeReady(report: BigIpReport, reachable: Verdict, reconciled: Verdict): Verdict {
  const { obstacle, deleting } = report
  if (obstacle !== undefined) return { status: 'False', ...obstacle }
  if (deleting) return { status: 'False', reason: 'Deleting', message: 'what podpeer made is being removed' }
  if (reachable.status !== 'True') return { ...reachable, status: 'False' }
  const [error] = findingsOf(report)
  if (error?.severity === 'error') {
    const { subject, cause, remedy } = error
    const message = `${subject}: ${cause}${remedy === undefined ? '' : `; ${remedy}`}`
    return { status: 'False', reason: 'Misconfigured', message }
  }
  return reconciled
}
