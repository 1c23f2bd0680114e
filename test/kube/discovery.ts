/** What the server says it has: aggregated discovery for new clients, the lists of each group for old ones. */
import { apiVersionOf, type Kind, type Subresource } from './kinds.ts'

export const VERSION = {
  major: '1',
  minor: '32',
  gitVersion: 'v1.32.0',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: 'linux/amd64',
}

const STATUS_VERBS = ['get', 'patch', 'update']

type Kinds = readonly Kind[]

const groupsOf = (kinds: Kinds) => [...new Set(kinds.map(kind => kind.group))]
const versionsOf = (kinds: Kinds, group: string) => [
  ...new Set(kinds.filter(kind => kind.group === group).map(kind => kind.version)),
]
const kindsOf = (kinds: Kinds, group: string, version: string) =>
  kinds.filter(kind => kind.group === group && kind.version === version)

/**
 * The document of a discovery path, or undefined for another path.
 * @param accept of the request: chooses aggregated discovery for `/api` and `/apis`
 */
export function discover(
  kinds: Kinds,
  path: string,
  accept: string,
): { readonly type: string; readonly body: object } | undefined {
  if (path === '/api' || path === '/apis') {
    const version = /g=apidiscovery\.k8s\.io;v=(v2|v2beta1);as=APIGroupDiscoveryList/.exec(accept)?.[1]
    const wanted = groupsOf(kinds).filter(group => (group === '') === (path === '/api'))
    if (version !== undefined) {
      const type = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
      return { type, body: aggregated(kinds, version, wanted) }
    }
  }
  const body = legacy(kinds, path)
  return body && { type: 'application/json', body }
}

function aggregated(kinds: Kinds, version: string, wanted: readonly string[]): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: wanted.map(group => ({
      metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
      versions: versionsOf(kinds, group).map(name => ({
        version: name,
        freshness: 'Current',
        resources: kindsOf(kinds, group, name).map(kind => ({
          resource: kind.plural,
          responseKind: responseKind(kind),
          scope: kind.namespaced ? 'Namespaced' : 'Cluster',
          singularResource: kind.singular,
          verbs: kind.verbs,
          shortNames: kind.shortNames,
          categories: kind.categories,
          subresources: subresourcesOf(kind).map(({ name, verbs, ...responseKind }) => ({
            subresource: name,
            responseKind,
            verbs,
          })),
        })),
      })),
    })),
  }
}

function subresourcesOf(kind: Kind): readonly Subresource[] {
  const status = { name: 'status', ...responseKind(kind), verbs: STATUS_VERBS }
  return [...(kind.status ? [status] : []), ...kind.subresources]
}

function responseKind({ group, version, kind }: Kind) {
  return { group, version, kind }
}

function legacy(kinds: Kinds, path: string): object | undefined {
  if (path === '/api')
    return {
      kind: 'APIVersions',
      versions: versionsOf(kinds, ''),
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '' }],
    }
  const named = groupsOf(kinds).filter(group => group !== '')
  if (path === '/apis')
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(group => apiGroup(kinds, group)) }
  const [, group] = /^\/apis\/([^/]+)$/.exec(path) ?? []
  if (group !== undefined)
    return named.includes(group) ? { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(kinds, group) } : undefined
  const [, core, other, version = ''] = /^\/(?:(api)|apis\/([^/]+))\/([^/]+)$/.exec(path) ?? []
  const members = kindsOf(kinds, core === undefined ? (other ?? '?') : '', version)
  return members[0] && resourceList(apiVersionOf(members[0]), members)
}

function apiGroup(kinds: Kinds, name: string) {
  const versions = versionsOf(kinds, name).map(version => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions, preferredVersion: versions[0] }
}

function resourceList(groupVersion: string, members: readonly Kind[]): object {
  const resources = members.flatMap(kind => {
    const { plural: name, singular: singularName, namespaced, shortNames, categories, verbs } = kind
    const more = {
      ...(shortNames.length === 0 ? {} : { shortNames }),
      ...(categories.length === 0 ? {} : { categories }),
    }
    const whole = { name, singularName, namespaced, kind: kind.kind, verbs, ...more }
    const parts = subresourcesOf(kind).map(({ group, version, ...part }) => ({
      ...part,
      name: `${name}/${part.name}`,
      singularName: '',
      namespaced,
      ...(group === kind.group && version === kind.version ? {} : { group, version }),
    }))
    return [whole, ...parts]
  })
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources }
}
