/**
 * The token of one device: login, a longer life for it, another before it expires, logout. Knows no calls but those. Rules: one
 * login at a time, shared by all who wait for it; credentials are asked for before each; no token outlives its use, for a user
 * has 100 of them (K44237337).
 */
import type { Clock } from './clock.ts'
import type { Exchange, JsonObject } from './exchange.ts'
import { type DeviceFault, isDeviceFault, nonsenseOf, overdue } from './fault.ts'
import { type Credentials, LoginGuard } from './login-guard.ts'
import { objectPath } from './path.ts'

const LOGIN = '/mgmt/shared/authn/login'
const TOKENS = '/mgmt/shared/authz/tokens'
/** Seconds, when the device does not say. */
const USUAL_LIFE = 1200
/**
 * Seconds; the device would allow 36,000. Long enough that logins are rare, short enough that a process which is killed again
 * and again (every five minutes, as Kubernetes does it) leaves far fewer than 100 tokens behind.
 */
const LONGER_LIFE = 3600
/** The part of a token's life after which another is fetched. */
const RENEWAL = 0.8
/** Milliseconds, as all that follows. */
const LOGIN_DEADLINE = 30_000
const LOGOUT_DEADLINE = 5000
const RENEW_AGAIN = 30_000

interface Token {
  readonly value: string
  readonly expiresAt: number
}

export class Session {
  readonly #exchange: Exchange
  readonly #credentials: () => Promise<Credentials>
  readonly #clock: Clock
  readonly #guard = new LoginGuard()
  #token: Token | undefined
  #renewAt = 0
  /** The login under way. */
  #login: Promise<Token> | undefined
  /** Logouts under way. */
  readonly #leaving = new Set<Promise<void>>()

  constructor(exchange: Exchange, credentials: () => Promise<Credentials>, clock: Clock) {
    this.#exchange = exchange
    this.#credentials = credentials
    this.#clock = clock
  }

  get expiresAt(): number | undefined {
    return this.#token?.expiresAt
  }

  get lockedOut(): boolean {
    return this.#guard.lockedOut
  }

  /** A token to call with. @throws DeviceFault; what `credentials` throws */
  async token(): Promise<string> {
    const now = this.#clock.now()
    if (this.#token === undefined || now >= this.#token.expiresAt) return (await this.#renewed()).value
    const { value } = this.#token
    if (now >= this.#renewAt) {
      this.#renewAt = now + RENEW_AGAIN
      // calls go on with the old one; what stands in the way is met again when it has expired
      this.#renewed().catch(() => undefined)
    }
    return value
  }

  /** The device refused this token: another, unless there is one already. @throws as `token` */
  async replacement(refused: string): Promise<string> {
    if (this.#token?.value === refused) this.#drop()
    return this.token()
  }

  /** The device refused a token that had just been fetched. */
  distrust(refused: string, fault: DeviceFault): void {
    this.#guard.tokenRefused(fault, this.#clock.now(), this.#clock.random())
    if (this.#token?.value === refused) this.#drop()
  }

  /** The device took a token. */
  trust(): void {
    this.#guard.tokenAccepted()
  }

  /** Gives the token back, also one that is just being fetched. */
  async close(): Promise<void> {
    await this.#patiently(this.#login)
    this.#drop()
    await Promise.all(this.#leaving)
  }

  /** A login may hang on what gives the credentials; to leave a token behind is the lesser evil. */
  async #patiently(login: Promise<Token> | undefined): Promise<void> {
    if (login === undefined) return
    await new Promise<void>(resolve => {
      const cancel = this.#clock.after(LOGOUT_DEADLINE, resolve)
      const settled = () => {
        cancel()
        resolve()
      }
      login.then(settled, settled)
    })
  }

  #renewed(): Promise<Token> {
    this.#login ??= this.#logIn().finally(() => {
      this.#login = undefined
    })
    return this.#login
  }

  async #logIn(): Promise<Token> {
    const credentials = await this.#credentials()
    const held = this.#guard.judge(credentials, this.#clock.now())
    if (held !== undefined) throw held
    const token = await this.#within(LOGIN_DEADLINE, async signal => {
      const now = this.#clock.now()
      const fresh = parseToken(await this.#asked(credentials, signal))
      const life = await this.#extend(fresh.value, signal).catch(() => fresh.life)
      return { value: fresh.value, expiresAt: now + life * 1000 }
    })
    this.#guard.accepted()
    this.#drop()
    this.#token = token
    const now = this.#clock.now()
    this.#renewAt = now + (token.expiresAt - now) * RENEWAL
    return token
  }

  async #asked({ username, password }: Credentials, signal: AbortSignal): Promise<JsonObject> {
    const body = { username, password, loginProviderName: 'tmos' }
    try {
      return await this.#exchange.send({ method: 'POST', path: LOGIN, body }, signal)
    } catch (thrown) {
      if (!isDeviceFault(thrown, 'BIGIP_UNAUTHORIZED', 'BIGIP_LOCKED_OUT', 'BIGIP_TOKEN_CAP')) throw thrown
      throw this.#guard.refused({ username, password }, thrown, this.#clock.now(), this.#clock.random())
    }
  }

  /** @returns seconds that it lives now */
  async #extend(token: string, signal: AbortSignal): Promise<number> {
    const body = { timeout: String(LONGER_LIFE) }
    const { timeout } = await this.#exchange.send(withToken(token, 'PATCH', body), signal)
    return Number(timeout) > 0 ? Number(timeout) : LONGER_LIFE
  }

  /** Forgets the token, and deletes it on the device; a token that is left there expires by itself. */
  #drop(): void {
    if (this.#token === undefined) return
    const { value } = this.#token
    this.#token = undefined
    const leaving = this.#within(LOGOUT_DEADLINE, signal => this.#exchange.send(withToken(value, 'DELETE'), signal))
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => this.#leaving.delete(leaving))
    this.#leaving.add(leaving)
  }

  async #within<T>(milliseconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const deadline = new AbortController()
    const cancel = this.#clock.after(milliseconds, () => deadline.abort(overdue(`POST ${LOGIN}`, milliseconds)))
    return work(deadline.signal).finally(cancel)
  }
}

export const TOKEN_HEADER = 'x-f5-auth-token'

function withToken(token: string, method: 'PATCH' | 'DELETE', body?: JsonObject) {
  const path = objectPath(TOKENS, token)
  return { method, path, headers: { [TOKEN_HEADER]: token }, ...(body === undefined ? {} : { body }) }
}

function parseToken(answer: JsonObject): { readonly value: string; readonly life: number } {
  const { token, timeout } = (answer['token'] ?? {}) as JsonObject
  if (typeof token !== 'string' || token === '') throw nonsenseOf(`POST ${LOGIN}`, 'no token')
  return { value: token, life: Number(timeout) > 0 ? Number(timeout) : USUAL_LIFE }
}
