/**
 * The API server's way of saying no: Status objects with its own codes, reasons and texts, which clients and people match on.
 * `ApiError` is thrown by rules and verbs and becomes the answer in one place, the server.
 */
import type { Kind } from './kinds.ts'

export interface Cause {
  readonly reason: string
  readonly message: string
  readonly field: string
}

export interface StatusDetails {
  readonly name?: string
  readonly group?: string
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly Partial<Cause>[]
  readonly retryAfterSeconds?: number
}

export interface Status {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  readonly metadata: object
  readonly status: 'Success' | 'Failure'
  readonly message?: string
  readonly reason?: string
  readonly details?: StatusDetails
  readonly code?: number
}

export class ApiError extends Error {
  readonly status: Status & { readonly code: number }

  constructor(code: number, reason: string, message: string, details?: StatusDetails, metadata: object = {}) {
    super(message)
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata,
      status: 'Failure',
      message,
      ...(reason === '' ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    }
  }
}

export function success(details: StatusDetails): Status {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }
}

/** `nodes`, or `leases.coordination.k8s.io`: how texts name a resource. */
export function qualified(kind: Kind): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`
}

export function detailsOf(kind: Kind, name: string): StatusDetails {
  return { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.plural }
}

export const forbidden = (kind: Kind, name: string, why: string) =>
  new ApiError(403, 'Forbidden', `${qualified(kind)} "${name}" is forbidden: ${why}`, detailsOf(kind, name))

export const badRequest = (message: string) => new ApiError(400, 'BadRequest', message)

/** @param given in the body */
export const nameMismatch = (name: string, given: unknown) =>
  given
    ? badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`)
    : badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`)

export const unauthorized = () => new ApiError(401, 'Unauthorized', 'Unauthorized')

export const noSuchPath = () => new ApiError(404, 'NotFound', 'the server could not find the requested resource', {})

export const notFound = (kind: Kind, name: string) =>
  new ApiError(404, 'NotFound', `${qualified(kind)} "${name}" not found`, detailsOf(kind, name))

export const alreadyExists = (kind: Kind, name: string) =>
  new ApiError(409, 'AlreadyExists', `${qualified(kind)} "${name}" already exists`, detailsOf(kind, name))

export function namespaceTerminating(kind: Kind, name: string, namespace: string): ApiError {
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  }
  const message = `${qualified(kind)} "${name}" is forbidden: ${why}`
  return new ApiError(403, 'Forbidden', message, { ...detailsOf(kind, name), causes: [cause] })
}

export const conflict = (kind: Kind, name: string, why: string) =>
  new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(kind)} "${name}": ${why}`,
    detailsOf(kind, name),
  )

export const modified =
  'the object has been modified; please apply your changes to the latest version and try again' as const

export const methodNotAllowed = () =>
  new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})

export const unsupportedMediaType = (accepted: readonly string[]) =>
  new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  )

/** @param metadata such as a token to go on with all the same */
export const expired = (message: string, metadata?: object) =>
  new ApiError(410, 'Expired', message, undefined, metadata)

export const versionTooLarge = (wanted: number, current: number) =>
  new ApiError(504, 'Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })

/** 422 with one text for all causes: `Node "n" is invalid: spec.podCIDRs: Forbidden: …`, in brackets when several. */
export function invalid(kind: Kind, name: string, causes: readonly Cause[]): ApiError {
  const details = {
    ...(name === '' ? {} : { name }),
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.kind,
    causes,
  }
  return new ApiError(
    422,
    'Invalid',
    `${kind.kind}${kind.group && `.${kind.group}`} "${name}" is invalid: ${textOf(causes)}`,
    details,
  )
}

/** 422 for the parameters of a request: `ListOptions`, `PatchOptions` … */
export function invalidOptions(kind: string, causes: readonly Cause[]): ApiError {
  const message = `${kind}.meta.k8s.io "" is invalid: ${textOf(causes)}`
  return new ApiError(422, 'Invalid', message, { group: 'meta.k8s.io', kind, causes })
}

function textOf(causes: readonly Cause[]): string {
  const texts = causes.map(({ field, message }) => `${field}: ${message}`)
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`
}

export const invalidValue = (field: string, value: unknown, why: string): Cause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
  field,
})

export const forbiddenValue = (field: string, why: string): Cause => ({
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${why}`,
  field,
})

export const requiredValue = (field: string, why: string): Cause => ({
  reason: 'FieldValueRequired',
  message: `Required value${why && `: ${why}`}`,
  field,
})

export const unsupportedValue = (field: string, value: unknown, supported: readonly string[]): Cause => ({
  reason: 'FieldValueNotSupported',
  message: `Unsupported value: ${goValue(value)}: supported values: ${supported.map(one => JSON.stringify(one)).join(', ')}`,
  field,
})

/** As the server prints a value that it does not like. */
export function goValue(value: unknown): string {
  const text = (one: unknown) => JSON.stringify(one)
  if (Array.isArray(value)) return `[]string{${value.map(text).join(', ')}}`
  if (typeof value !== 'object' || value === null) return text(value)
  const entries = Object.entries(value).map(([key, one]) => `${text(key)}:${text(one)}`)
  return `map[string]string{${entries.join(', ')}}`
}

export const tooLong = (field: string, most: number): Cause => ({
  reason: 'FieldValueTooLong',
  message: `Too long: must have at most ${most} bytes`,
  field,
})
