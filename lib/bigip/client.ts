/**
 * iControl REST of one device: calls in turn, with a token, each answered by a value or a DeviceFault. Knows paths and JSON, no
 * kinds. Rules: at most `concurrency` calls at a time, in the order asked; every call has a deadline; what may have been applied
 * is repeated only where that is harmless; a device that keeps failing is left alone for a while; no text holds a secret.
 */
import { backoff } from '../base/backoff.ts'
import { WorldFault } from '../base/failure.ts'
import { Breaker } from './breaker.ts'
import { type Clock, pause, systemClock } from './clock.ts'
import { parseCollection } from './collection.ts'
import { type Command, commit, LONGEST_TRANSACTION } from './commit.ts'
import { type CallReport, Exchange, type JsonObject, parseOrigin, type Request, type Send } from './exchange.ts'
import { aborted, DeviceFault, type DeviceFaultCode, isDeviceFault, nonsenseOf, overdue, resting } from './fault.ts'
import { Limiter } from './limiter.ts'
import type { Credentials } from './login-guard.ts'
import { type ListQuery, renderQuery } from './path.ts'
import { Session, TOKEN_HEADER } from './session.ts'
import { renderShellCommand } from './shell-command.ts'
import type { TlsOptions } from './tls.ts'

export type { Command } from './commit.ts'
export type { CallReport, Json, JsonObject, Method } from './exchange.ts'
export type { Credentials } from './login-guard.ts'
export type { ListQuery } from './path.ts'

export interface BigIpClientOptions {
  /** As `parseOrigin` takes it: a host, host and port, or an https URL. */
  readonly url: string
  /** Asked before each login, so that a Secret can be rotated. May reject: the call then fails with that reason. */
  readonly credentials: () => Promise<Credentials>
  readonly tls: TlsOptions
  /** Calls at a time; 4 where absent. */
  readonly concurrency?: number
  /** Milliseconds that one call may take, its repetitions included, its turn in the queue not; 60,000 where absent. */
  readonly deadline?: number
  readonly clock?: Clock
  /** Told of every exchange with the device, logins included; must not throw. */
  readonly onCall?: (call: CallReport) => void
}

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Milliseconds, instead of the client's. */
  readonly deadline?: number
}

export interface ClientState {
  /** `never`: no call has gone well yet; `failing`: the last one met no device in good order. */
  readonly phase: 'never' | 'up' | 'failing' | 'locked out'
  /**
   * The last time that the device did not serve us, or its credentials could not be had; kept when calls go well again. What
   * it refuses is the caller's. `at` as below.
   */
  readonly lastError?: { readonly code: string; readonly message: string; readonly at: number }
  /** Milliseconds since 1970, as all points in time here; absent without a token. */
  readonly tokenExpiresAt?: number
  readonly inFlight: number
  /** Calls that wait for their turn. */
  readonly waiting: number
  /** The circuit breaker is open: calls fail at once until then, and one call probes after that. */
  readonly restingUntil?: number
}

/** Milliseconds: of AS3 and of util/bash, which give up about then. */
const DEADLINE = 60_000
const CONCURRENCY = 4
/** Tries of one call after the first; whoever asked knows better what to do about a longer trouble. */
const REPEATS = 3
const WAITS = { first: 250, most: 4000 }

/** The device is ill, or not there: counted by the breaker. */
const ILL: readonly DeviceFaultCode[] = [
  'BIGIP_BUSY',
  'BIGIP_RESTARTING',
  'BIGIP_FAILED',
  'BIGIP_UNREACHABLE',
  'BIGIP_CERTIFICATE',
  'BIGIP_TIMEOUT',
  'BIGIP_NONSENSE',
]
/** Over before long, as a rule. */
const PASSING: readonly DeviceFaultCode[] = [
  'BIGIP_BUSY',
  'BIGIP_RESTARTING',
  'BIGIP_FAILED',
  'BIGIP_UNREACHABLE',
  'BIGIP_NONSENSE',
]
/** The device is well, and does not let us in: the login guard's affair. */
const SHUT: readonly DeviceFaultCode[] = ['BIGIP_UNAUTHORIZED', 'BIGIP_LOCKED_OUT', 'BIGIP_TOKEN_CAP']

interface Work<T> {
  /** For texts: `GET /mgmt/tm/net/arp`. */
  readonly call: string
  /** Whether doing it twice is the same as doing it once. */
  readonly repeatable: boolean
  readonly run: (send: Send) => Promise<T>
}

