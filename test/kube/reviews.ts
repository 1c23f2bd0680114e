/**
 * What is answered and never stored: reviews of who somebody is and what he may do, and requests for tokens.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
 */
import type { Access } from './access.ts'
import { isObject, type Json, type JsonObject, textAt } from './json.ts'
import { actOf, rulesFor } from './rbac.ts'
import type { ResourceRequest } from './request.ts'
import { badRequest, notFound } from './status.ts'
import type { Store } from './store.ts'
import { renderTime } from './time.ts'
import { lifetimeOf, type User } from './tokens.ts'

export interface Asker {
  readonly user: User
  readonly access: Access
  readonly store: Store
}

type Answer = (spec: Json, asker: Asker) => JsonObject

const answers: Readonly<Record<string, Answer>> = {
  SelfSubjectAccessReview: (spec, { user, access }) => verdictOf(access, user, spec),
  SubjectAccessReview: (spec, { access }) => {
    const groups = isObject(spec) && Array.isArray(spec['groups']) ? spec['groups'].map(String) : []
    return verdictOf(access, { name: textAt(spec, ['user']), groups }, spec)
  },
  SelfSubjectRulesReview: (spec, { user, store }) => {
    const rules = rulesFor(store, user, textAt(spec, ['namespace'])) as readonly object[] as readonly JsonObject[]
    const [paths, resources] = [true, false].map(wanted =>
      rules.filter(rule => (rule['nonResourceURLs'] !== undefined) === wanted),
    )
    return { resourceRules: resources!, nonResourceRules: paths!, incomplete: false }
  },
  SelfSubjectReview: (_, { user: { name, uid, groups } }) => ({
    userInfo: { username: name, ...(uid === undefined ? {} : { uid }), groups: [...groups] },
  }),
}

function verdictOf(access: Access, user: User, spec: Json): JsonObject {
  const { allowed, reason } = access.decide(user, actOf(spec))
  return { allowed, ...(reason === '' ? {} : { reason }) }
}

/** The whole answer; undefined when the request is for something that is stored. */
export function review(request: ResourceRequest, asker: Asker): JsonObject | undefined {
  const { kind, subresource, body } = request
  if (kind.kind === 'ServiceAccount' && subresource === 'token') return token(request, asker)
  const answer = answers[kind.kind]
  if (answer === undefined) return undefined
  if (!isObject(body)) throw badRequest('the body of the request is no object')
  const metadata = { creationTimestamp: null }
  return {
    kind: kind.kind,
    apiVersion: `${kind.group}/v1`,
    metadata,
    ...body,
    status: answer(body['spec'] ?? {}, asker),
  }
}

function token({ kind, namespace = '', name = '', body }: ResourceRequest, { access }: Asker): JsonObject {
  const seconds = lifetimeOf(body)
  const now = Date.now()
  const issued = access.tokens.issue(namespace, name, seconds, now)
  if (issued === undefined) throw notFound(kind, name)
  const expirationTimestamp = renderTime(now + seconds * 1000)
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: renderTime(now) },
    spec: { audiences: ['https://kubernetes.default.svc'], expirationSeconds: seconds, boundObjectRef: null },
    status: { token: issued, expirationTimestamp },
  }
}
