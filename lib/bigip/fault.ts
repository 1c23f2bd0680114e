/**
 * What a BIG-IP, or the way to it, can do wrong: one class, codes that loops act on, words that operators read. Rules: a text
 * never holds credentials nor a token; the device's own words are quoted, bounded. `applied` says what may have happened on the
 * device: a call is repeated by itself only where that is harmless.
 */
import { reasonOf, WorldFault } from '../base/failure.ts'

export type DeviceFaultCode =
  /** The object exists already (01020066:3): read it, compare, adopt or update. */
  | 'BIGIP_EXISTS'
  /** The object is absent, or one that the request names (01020036:3). */
  | 'BIGIP_NOT_FOUND'
  /** The request is wrong as it is: a configuration error, something referenced, immutable or too long. */
  | 'BIGIP_REFUSED'
  /** Another task holds the configuration (AS3, DO), or the device asks for fewer calls. */
  | 'BIGIP_BUSY'
  /** restjavad, httpd or mcpd are not up. */
  | 'BIGIP_RESTARTING'
  /** Any other failure of the device's own (5xx). */
  | 'BIGIP_FAILED'
  /** User name and password, or a new token, are not accepted. */
  | 'BIGIP_UNAUTHORIZED'
  /** The account is locked by failed logins, or we stopped trying so as not to lock it. */
  | 'BIGIP_LOCKED_OUT'
  /** The user has 100 live tokens (K44237337). */
  | 'BIGIP_TOKEN_CAP'
  /** The user's role does not allow it. */
  | 'BIGIP_FORBIDDEN'
  /** No connection, or one that broke. */
  | 'BIGIP_UNREACHABLE'
  /** The device's certificate is not one that we trust. */
  | 'BIGIP_CERTIFICATE'
  /** No answer in time. */
  | 'BIGIP_TIMEOUT'
  /** An answer that is not what iControl REST promises: truncated, another kind, half a list. */
  | 'BIGIP_NONSENSE'
  /** Not asked: the device failed too often just now. */
  | 'BIGIP_RESTING'
  /** The caller gave up, or the client is closed. */
  | 'BIGIP_ABORTED'

/** What the failed call did on the device: surely nothing, or there is no knowing. */
export type Applied = 'no' | 'unknown'

export class DeviceFault extends WorldFault {
  declare readonly code: DeviceFaultCode
  /** HTTP status; undefined when there was no answer. */
  readonly status: number | undefined
  /** The device's own number of the error, such as `01020066:3`. */
  readonly deviceCode: string | undefined
  readonly applied: Applied
  /** Milliseconds before which another try is futile; undefined when that is not known. */
  readonly retryAfter: number | undefined

  constructor(
    code: DeviceFaultCode,
    message: string,
    options: {
      readonly retry: boolean
      readonly applied: Applied
      readonly status?: number | undefined
      readonly deviceCode?: string | undefined
      readonly retryAfter?: number | undefined
      readonly cause?: unknown
    },
  ) {
    super(code, message, options)
    this.status = options.status
    this.deviceCode = options.deviceCode
    this.applied = options.applied
    this.retryAfter = options.retryAfter
  }

  /** The same fault, told with what its catcher knows besides. */
  retold(news: {
    readonly code?: DeviceFaultCode
    readonly message?: string
    readonly applied?: Applied
    readonly retryAfter?: number
  }): DeviceFault {
    const { retry, status, deviceCode, cause } = this
    const { code = this.code, message = this.message, applied = this.applied, retryAfter = this.retryAfter } = news
    return new DeviceFault(code, message, { retry, applied, status, deviceCode, retryAfter, cause })
  }
}

/** Whether `thrown` is a fault of a device, of one of these codes where some are given. */
export function isDeviceFault(thrown: unknown, ...codes: readonly DeviceFaultCode[]): thrown is DeviceFault {
  return thrown instanceof DeviceFault && (codes.length === 0 || codes.includes(thrown.code))
}

interface Verdict {
  readonly code: DeviceFaultCode
  /** Opening words of the text. */
  readonly words: string
  readonly retry: boolean
  readonly applied: Applied
}

const exists: Verdict = { code: 'BIGIP_EXISTS', words: 'exists already', retry: false, applied: 'no' }
const absent: Verdict = { code: 'BIGIP_NOT_FOUND', words: 'not found', retry: false, applied: 'no' }
const refused: Verdict = { code: 'BIGIP_REFUSED', words: 'refused', retry: false, applied: 'no' }
const busy: Verdict = { code: 'BIGIP_BUSY', words: 'busy', retry: true, applied: 'no' }
const starting: Verdict = { code: 'BIGIP_RESTARTING', words: 'restarting', retry: true, applied: 'no' }
const lost: Verdict = { code: 'BIGIP_RESTARTING', words: 'restarting', retry: true, applied: 'unknown' }
const failed: Verdict = { code: 'BIGIP_FAILED', words: 'failed', retry: true, applied: 'unknown' }
const late: Verdict = { code: 'BIGIP_TIMEOUT', words: 'no answer in time', retry: true, applied: 'unknown' }
const unauthorized: Verdict = { code: 'BIGIP_UNAUTHORIZED', words: 'unauthorized', retry: true, applied: 'no' }
const locked: Verdict = { code: 'BIGIP_LOCKED_OUT', words: 'account locked', retry: true, applied: 'no' }
const forbidden: Verdict = { code: 'BIGIP_FORBIDDEN', words: 'forbidden', retry: false, applied: 'no' }
const capped: Verdict = { code: 'BIGIP_TOKEN_CAP', words: 'too many tokens', retry: true, applied: 'no' }
const nonsense: Verdict = { code: 'BIGIP_NONSENSE', words: 'nonsense', retry: true, applied: 'unknown' }