export class BigIpClient {
  readonly #exchange: Exchange
  readonly #session: Session
  readonly #limiter: Limiter
  readonly #breaker = new Breaker()
  readonly #clock: Clock
  readonly #deadline: number
  /** Ends a call, for each that is under way or waits. */
  readonly #calls = new Set<() => void>()
  #closed: Promise<void> | undefined
  #phase: 'never' | 'up' | 'failing' = 'never'
  #lastError: ClientState['lastError']

  /** @throws InputFault for a URL or TLS options that cannot be read */
  constructor(options: BigIpClientOptions) {
    this.#clock = options.clock ?? systemClock
    this.#deadline = options.deadline ?? DEADLINE
    this.#limiter = new Limiter(options.concurrency ?? CONCURRENCY)
    this.#exchange = new Exchange(parseOrigin(options.url), options.tls, this.#clock, options.onCall ?? (() => {}))
    this.#session = new Session(this.#exchange, options.credentials, this.#clock)
  }

  /** One object, or a document such as stats. @throws DeviceFault */
  get(path: string, options?: CallOptions): Promise<JsonObject> {
    return this.#call({ method: 'GET', path }, true, options)
  }

  /**
   * All objects of a collection. Empty only when the device said so in a whole, well-formed answer.
   * @throws DeviceFault
   */
  list(collection: string, query: ListQuery = {}, options?: CallOptions): Promise<readonly JsonObject[]> {
    const request: Request = { method: 'GET', path: collection, query: renderQuery(query) }
    const call = `GET ${collection}`
    const run = async (send: Send) => {
      const items = parseCollection(collection, await send(request))
      if (typeof items === 'string') throw nonsenseOf(call, items)
      return items
    }
    return this.#do({ call, repeatable: true, run }, options)
  }

  /**
   * The answer, often the new object. Not repeated when it may have been applied: the fault's `applied` is then `unknown`, and
   * the caller reads what is there.
   * @throws DeviceFault
   */
  post(path: string, body: JsonObject, options?: CallOptions): Promise<JsonObject> {
    return this.#call({ method: 'POST', path, body }, false, options)
  }

  /** Sets the named fields, lists as a whole: twice is the same as once. @throws DeviceFault */
  patch(path: string, body: JsonObject, options?: CallOptions): Promise<JsonObject> {
    return this.#call({ method: 'PATCH', path, body }, true, options)
  }

  /** @throws DeviceFault */
  put(path: string, body: JsonObject, options?: CallOptions): Promise<JsonObject> {
    return this.#call({ method: 'PUT', path, body }, true, options)
  }

  /** An object that is not there is as good as deleted. @throws DeviceFault */
  async delete(path: string, options?: CallOptions): Promise<void> {
    try {
      await this.#call({ method: 'DELETE', path }, true, options)
    } catch (thrown) {
      if (!isDeviceFault(thrown, 'BIGIP_NOT_FOUND')) throw thrown
    }
  }

  /**
   * All commands or none, in this order; at most LONGEST_TRANSACTION of them. After a fault nothing is applied, unless its
   * `applied` is `unknown`: then the answer to the commit was lost. Files, `bash` and `saveConfig` are not covered by it.
   * @throws DeviceFault
   */
  async transaction(commands: readonly Command[], options?: CallOptions): Promise<void> {
    if (commands.length > LONGEST_TRANSACTION) throw new RangeError(`a transaction of ${commands.length} commands`)
    if (commands.length === 0) return
    const call = `transaction of ${commands.length} commands`
    await this.#do({ call, repeatable: false, run: send => commit(send, commands) }, options)
  }

  /** Saves the running configuration, so that it outlives a reboot. @throws DeviceFault */
  async saveConfig(options?: CallOptions): Promise<void> {
    await this.#call({ method: 'POST', path: '/mgmt/tm/sys/config', body: { command: 'save' } }, true, options)
  }

