/** One request for a resource, taken apart: which kind, which object, which verb. */
import type { Json } from './json.ts'
import type { Kind } from './kinds.ts'
import type { Form } from './representation.ts'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'

export interface Target {
  readonly kind: Kind
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly subresource: string | undefined
}

export interface ResourceRequest extends Target {
  readonly verb: Verb
  readonly query: URLSearchParams
  readonly form: Form
  /** Without parameters. */
  readonly contentType: string
  readonly body: Json | undefined
  /** Paths that the text of the body has twice. */
  readonly duplicates: readonly string[]
  /** Who writes: `fieldManager`, or the first word of the User-Agent. */
  readonly manager: string
}

/** What a path such as `/api/v1/namespaces/web/pods/a/status` names; undefined when it is no resource of ours. */
export function parsePath(kinds: readonly Kind[], path: string): Target | undefined {
  const [root, ...rest] = path.split('/').slice(1).map(decodeURIComponent)
  if (root !== 'api' && root !== 'apis') return undefined
  const group = root === 'api' ? '' : (rest.shift() ?? '')
  const version = rest.shift()
  const find = (plural: string | undefined) =>
    kinds.find(kind => kind.group === group && kind.version === version && kind.plural === plural)
  const inner = rest[0] === 'namespaces' && rest.length > 2 ? find(rest[2]) : undefined
  const namespace = inner?.namespaced ? rest[1] : undefined
  const [plural, name, subresource, more] = namespace === undefined ? rest : rest.slice(2)
  const kind = find(plural)
  if (kind === undefined || more !== undefined || name === '') return undefined
  // objects of a namespaced kind are reached through their namespace only
  if (kind.namespaced && namespace === undefined && name !== undefined) return undefined
  return { kind, namespace, name, subresource }
}

/** Undefined when the path does not allow the method. */
export function verbOf(method: string, target: Target, query: URLSearchParams): Verb | undefined {
  const one = target.name !== undefined
  const part = target.subresource
  switch (method) {
    case 'GET':
      if (one) return 'get'
      return ['false', '0'].includes(query.get('watch') ?? 'false') ? 'list' : 'watch'
    case 'POST':
      return one && (part === undefined || part === 'status') ? undefined : 'create'
    case 'PUT':
      return one ? 'update' : undefined
    case 'PATCH':
      return one ? 'patch' : undefined
    case 'DELETE':
      if (part !== undefined) return undefined
      return one ? 'delete' : 'deletecollection'
    default:
      return undefined
  }
}
