/**
 * Who asks, told by bearer tokens: the administrator's, and those of ServiceAccounts. The latter are signed claims as the
 * API server's are: they end with their time, and with their ServiceAccount.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { at, textAt } from './json.ts'
import { unauthorized } from './status.ts'
import type { Store } from './store.ts'

export interface User {
  readonly name: string
  readonly uid?: string
  readonly groups: readonly string[]
}

const ANONYMOUS: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] }
const ADMINISTRATOR: User = { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }
const SERVICE_ACCOUNT = 'system:serviceaccount:'

/** Of `system:serviceaccount:NAMESPACE:NAME`; undefined for other names. */
export function serviceAccountOf(name: string): { namespace: string; name: string } | undefined {
  const [namespace, account, more] = name.startsWith(SERVICE_ACCOUNT)
    ? name.slice(SERVICE_ACCOUNT.length).split(':')
    : []
  return namespace && account && more === undefined ? { namespace, name: account } : undefined
}

/** Who a name is without further word: what `--as` makes of it. */
export function userNamed(name: string): User {
  const account = serviceAccountOf(name)
  const groups = account === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`]
  return { name, groups: [...groups, 'system:authenticated'] }
}

export class Tokens {
  readonly #store: Store
  readonly #administrator: string
  readonly #key = randomBytes(32)

  constructor(store: Store, administrator: string) {
    this.#store = store
    this.#administrator = administrator
  }

  /**
   * @param lifetime seconds
   * @returns undefined when there is no such ServiceAccount
   */
  issue(namespace: string, name: string, lifetime: number, now = Date.now()): string | undefined {
    const account = this.#account(namespace, name)
    if (account === undefined) return undefined
    const issued = Math.floor(now / 1000)
    const claims = {
      iss: 'https://kubernetes.default.svc',
      sub: `${SERVICE_ACCOUNT}${namespace}:${name}`,
      iat: issued,
      exp: issued + lifetime,
      'kubernetes.io': { namespace, serviceaccount: { name, uid: account.metadata.uid } },
    }
    const text = [{ alg: 'HS256', typ: 'JWT' }, claims].map(part => encoded(JSON.stringify(part))).join('.')
    return `${text}.${this.#signature(text)}`
  }

  /** @param header `Authorization`. @throws ApiError 401 for a wrong token, or one whose time is over */
  identify(header: string | undefined): User {
    if (header === undefined) return ANONYMOUS
    const token = /^Bearer (.+)$/.exec(header)?.[1] ?? ''
    if (same(token, this.#administrator)) return ADMINISTRATOR
    const [head, claims, signature = ''] = token.split('.')
    if (claims === undefined || !same(signature, this.#signature(`${head}.${claims}`))) throw unauthorized()
    const { sub, exp, 'kubernetes.io': binding } = JSON.parse(Buffer.from(claims, 'base64url').toString())
    const { namespace, name } = serviceAccountOf(sub)!
    const uid = textAt(binding, ['serviceaccount', 'uid'])
    if (exp * 1000 <= Date.now() || this.#account(namespace, name)?.metadata.uid !== uid) throw unauthorized()
    return { ...userNamed(sub), uid }
  }

  #account(namespace: string, name: string) {
    return this.#store.get('serviceaccounts', `${namespace}/${name}`)
  }

  #signature(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url')
  }
}

const encoded = (text: string) => Buffer.from(text).toString('base64url')

function same(a: string, b: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** Seconds that a TokenRequest asks for; the server's default is an hour. */
export function lifetimeOf(request: unknown): number {
  return Number(at(request, ['spec', 'expirationSeconds']) ?? 3600)
}