  /**
   * What a program on the device prints. Arguments hold letters, digits, blanks and `. _ : / , % + = @ -`, nothing that a shell
   * would read.
   * @param words the program and its arguments: `['imish', '-r', '0', '-e', 'show ip bgp summary']`
   * @throws DeviceFault; InputFault for an argument with any other character
   */
  async bash(words: readonly string[], options?: CallOptions): Promise<string> {
    const path = '/mgmt/tm/util/bash'
    const { commandResult = '' } = await this.#call(
      { method: 'POST', path, body: renderShellCommand(words) },
      false,
      options,
    )
    if (typeof commandResult !== 'string') throw nonsenseOf(`POST ${path}`, 'commandResult is no text')
    return commandResult
  }

  state(): ClientState {
    const { expiresAt, lockedOut } = this.#session
    const { restingUntil } = this.#breaker
    return {
      phase: lockedOut ? 'locked out' : this.#phase,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
      ...(expiresAt === undefined ? {} : { tokenExpiresAt: expiresAt }),
      inFlight: this.#limiter.running,
      waiting: this.#limiter.waiting,
      ...(restingUntil === undefined ? {} : { restingUntil }),
    }
  }

  /** Ends calls under way and waiting, gives the token back. */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async #end(): Promise<void> {
    for (const end of this.#calls) end()
    await this.#session.close()
    await this.#exchange.close()
  }

  #call(request: Request, repeatable: boolean, options?: CallOptions): Promise<JsonObject> {
    const call = `${request.method} ${request.path}`
    return this.#do({ call, repeatable, run: send => send(request) }, options)
  }

  /** Waits for its turn, then tries until the deadline. */
  async #do<T>(work: Work<T>, { signal, deadline = this.#deadline }: CallOptions = {}): Promise<T> {
    const ending = new AbortController()
    let begun = false
    const end = () => ending.abort(aborted(work.call, begun ? 'unknown' : 'no'))
    if (this.#closed !== undefined || signal?.aborted) end()
    this.#calls.add(end)
    signal?.addEventListener('abort', end, { once: true })
    try {
      return await this.#limiter.run(async () => {
        begun = true
        const until = this.#clock.now() + deadline
        const cancel = this.#clock.after(deadline, () => ending.abort(overdue(work.call, deadline)))
        return this.#tries(work, until, ending.signal).finally(cancel)
      }, ending.signal)
    } finally {
      this.#calls.delete(end)
      signal?.removeEventListener('abort', end)
    }
  }

  async #tries<T>(work: Work<T>, until: number, signal: AbortSignal): Promise<T> {
    let last: DeviceFault | undefined
    for (let failures = 0; ; failures++) {
      const rest = this.#breaker.admit(this.#clock.now())
      if (rest !== undefined) throw last ?? resting(work.call, rest, this.#lastError?.message ?? '')
      try {
        const result = await this.#withToken(work, signal)
        this.#wentWell()
        return result
      } catch (thrown) {
        this.#failed(thrown)
        if (!isDeviceFault(thrown, ...PASSING) || failures === REPEATS) throw thrown
        if (!work.repeatable && thrown.applied !== 'no') throw thrown
        last = thrown
      }
      const now = this.#clock.now()
      const wait = Math.max(backoff(WAITS, failures, this.#clock.random()), last.retryAfter ?? 0)
      if (this.#breaker.restingUntil !== undefined || now + wait >= until) throw last
      await pause(this.#clock, wait, signal)
    }
  }

  /** A token that is refused is replaced once; nothing was applied, so any work may be done again. */
  async #withToken<T>(work: Work<T>, signal: AbortSignal): Promise<T> {
    const token = await raced(this.#session.token(), signal)
    try {
      return await work.run(this.#sender(token, signal))
    } catch (thrown) {
      if (!isDeviceFault(thrown, 'BIGIP_UNAUTHORIZED')) throw thrown
    }
    const fresh = await raced(this.#session.replacement(token), signal)
    try {
      return await work.run(this.#sender(fresh, signal))
    } catch (thrown) {
      if (isDeviceFault(thrown, 'BIGIP_UNAUTHORIZED')) this.#session.distrust(fresh, thrown)
      throw thrown
    }
  }

  #sender(token: string, signal: AbortSignal): Send {
    return request =>
      this.#exchange.send({ ...request, headers: { ...request.headers, [TOKEN_HEADER]: token } }, signal)
  }

  #wentWell(): void {
    this.#session.trust()
    this.#breaker.succeeded()
    this.#phase = 'up'
  }

  #failed(thrown: unknown): void {
    const now = this.#clock.now()
    if (!(thrown instanceof DeviceFault)) this.#breaker.abandoned()
    else if (ILL.includes(thrown.code)) this.#breaker.failed(now, thrown.retryAfter ?? 0, this.#clock.random())
    else if (SHUT.includes(thrown.code) || thrown.code === 'BIGIP_ABORTED') this.#breaker.abandoned()
    else return this.#wentWell()
    if (!(thrown instanceof WorldFault) || thrown.code === 'BIGIP_ABORTED') return
    this.#phase = 'failing'
    this.#lastError = { code: thrown.code, message: thrown.message, at: now }
  }
}

/** The promise's outcome, unless the signal comes first: others may wait for the same promise, so it goes on. */
function raced<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
