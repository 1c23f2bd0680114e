/**
 * The controller's metrics for Prometheus: few series, whose number grows with the devices and with nothing else. States are
 * read when somebody asks; what happens is counted as it is told. prom-client is loaded with this file.
 */
import { Counter, Histogram, type Registry } from 'prom-client'
import type { Operation } from '../../lib/bigip/operation.ts'
import type { Controller } from '../../lib/controller/controller.ts'
import { exclusionsOf } from '../../lib/controller/status.ts'
import type { Log } from '../log.ts'
import { MetricBoard, type Metrics } from '../metric-board.ts'

const UNIT = ['bigip', 'unit']
/** Seconds; a call takes 10 to 80 ms, a device in distress a minute. */
const CALL_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60]
const LAG_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

export function controllerMetrics(controller: Controller, log: Pick<Log, 'dropped'>): Metrics {
  const board = new MetricBoard()
  gauges(controller, log, board)
  counters(controller, board.registry)
  return board
}

function gauges(controller: Controller, log: Pick<Log, 'dropped'>, board: MetricBoard): void {
  const startedAt = Date.now() / 1000
  const each = (tell: (labels: { bigip: string; unit: string }, unit: Unit) => void) => {
    for (const { bigIp, unit } of controller.units()) tell({ bigip: bigIp, unit: unit.name }, unit)
  }
  board.gauge(
    'objects',
    'Objects on a device, by kind: desired, actual, and drift between them',
    [...UNIT, 'kind', 'state'],
    made =>
      each((labels, { status }) => {
        for (const [kind, counts] of status?.kinds ?? [])
          for (const [state, count] of Object.entries(counts)) made.set({ ...labels, kind, state }, count)
      }),
  )
  board.gauge('device_up', '1 while the device answers as it should', UNIT, made =>
    each((labels, { link, status }) =>
      made.set(labels, link.facts !== undefined && link.fault === undefined && status?.phase !== 'failing' ? 1 : 0),
    ),
  )
  board.gauge('device_calls', 'Calls to a device, under way or waiting for their turn', [...UNIT, 'state'], made =>
    each((labels, { link }) => {
      const state = link.client?.state()
      if (state === undefined) return
      made.set({ ...labels, state: 'in_flight' }, state.inFlight)
      made.set({ ...labels, state: 'waiting' }, state.waiting)
    }),
  )
  board.gauge('token_expiry_timestamp_seconds', 'When the login token of a device expires, Unix time', UNIT, made =>
    each((labels, { link }) => {
      const expires = link.client?.state().tokenExpiresAt
      if (expires !== undefined) made.set(labels, expires / 1000)
    }),
  )
  board.gauge('last_resync_timestamp_seconds', 'When all that a device holds was last read, Unix time', UNIT, made =>
    each((labels, { status }) => {
      if (status?.lastResync !== undefined) made.set(labels, status.lastResync / 1000)
    }),
  )
  board.gauge('last_sync_timestamp_seconds', 'When a device was last known to be as wanted, Unix time', UNIT, made =>
    each((labels, { status }) => {
      if (status?.lastSync !== undefined) made.set(labels, status.lastSync / 1000)
    }),
  )
  board.gauge('refused_deletions', "Deletions and replacements that wait for an operator's word", UNIT, made =>
    each((labels, { status }) => {
      const { deletions = [], replacements = [] } = status?.refused ?? {}
      made.set(labels, deletions.length + replacements.length)
    }),
  )
  board.gauge('nodes', 'Nodes, served or left out', ['bigip', 'state'], made => {
    for (const [bigip, report] of controller.report()) {
      const served = report.units.find(({ desire }) => desire !== undefined)?.desire?.served
      if (served === undefined) continue
      made.set({ bigip, state: 'served' }, served)
      made.set({ bigip, state: 'left_out' }, exclusionsOf(report).filter(({ kind }) => kind === 'Node').length)
    }
  })
  board.gauge('leader', '1 while this process writes', [], made => made.set(controller.leading ? 1 : 0))
  board.gauge('kubernetes_synced', '1 once all of the cluster is known', [], made =>
    made.set(controller.synced ? 1 : 0),
  )
  board.gauge('problems', 'Problems that `podpeer bigip status` names', [], made =>
    made.set(controller.troubles.length),
  )
  board.gauge('start_time_seconds', 'When the controller started, Unix time', [], made => made.set(startedAt))
  board.counter('log_lines_dropped', 'Log lines lost to a slow reader', [], made => made.inc(log.dropped))
}

type Unit = ReturnType<Controller['units']>[number]['unit']

function counters(controller: Controller, registry: Registry): void {
  const registers = [registry]
  const calls = new Histogram({
    name: 'podpeer_device_call_duration_seconds',
    help: 'Calls to devices, by what was asked and what was answered; code `none`: no answer',
    labelNames: [...UNIT, 'method', 'path', 'code'],
    buckets: CALL_BUCKETS,
    registers,
  })
  const lag = new Histogram({
    name: 'podpeer_applied_lag_seconds',
    help: 'From a change of the cluster to each write that follows from it',
    labelNames: UNIT,
    buckets: LAG_BUCKETS,
    registers,
  })
  const passes = new Histogram({
    name: 'podpeer_pass_duration_seconds',
    help: 'What it takes to tell all devices what is wanted of them',
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers,
  })
  const operations = new Counter({
    name: 'podpeer_operations_total',
    help: 'Changes of devices, applied or failed',
    labelNames: [...UNIT, 'verb', 'kind', 'result'],
    registers,
  })
  const repairs = new Counter({
    name: 'podpeer_drift_total',
    help: 'Objects of ours that others were found to have changed',
    labelNames: [...UNIT, 'kind'],
    registers,
  })
  controller
    .on('call', ({ bigIp: bigip, unit, method, path, status, milliseconds }) =>
      calls.observe({ bigip, unit, method, path, code: status ?? 'none' }, milliseconds / 1000),
    )
    .on('applied', ({ bigIp: bigip, unit, operation, lag: milliseconds }) => {
      operations.inc({ bigip, unit, verb: operation.verb, kind: kindOf(operation), result: 'applied' })
      if (milliseconds !== undefined) lag.observe({ bigip, unit }, milliseconds / 1000)
    })
    .on('failed', ({ bigIp: bigip, unit, operation }) =>
      operations.inc({ bigip, unit, verb: operation.verb, kind: kindOf(operation), result: 'failed' }),
    )
    .on('drift', ({ bigIp: bigip, unit, row }) => repairs.inc({ bigip, unit, kind: row.kind }))
    .on('passed', ({ milliseconds }) => passes.observe(milliseconds / 1000))
}

function kindOf(operation: Operation): string {
  return operation.verb === 'records' ? 'FDB record' : operation.row.kind
}
