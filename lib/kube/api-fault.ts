/**
 * What the API server, or the way to it, can do wrong: one class, with words that operators read and codes that loops act on.
 * Texts never hold credentials: a kubeconfig's parse error is told by its line, not by its content.
 */
import { reasonOf, WorldFault } from '../base/failure.ts'

export class ApiFault extends WorldFault {
  /** HTTP status; undefined when there was no answer. */
  readonly status: number | undefined
  /** Milliseconds that the server asked us to stay away; undefined when it did not. */
  readonly retryAfter: number | undefined

  constructor(
    code: string,
    message: string,
    options: { retry: boolean; cause?: unknown; status?: number; retryAfter?: number | undefined },
  ) {
    super(code, message, options)
    this.status = options.status
    this.retryAfter = options.retryAfter
  }
}

/** Code, opening words and whether a later try of the same request can help, by HTTP status. */
const answers: Readonly<Record<number, readonly [code: string, words: string, retry: boolean]>> = {
  400: ['KUBE_BAD_REQUEST', 'bad request', false],
  401: ['KUBE_UNAUTHORIZED', 'unauthorized', true],
  403: ['KUBE_FORBIDDEN', 'forbidden', true],
  404: ['KUBE_NOT_FOUND', 'not found', true],
  409: ['KUBE_CONFLICT', 'conflict', false],
  410: ['KUBE_EXPIRED', 'expired', true],
  422: ['KUBE_INVALID', 'invalid', false],
  429: ['KUBE_THROTTLED', 'API server busy', true],
}

/**
 * An answer that is no success.
 * @param body a Status, or whatever a proxy on the way says instead
 * @param retryAfter seconds, from the header
 */
export function faultOfAnswer(status: number, body: unknown, retryAfter?: string): ApiFault {
  const [code, words, retry] = answers[status] ?? ['KUBE_SERVER', `API server failed with ${status}`, status >= 500]
  const seconds = Number(retryAfter)
  return new ApiFault(code, `${words}: ${messageOf(body)}`, {
    retry,
    status,
    retryAfter: seconds > 0 ? seconds * 1000 : undefined,
  })
}

function messageOf(body: unknown): string {
  const { message } = (typeof body === 'object' && body !== null ? body : {}) as { message?: unknown }
  return typeof message === 'string' ? message : 'no reason given'
}

/** No answer, or half of one: the connection, the name, the certificate, a timeout. */
export function unreachable(cause: unknown): ApiFault {
  return new ApiFault('KUBE_UNREACHABLE', `API server unreachable: ${connectionReason(cause)}`, { retry: true, cause })
}

function connectionReason(cause: unknown): string {
  // a name with several addresses fails once per address, under an empty message
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ')
  return reasonOf(cause)
}

/** An answer that is not what the API promises, such as a page of a captive portal. */
export function nonsense(what: string): ApiFault {
  return new ApiFault('KUBE_NONSENSE', `API server answered nonsense: ${what}`, { retry: true })
}

/** The kubeconfig, or a file it names. Retried, for mounted files come late and are replaced. */
export function unreadable(cause: unknown): ApiFault {
  return new ApiFault('KUBE_CONFIG', `kubeconfig unreadable: ${configReason(cause)}`, { retry: true })
}

function configReason(cause: unknown): string {
  const { name, reason, mark } = cause as { name?: string; reason?: string; mark?: { line: number } }
  if (name === 'YAMLException') return `${reason} in line ${(mark?.line ?? 0) + 1}`
  return cause instanceof TypeError ? 'it is not a kubeconfig' : reasonOf(cause)
}
