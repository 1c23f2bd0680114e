/** The log of a controller: what happened to devices, one line each, with constant messages. Debug has the steady work. */
import { reasonOf } from '../../lib/base/failure.ts'
import type { Operation } from '../../lib/bigip/operation.ts'
import type { Controller } from '../../lib/controller/controller.ts'
import type { Log } from '../log.ts'

export function logEvents(controller: Controller, log: Log): void {
  controller
    .on('leading', leading => log.info(leading ? 'leading' : 'not leading'))
    .on('trouble', ({ about, reason }) => log.warn('trouble', { about, reason }))
    .on('planned', ({ bigIp, unit, plan }) => log.info('writing', { bigIp, unit, operations: plan.operations.length }))
    .on('applied', ({ bigIp, unit, operation, milliseconds }) =>
      log.debug('applied', { bigIp, unit, ...named(operation), milliseconds: Math.round(milliseconds) }),
    )
    .on('failed', ({ bigIp, unit, operation, error }) =>
      log.warn('operation failed', { bigIp, unit, ...named(operation), reason: reasonOf(error) }),
    )
    .on('drift', ({ bigIp, unit, row, found, differences }) =>
      log.warn('changed by others', {
        bigIp,
        unit,
        kind: row.kind,
        name: row.name,
        ...(found === undefined ? { deleted: true } : { fields: differences.map(({ field }) => field) }),
      }),
    )
    .on('refused', ({ bigIp, unit, refusal }) =>
      log.warn('deletions refused', { bigIp, unit, reason: refusal.reason, token: refusal.hash }),
    )
    .on('findings', ({ bigIp, unit, findings }) => {
      for (const { code, severity, subject, cause } of findings)
        log[severity === 'note' ? 'info' : 'warn']('finding', { bigIp, unit, code, severity, subject, cause })
    })
    .on('fault', ({ bigIp, unit, error, retryIn }) =>
      log.warn('device failed', { bigIp, unit, reason: reasonOf(error), retryIn: Math.round(retryIn) }),
    )
    .on('saved', ({ bigIp, unit }) => log.debug('configuration saved', { bigIp, unit }))
    .on('call', ({ bigIp, unit, method, path, status, fault, milliseconds }) =>
      log.debug('call', { bigIp, unit, method, path, status, fault, milliseconds: Math.round(milliseconds) }),
    )
}

function named(operation: Operation): { verb: string; kind: string; name: string } {
  return { verb: operation.verb, ...nameOf(operation) }
}

function nameOf(operation: Operation): { kind: string; name: string } {
  if (operation.verb === 'records') return { kind: 'FDB record', name: operation.tunnel }
  const { kind, name, parent } = operation.row
  return { kind, name: parent === undefined ? name : `${parent} ${name}` }
}
