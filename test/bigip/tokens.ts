/**
 * Who is asking: passwords, tokens with their age and number, and accounts that are locked. Knows no HTTP but a header.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { JsonObject } from '../kube/json.ts'
import * as refusal from './rest-error.ts'

/** Seconds. */
const DEFAULT_LIFE = 1200
const LONGEST_LIFE = 36_000
const TOKENS_PER_USER = 100
/** Wrong passwords in a row, after which an account is locked. */
const ATTEMPTS = 5
/** Milliseconds until a locked account is open again. */
const LOCKED = 600_000

interface Token {
  readonly name: string
  readonly user: string
  readonly started: number
  /** Seconds. */
  life: number
}

export interface TokensOptions {
  readonly username: string
  readonly password: string
  readonly clock: () => number
}

export class Tokens {
  /** May be changed, as by a person at the device. */
  password: string
  readonly #username: string
  readonly #clock: () => number
  readonly #tokens = new Map<string, Token>()
  #failures = 0
  #lockedUntil = 0

  constructor({ username, password, clock }: TokensOptions) {
    this.#username = username
    this.password = password
    this.#clock = clock
  }

  /** How many are alive. */
  get size(): number {
    this.#expire()
    return this.#tokens.size
  }

  /** Forgets all tokens, as a failover or restart does. */
  clear(): void {
    this.#tokens.clear()
  }

  /** @throws RestError */
  login({ username, password, loginProviderName }: JsonObject): JsonObject {
    if (typeof username !== 'string' || typeof password !== 'string')
      throw refusal.badRequest('username and password are required')
    this.#check(username, password)
    this.#expire()
    if (this.#tokens.size >= TOKENS_PER_USER) throw refusal.tooManyTokens(userId(username))
    const name = randomBytes(13).toString('hex').toUpperCase()
    const token = { name, user: username, started: this.#clock(), life: DEFAULT_LIFE }
    this.#tokens.set(name, token)
    return { username, loginProviderName: loginProviderName ?? 'tmos', token: this.#render(token), generation: 0 }
  }

  /** @throws RestError for who may not ask. @param header of Basic credentials */
  identify(header: string | undefined, name: string | undefined): void {
    if (name !== undefined) return void this.#find(name)
    const [, encoded] = /^Basic (\S+)$/.exec(header ?? '') ?? []
    if (encoded === undefined) throw refusal.noUserHeader()
    const [username = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':')
    try {
      this.#check(username, rest.join(':'))
    } catch (thrown) {
      throw thrown instanceof refusal.RestError && thrown.message.startsWith('Maximum')
        ? thrown
        : refusal.basicRefused()
    }
  }

  /** One of the tokens, for whoever asked with a good one. */
  get(name: string): JsonObject {
    const token = this.#tokens.get(name)
    if (token === undefined || this.#isOver(token)) throw noSuchToken(name)
    return this.#render(token)
  }

  list(): JsonObject[] {
    this.#expire()
    return [...this.#tokens.values()].map(token => this.#render(token))
  }

  /** @param timeout seconds from its start, as text or number */
  extend(name: string, timeout: unknown): JsonObject {
    const token = this.#tokens.get(name)
    if (token === undefined || this.#isOver(token)) throw noSuchToken(name)
    const life = Number(timeout)
    if (!Number.isInteger(life) || life <= 0 || life > LONGEST_LIFE)
      throw refusal.badRequest(`timeout ${timeout} is not between 1 and ${LONGEST_LIFE}`)
    token.life = life
    return this.#render(token)
  }

  remove(name: string): JsonObject {
    const token = this.#tokens.get(name)
    if (token === undefined) throw noSuchToken(name)
    this.#tokens.delete(name)
    return this.#render(token)
  }

  #check(username: string, password: string): void {
    if (this.#clock() < this.#lockedUntil) throw refusal.lockedOut()
    if (username === this.#username && same(password, this.password)) {
      this.#failures = 0
      return
    }
    if (++this.#failures >= ATTEMPTS) this.#lockedUntil = this.#clock() + LOCKED
    throw refusal.wrongPassword()
  }

  #find(name: string): Token {
    const token = this.#tokens.get(name)
    if (token === undefined) throw refusal.noSuchToken()
    if (this.#isOver(token)) throw refusal.expiredToken()
    return token
  }

  #isOver({ started, life }: Token): boolean {
    return this.#clock() >= started + life * 1000
  }

  #expire(): void {
    for (const [name, token] of this.#tokens) if (this.#isOver(token)) this.#tokens.delete(name)
  }

  #render({ name, user, started, life }: Token): JsonObject {
    return {
      token: name,
      name,
      userName: user,
      authProviderName: 'tmos',
      timeout: life,
      startTime: new Date(started).toISOString(),
      expirationMicros: (started + life * 1000) * 1000,
      kind: 'shared:authz:tokens:authtokenitemstate',
      selfLink: `https://localhost/mgmt/shared/authz/tokens/${name}`,
    }
  }
}

const noSuchToken = (name: string) =>
  new refusal.RestError(404, { code: 404, message: `Token ${name} does not exist.`, errorStack: [], apiError: 1 })

function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** Devices name users by an id in this text. */
function userId(username: string): string {
  const hex = createHash('md5').update(username).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
