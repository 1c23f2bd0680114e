/**
 * iControl REST of one device: calls in turn, with a token, each answered by a value or a DeviceFault. Knows paths and JSON, no
 * kinds. Rules: at most `concurrency` calls at a time, in the order asked; every call has a deadline; what may have been applied
 * is repeated only where that is harmless; a device that keeps failing is left alone for a while; no text holds a secret.
 */
import type { Clock } from './clock.ts'
import type { DeviceFaultCode } from './fault.ts'
import type { ListQuery } from './path.ts'
import type { Credentials } from './session.ts'
import type { TlsOptions } from './tls.ts'

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [field: string]: Json | undefined
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface BigIpClientOptions {
  /** `https://192.0.2.10` or `https://bigip.example:8443`, without a path, user or password. */
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

/** One exchange, for metrics. */
export interface CallReport {
  readonly method: Method
  /** The path without names of objects: `/mgmt/tm/net/arp/*`. */
  readonly path: string
  /** HTTP status; absent when there was no answer. */
  readonly status?: number
  /** Absent where it went well. */
  readonly fault?: DeviceFaultCode
  readonly milliseconds: number
}

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Milliseconds, instead of the client's. */
  readonly deadline?: number
}

export interface Command {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: JsonObject
}

export interface ClientState {
  /** `never`: no call has gone well yet; `failing`: the last one met no device in good order. */
  readonly phase: 'never' | 'up' | 'failing' | 'locked out'
  /** The last failure that was the device's, kept when calls go well again. */
  readonly lastError?: { readonly code: DeviceFaultCode; readonly message: string; readonly at: number }
  /** Milliseconds since 1970; absent without a token. */
  readonly tokenExpiresAt?: number
  readonly inFlight: number
  /** Calls that wait for their turn. */
  readonly waiting: number
  /** Of the circuit breaker: `resting` means that calls fail at once, until milliseconds since 1970. */
  readonly restingUntil?: number
}

export class BigIpClient {
  constructor(options: BigIpClientOptions) {
    void options
  }

  /** One object, or a document such as stats. @throws DeviceFault */
  get(_path: string, _options?: CallOptions): Promise<JsonObject> {
    throw new Error('not yet')
  }

  /**
   * All objects of a collection. Empty only when the device said so in a whole, well-formed answer.
   * @throws DeviceFault
   */
  list(_collection: string, _query?: ListQuery, _options?: CallOptions): Promise<readonly JsonObject[]> {
    throw new Error('not yet')
  }

  /**
   * The answer, often the new object. Not repeated when it may have been applied: the fault's `applied` is then `unknown`, and
   * the caller reads what is there.
   * @throws DeviceFault
   */
  post(_path: string, _body: JsonObject, _options?: CallOptions): Promise<JsonObject> {
    throw new Error('not yet')
  }

  /** Sets the named fields. @throws DeviceFault */
  patch(_path: string, _body: JsonObject, _options?: CallOptions): Promise<JsonObject> {
    throw new Error('not yet')
  }

  /** @throws DeviceFault */
  put(_path: string, _body: JsonObject, _options?: CallOptions): Promise<JsonObject> {
    throw new Error('not yet')
  }

  /** An object that is not there is as good as deleted. @throws DeviceFault */
  delete(_path: string, _options?: CallOptions): Promise<void> {
    throw new Error('not yet')
  }

  /**
   * All commands or none, in this order; at most LONGEST_TRANSACTION of them. After a fault nothing is applied, unless its
   * `applied` is `unknown`: then the answer to the commit was lost. Files, `bash` and `saveConfig` are not covered by it.
   * @throws DeviceFault
   */
  transaction(_commands: readonly Command[], _options?: CallOptions): Promise<void> {
    throw new Error('not yet')
  }

  /** Saves the running configuration, so that it outlives a reboot. @throws DeviceFault */
  saveConfig(_options?: CallOptions): Promise<void> {
    throw new Error('not yet')
  }

  /**
   * What a program on the device prints. Arguments hold letters, digits, blanks and `. _ : / , % + = @ -`, nothing that a shell
   * would read.
   * @param words the program and its arguments: `['imish', '-r', '0', '-e', 'show ip bgp summary']`
   * @throws DeviceFault; InputFault for an argument with any other character
   */
  bash(_words: readonly string[], _options?: CallOptions): Promise<string> {
    throw new Error('not yet')
  }

  state(): ClientState {
    throw new Error('not yet')
  }

  /** Ends calls under way and waiting, gives the token back. */
  close(): Promise<void> {
    throw new Error('not yet')
  }
}
