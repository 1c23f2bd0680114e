/**
 * May this request be served? Who asks, as whom (`Impersonate-*`), and what RBAC says; refusals are kept to be looked at.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 */
import type { IncomingHttpHeaders } from 'node:http'
import { type Act, decide, type PathAct, type ResourceAct, type Verdict } from './rbac.ts'
import type { Target, Verb } from './request.ts'
import { ApiError } from './status.ts'
import type { Store } from './store.ts'
import { serviceAccountOf, type Tokens, type User, userNamed } from './tokens.ts'

/** A call that was refused, such as `create nodes`, and what its caller was told. */
export type Refusal = Act & { readonly user: string; readonly message: string }

const REFUSALS_KEPT = 2000

export class Access {
  readonly tokens: Tokens
  /** The last ones, the oldest first. */
  readonly refused: Refusal[] = []
  readonly #store: Store
  readonly #enforced: boolean

  /** @param enforced false lets everybody with a good token do everything */
  constructor(store: Store, tokens: Tokens, enforced: boolean) {
    this.#store = store
    this.tokens = tokens
    this.#enforced = enforced
  }

  /** @throws ApiError 401 for a wrong token, 403 for one that may not be somebody else */
  identify(headers: IncomingHttpHeaders): User {
    const user = this.tokens.identify(headers.authorization)
    const name = headers['impersonate-user']
    if (typeof name !== 'string') return user
    const given = headers['impersonate-group']
    const groups = given === undefined ? [] : String(given).split(', ')
    const account = serviceAccountOf(name)
    const common = { verb: 'impersonate', group: '', namespace: account?.namespace ?? '' }
    this.check(user, { ...common, resource: account ? 'serviceaccounts' : 'users', name: account?.name ?? name })
    for (const group of groups) this.check(user, { ...common, namespace: '', resource: 'groups', name: group })
    return groups.length === 0 ? userNamed(name) : { name, groups: [...groups, 'system:authenticated'] }
  }

  /** @throws ApiError 403 */
  check(user: User, act: Act): void {
    const { allowed, reason } = this.decide(user, act)
    if (allowed) return
    const refusal = 'path' in act ? refusedPath(user, act) : refusedResource(user, act, reason)
    this.refused.push({ ...act, user: user.name, message: refusal.message })
    // a client that is refused asks again, and a lab may run for days
    if (this.refused.length > REFUSALS_KEPT) this.refused.shift()
    throw refusal
  }

  decide(user: User, act: Act): Verdict {
    if (!this.#enforced && user.groups.includes('system:authenticated')) return { allowed: true, reason: '' }
    return decide(this.#store, user, act)
  }
}

/** What a request is about; a selector by name counts as the name. */
export function requestedAct(target: Target, verb: Verb | string, query: URLSearchParams): ResourceAct {
  const { kind, namespace = '', subresource } = target
  const [, selected = ''] = /(?:^|,)metadata\.name==?([^,]+)/.exec(query.get('fieldSelector') ?? '') ?? []
  const resource = subresource === undefined ? kind.plural : `${kind.plural}/${subresource}`
  // a Namespace is its own namespace: a Role in it may grant to read it
  const inside = kind.kind === 'Namespace' ? (target.name ?? '') : namespace
  return { verb, group: kind.group, resource, namespace: inside, name: target.name ?? selected }
}

function refusedPath({ name }: User, { verb, path }: PathAct): ApiError {
  return new ApiError(403, 'Forbidden', `forbidden: User "${name}" cannot ${verb} path "${path}"`, {})
}

function refusedResource(
  user: User,
  { verb, group, resource, namespace, name }: ResourceAct,
  reason: string,
): ApiError {
  const [plural = ''] = resource.split('/')
  const what = `${group === '' ? plural : `${plural}.${group}`}${name === '' ? '' : ` "${name}"`}`
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const who = `User "${user.name}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`
  const details = { ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind: plural }
  return new ApiError(403, 'Forbidden', `${what} is forbidden: ${who}${reason && `: ${reason}`}`, details)
}
