/** What a client may say beside the object of a write: CreateOptions, UpdateOptions, PatchOptions and DeleteOptions. */
import { isObject, type Json, type JsonObject } from './json.ts'
import type { ResourceRequest, Verb } from './request.ts'
import { type Cause, forbiddenValue, invalidOptions, requiredValue, tooLong, unsupportedValue } from './status.ts'

export const APPLY = 'application/apply-patch+yaml'

const NAMES: Partial<Record<Verb, string>> = {
  create: 'CreateOptions',
  update: 'UpdateOptions',
  patch: 'PatchOptions',
  delete: 'DeleteOptions',
  deletecollection: 'DeleteOptions',
}
const PROPAGATIONS = ['Foreground', 'Background', 'Orphan']
const LONGEST_MANAGER = 128
const DIRECTIVES = ['Ignore', 'Strict', 'Warn']

export interface WriteOptions {
  readonly dryRun: boolean
  /** Apply takes fields from other managers. */
  readonly force: boolean
  readonly fieldValidation: string
  /** What becomes of the objects that a deleted one owns. */
  readonly propagation: string
  /** Seconds that a deleted pod has to end; undefined for its own. */
  readonly grace: number | undefined
  /** Of a deletion. */
  readonly preconditions: JsonObject
}

/** @throws ApiError 422 for options that are none, or of another verb */
export function writeOptions({ verb, query, body, contentType }: ResourceRequest): WriteOptions {
  const deletes = verb === 'delete' || verb === 'deletecollection'
  const said: JsonObject = deletes && isObject(body) ? body : {}
  const dryRuns = [...query.getAll('dryRun'), ...list(said['dryRun'])]
  const force = query.get('force')
  const fieldValidation = query.get('fieldValidation') ?? ''
  const propagation = String(said['propagationPolicy'] ?? query.get('propagationPolicy') ?? '')
  const causes: Cause[] = []
  if (dryRuns.some(one => one !== 'All')) causes.push(unsupportedValue('dryRun', dryRuns, ['All']))
  if (fieldValidation !== '' && !DIRECTIVES.includes(fieldValidation))
    causes.push(unsupportedValue('fieldValidation', fieldValidation, DIRECTIVES))
  if (propagation !== '' && !PROPAGATIONS.includes(propagation))
    causes.push(unsupportedValue('propagationPolicy', propagation, [...PROPAGATIONS, 'nil']))
  const applies = verb === 'patch' && contentType === APPLY
  if (force !== null && !applies) causes.push(forbiddenValue('force', 'may not be specified for non-apply patch'))
  if (applies && !query.get('fieldManager')) causes.push(requiredValue('fieldManager', 'is required for apply patch'))
  const manager = query.get('fieldManager') ?? ''
  if (Buffer.byteLength(manager) > LONGEST_MANAGER) causes.push(tooLong('fieldManager', LONGEST_MANAGER))
  if (causes.length > 0) throw invalidOptions(NAMES[verb] ?? '', causes)
  const grace = said['gracePeriodSeconds'] ?? query.get('gracePeriodSeconds') ?? undefined
  const preconditions = isObject(said['preconditions']) ? said['preconditions'] : {}
  const forced = force === 'true' || force === '1'
  return {
    dryRun: dryRuns.includes('All'),
    force: forced,
    fieldValidation,
    propagation,
    grace: grace === undefined ? undefined : Number(grace),
    preconditions,
  }
}

function list(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
