/** The controller as its control API shows it: values of the library → documents. Decides nothing, changes nothing but by `apply`. */
import { InputFault, reasonOf } from '../../lib/base/failure.ts'
import type { Address } from '../../lib/base/ip.ts'
import type { Operation } from '../../lib/bigip/operation.ts'
import type { Plan } from '../../lib/bigip/plan.ts'
import type { Allowance, Refusal } from '../../lib/bigip/refusal.ts'
import type { Row } from '../../lib/bigip/row.ts'
import { vtepValues } from '../../lib/bigip/vtep-values.ts'
import type { Controller, Selection, UnitResult } from '../../lib/controller/controller.ts'
import { conditionsOf, exclusionsOf, findingsOf, type BigIpReport as Report } from '../../lib/controller/status.ts'
import type { Unit } from '../../lib/controller/unit.ts'
import { version } from '../version.ts'
import type {
  BigIpReport,
  ControllerStatus,
  DoctorDocument,
  Finding,
  JourneysDocument,
  Neighbor,
  PlanDocument,
  PlannedOperation,
  Refused,
  UnitPlan,
  UnitReport,
  VtepValuesDocument,
} from './document.ts'

/** Milliseconds that an answer of a device's BGP is good for: people look often. */
const NEIGHBORS_FRESH = 5000

export class ControllerView {
  readonly #controller: Controller
  readonly #startedAt = new Date().toISOString()
  readonly #neighbors = new WeakMap<Unit, { readonly at: number; readonly answer: Promise<readonly Neighbor[]> }>()

  constructor(controller: Controller) {
    this.#controller = controller
  }