/**
 * What the device's words mean, whatever the status they come with: a transaction quotes the failure of one of its commands
 * under a status of its own. The first that fits wins.
 */
const marks: readonly (readonly [mark: RegExp, verdict: Verdict])[] = [
  [/\b01020066:\d/, exists],
  [/\b01020036:\d/, absent],
  [/\bObject not found - /, absent],
  [/path\b.*\bnot registered/i, starting],
  [/active asynchronous task/i, busy],
  [/operation in progress/i, busy],
  [/connection to mcpd has been lost/i, lost],
  [/AsyncContext timeout/i, late],
  [/maximum number of login attempts/i, locked],
  [/maximum active login tokens/i, capped],
  // a token in good order, of a user whose role does not reach this
  [/^Authorization failed: user=/, forbidden],
]

const statuses: Readonly<Record<number, Verdict>> = {
  401: unauthorized,
  403: forbidden,
  // an absence says so in words; any other 404 must not pass for one
  404: { ...nonsense, applied: 'no' },
  408: late,
  429: busy,
  502: lost,
  503: lost,
  504: late,
}

/** `apiError` of the answer to everybody else while AS3 or DO work. */
const ASYNCHRONOUS_TASK = 32964609
const LONGEST_QUOTE = 400

/**
 * An answer that is no success.
 * @param body parsed; undefined when it is no JSON, such as a page of httpd
 * @param call such as `POST /mgmt/tm/net/arp`
 */
export function faultOfAnswer(call: string, status: number, body: unknown, retryAfter?: string): DeviceFault {
  const said = (typeof body === 'object' && body !== null ? body : {}) as { message?: unknown; apiError?: unknown }
  const message = typeof said.message === 'string' ? said.message : undefined
  const verdict = judge(status, message, said.apiError)
  const seconds = Number(retryAfter)
  return new DeviceFault(
    verdict.code,
    `${call}: ${verdict.words}: ${quote(message) ?? `HTTP ${status}, no reason given`}`,
    {
      retry: verdict.retry,
      applied: verdict.applied,
      status,
      deviceCode: message === undefined ? undefined : /\b[0-9a-f]{8}:\d+/.exec(message)?.[0],
      retryAfter: seconds > 0 ? seconds * 1000 : undefined,
    },
  )
}

function judge(status: number, message: string | undefined, apiError: unknown): Verdict {
  if (apiError === ASYNCHRONOUS_TASK) return busy
  const marked = message === undefined ? undefined : marks.find(([mark]) => mark.test(message))
  if (marked !== undefined) return marked[1]
  return statuses[status] ?? (status >= 500 ? failed : status >= 400 ? refused : nonsense)
}

function quote(message: string | undefined): string | undefined {
  const line = message?.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  return line !== undefined && line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE)}…` : line || undefined
}

/** An answer that is not what iControl REST promises. */
export function nonsenseOf(call: string, what: string): DeviceFault {
  return new DeviceFault('BIGIP_NONSENSE', `${call}: nonsense: ${what}`, { retry: true, applied: 'unknown' })
}

/** No answer, or half of one. */
export function unreachable(call: string, cause: unknown): DeviceFault {
  return new DeviceFault('BIGIP_UNREACHABLE', `${call}: unreachable: ${connectionReason(cause)}`, {
    retry: true,
    applied: neverConnected(cause) ? 'no' : 'unknown',
    cause,
  })
}

/** The certificate is not the device's, or not known to be. */
export function untrusted(call: string, cause: unknown): DeviceFault {
  return new DeviceFault('BIGIP_CERTIFICATE', `${call}: certificate not trusted: ${reasonOf(cause)}`, {
    retry: true,
    applied: 'no',
    cause,
  })
}

function neverConnected(cause: unknown): boolean {
  const { syscall, code } = (cause ?? {}) as { syscall?: unknown; code?: unknown }
  return (
    cause instanceof AggregateError ||
    syscall === 'connect' ||
    syscall === 'getaddrinfo' ||
    code === 'UND_ERR_CONNECT_TIMEOUT'
  )
}

function connectionReason(cause: unknown): string {
  // a name with several addresses fails once per address, under an empty message
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ')
  return reasonOf(cause)
}

/** No answer within the time of the call. */
export function overdue(call: string, milliseconds: number): DeviceFault {
  return new DeviceFault('BIGIP_TIMEOUT', `${call}: no answer within ${milliseconds} ms`, {
    retry: true,
    applied: 'unknown',
  })
}

/** Not asked, for the device failed too often. @param milliseconds that it still rests */
export function resting(call: string, milliseconds: number, last: string): DeviceFault {
  return new DeviceFault('BIGIP_RESTING', `${call}: not asked, for the device keeps failing: ${last}`, {
    retry: true,
    applied: 'no',
    retryAfter: Math.ceil(milliseconds),
  })
}

/** The caller gave up or the client was closed. */
export function aborted(call: string, applied: Applied): DeviceFault {
  return new DeviceFault('BIGIP_ABORTED', `${call}: given up`, { retry: false, applied })
}
