/**
 * As much OpenAPI as `kubectl apply` and `kubectl create` ask for: that objects can be patched with field validation. There
 * are no schemas: kubectl then takes merge keys from its own types.
 */
import { apiVersionOf, type Kind } from './kinds.ts'

/** The smallest v2 document that kubectl 1.27 and 1.28 take, in protobuf: swagger 2.0, title Kubernetes, version v1.32.4, no paths. */
const V2 = Buffer.from('0a03322e3012150a0a4b756265726e65746573120776312e33322e3442004a00', 'hex')

interface Answer {
  readonly type: string
  readonly body: object | Buffer
}

/** The document of an OpenAPI path, or undefined for another path. */
export function openapi(kinds: readonly Kind[], path: string): Answer | undefined {
  if (path === '/openapi/v2') return { type: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf', body: V2 }
  const byRoot = new Map(kinds.map(kind => [rootOf(kind), apiVersionOf(kind)]))
  if (path === '/openapi/v3') {
    const entries = [...byRoot.keys()].map(root => [
      root,
      { serverRelativeURL: `/openapi/v3/${root}?hash=${root.length}` },
    ])
    return { type: 'application/json', body: { paths: Object.fromEntries(entries) } }
  }
  const version = path.startsWith('/openapi/v3/') && byRoot.get(path.slice('/openapi/v3/'.length))
  return version ? { type: 'application/json', body: document(kinds, version) } : undefined
}

const rootOf = (kind: Kind) => `${kind.group === '' ? 'api' : 'apis'}/${apiVersionOf(kind)}`

function document(kinds: readonly Kind[], apiVersion: string): object {
  const members = kinds.filter(kind => apiVersionOf(kind) === apiVersion)
  const paths = members.map(kind => {
    const scope = kind.namespaced ? 'namespaces/{namespace}/' : ''
    const patch = {
      'x-kubernetes-group-version-kind': { group: kind.group, version: kind.version, kind: kind.kind },
      parameters: [{ name: 'fieldValidation', in: 'query', schema: { type: 'string', uniqueItems: true } }],
      responses: {},
    }
    return [`/${rootOf(kind)}/${scope}${kind.plural}/{name}`, { patch }]
  })
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version: 'v1.32.0' }, paths: Object.fromEntries(paths) }
}