  async status(): Promise<ControllerStatus> {
    const { leading, holder, troubles } = this.#controller
    const units = this.#controller.units()
    const bigIps = [...this.#controller.report()].map(async ([name, report]): Promise<BigIpReport> => {
      const own = units.filter(one => one.bigIp === name)
      return { ...summaryOf(name, report), units: await Promise.all(own.map(({ unit }) => this.#unit(unit))) }
    })
    return {
      version,
      pid: process.pid,
      startedAt: this.#startedAt,
      leading,
      ...(holder !== undefined && { holder }),
      kubernetes: this.#kubernetesState(troubles),
      problems: troubles,
      bigIps: await Promise.all(bigIps),
    }
  }

  async plan(selection: Selection): Promise<PlanDocument> {
    const results = await this.#controller.plan(selection)
    return { units: results.map(one => unitPlan(one, one.result)), problems: this.#problems(selection) }
  }

  async apply(selection: Selection, allowance: Allowance | undefined): Promise<PlanDocument> {
    if (!this.#controller.leading)
      throw new InputFault('', 'this controller does not lead', `ask the one that does: ${this.#controller.holder}`)
    const results = await this.#controller.apply(selection, allowance)
    const units = results.map((one): UnitPlan => {
      if (one.result === undefined) return unitPlan(one, undefined)
      const { plan, applied, failed, converged } = one.result
      const failures = failed.map(({ operation, error }) => ({ operation: planned(operation), error: error.message }))
      return { ...unitPlan(one, plan), outcome: { applied, failed: failures, converged } }
    })
    return { units, problems: this.#problems(selection) }
  }

  async doctor(selection: Selection): Promise<DoctorDocument> {
    const results = await this.#controller.examine(selection)
    const units = results.map(({ bigIp, unit, result, error }) => ({
      bigIp,
      unit,
      ...(error !== undefined && { error: error.message }),
      findings: distinct(result?.findings ?? []),
      traffic: result?.traffic ?? [],
    }))
    const reports = [...this.#controller.report()].filter(([name]) => units.some(({ bigIp }) => bigIp === name))
    return { units, findings: reports.flatMap(([, { findings }]) => findings) }
  }

  async journeys(pod: Address, selection: Selection): Promise<JourneysDocument> {
    const results = await this.#controller.journeys(pod, selection)
    const units = results.map(({ bigIp, unit, result, error }) => ({
      bigIp,
      unit,
      ...(error !== undefined && { error: error.message }),
      journeys: result ?? [],
    }))
    return { units }
  }

  async vtepValues({ bigIp }: Selection): Promise<VtepValuesDocument> {
    await this.#controller.examine(bigIp === undefined ? {} : { bigIp })
    const chosen = [...this.#controller.report()].filter(([name]) => bigIp === undefined || bigIp === name)
    const bigIps = chosen.flatMap(([name, { units }]) => {
      if (!units.some(({ desire }) => desire?.mode === 'cilium-vxlan')) return []
      const entries = units.map(({ name: unit, desire }) => {
        const { vtep = {}, tunnelSubnets = [] } = desire?.published ?? {}
        const { address, mac } = vtep
        return { unit, tunnelSubnets, ...(address !== undefined && { address }), ...(mac !== undefined && { mac }) }
      })
      return [{ name, ...vtepValues(entries, this.#controller.network(name)?.ciliumVteps ?? []) }]
    })
    return { bigIps }
  }

  /** Of who is not asked for there is nothing to tell. */
  #problems({ bigIp }: Selection): readonly string[] {
    return bigIp === undefined ? this.#controller.troubles : []
  }

  #kubernetesState([reason]: readonly string[]): ControllerStatus['kubernetes'] {
    const { synced, away } = this.#controller
    if (synced && !away) return { state: 'synced' }
    return { state: synced ? 'away' : 'connecting', ...(reason !== undefined && { reason }) }
  }

  async #unit(unit: Unit): Promise<UnitReport> {
    const { link, status } = unit
    const { facts, client, fault, url } = link
    const lastError = fault === undefined ? status?.lastError : { message: reasonOf(fault), at: Date.now() }
    const tokenExpiresAt = client?.state().tokenExpiresAt
    const neighbors = await this.#neighborsOf(unit)
    return {
      name: unit.name,
      ...(url !== undefined && { address: url }),
      ...(facts !== undefined && {
        version: facts.version,
        haState: facts.failoverState,
        syncStatus: facts.sync.status,
      }),
      phase: fault !== undefined ? 'failing' : (status?.phase ?? 'connecting'),
      kinds: [...(status?.kinds ?? [])].map(([kind, counts]) => ({ kind, ...counts })),
      objects: status?.objects ?? { desired: 0, actual: 0, drift: 0 },
      ...(status?.lastResync !== undefined && { lastResync: time(status.lastResync) }),
      ...(status?.lastSync !== undefined && { lastSync: time(status.lastSync) }),
      ...(lastError !== undefined && { lastError: { message: lastError.message, at: time(lastError.at) } }),
      ...(tokenExpiresAt !== undefined && { tokenExpiresAt: time(tokenExpiresAt) }),
      ...(status?.refused !== undefined && { refused: refused(status.refused) }),
      writes: status?.writes ?? 0,
      repairs: status?.repairs ?? 0,
      ...(neighbors.length > 0 && { neighbors }),
    }
  }

  async #neighborsOf(unit: Unit): Promise<readonly Neighbor[]> {
    const now = Date.now()
    const known = this.#neighbors.get(unit)
    if (known !== undefined && now - known.at < NEIGHBORS_FRESH) return await known.answer
    // a device that does not tell is no reason to tell nothing
    const answer = unit.neighbors().catch(() => [])
    this.#neighbors.set(unit, { at: now, answer })
    return await answer
  }
}

function summaryOf(name: string, report: Report): Omit<BigIpReport, 'units'> {
  const desire = report.units.find(unit => unit.desire !== undefined)?.desire
  const ready = conditionsOf(report, [], Date.now()).find(({ type }) => type === 'Ready')!
  return {
    name,
    ...(report.cluster !== undefined && { cluster: report.cluster }),
    ...(desire?.mode !== undefined && { mode: desire.mode }),
    ...(desire !== undefined && { because: desire.because }),
    ready: ready.status === 'True',
    message: ready.message,
    nodes: { served: desire?.served ?? 0, leftOut: exclusionsOf(report) },
    findings: findingsOf(report),
  }
}

function unitPlan({ bigIp, unit, error }: UnitResult<unknown>, plan: Plan | undefined): UnitPlan {
  const { operations, refused: refusal, held = 0, unchanged = 0, findings = [] } = plan ?? {}
  return {
    bigIp,
    unit,
    ...(operations !== undefined && { operations: operations.map(planned) }),
    ...(error !== undefined && { error: error.message }),
    ...(refusal !== undefined && { refused: refused(refusal) }),
    held,
    unchanged,
    findings,
  }
}

function planned(operation: Operation): PlannedOperation {
  const { verb, reason } = operation
  if (verb === 'records') return { verb, kind: 'FDB record', name: operation.tunnel, reason, ...records(operation) }
  const { kind, name, parent } = operation.row
  const what = { verb, kind, name, reason, ...(parent !== undefined && { parent }) }
  if (verb === 'create') return { ...what, after: operation.row.fields as Fields }
  if (verb === 'delete') return { ...what, before: operation.row.fields as Fields }
  return { ...what, ...changed(operation.before.fields as Fields, operation.row.fields as Fields) }
}

type Fields = Readonly<Record<string, unknown>>

/** Endpoints by MAC address, of the records that change. */
function records({ operations }: Extract<Operation, { verb: 'records' }>): { before: Fields; after: Fields } {
  const endpoint = ({ name, fields }: Row) => [name, (fields as Row<'FDB record'>['fields']).endpoint] as const
  return {
    before: Object.fromEntries(
      operations.flatMap(one =>
        one.verb === 'delete' ? [endpoint(one.row)] : one.verb === 'create' ? [] : [endpoint(one.before)],
      ),
    ),
    after: Object.fromEntries(operations.flatMap(one => (one.verb === 'delete' ? [] : [endpoint(one.row)]))),
  }
}

/** Only what differs. */
function changed(before: Fields, after: Fields): { before: Fields; after: Fields } {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    key => JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  )
  const only = (fields: Fields) =>
    Object.fromEntries(keys.filter(key => fields[key] !== undefined).map(key => [key, fields[key]]))
  return { before: only(before), after: only(after) }
}

function refused(refusal: Refusal): Refused {
  const { hash: token, reason, deletions, replacements } = refusal
  return { token, reason, deletions: deletions.map(rowName), replacements: replacements.map(rowName) }
}

function rowName({ kind, parent, name }: Refusal['deletions'][number]): string {
  return [kind, parent, name].filter(Boolean).join(' ')
}

function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map(finding => [JSON.stringify(finding), finding])).values()]
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
