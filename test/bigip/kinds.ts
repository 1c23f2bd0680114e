/** All kinds, and how paths of URLs lead to them. */
import type { Kind } from './kind.ts'
import { ltmKinds } from './ltm-kinds.ts'
import { netKinds } from './net-kinds.ts'
import { routingKinds } from './routing-kinds.ts'
import { systemKinds } from './system-kinds.ts'
import { tunnelKinds } from './tunnel-kinds.ts'

export const KINDS: readonly Kind[] = [...systemKinds, ...netKinds, ...tunnelKinds, ...routingKinds, ...ltmKinds]

const byCollection = new Map(KINDS.map(kind => [kind.collection, kind]))

/** @throws where there is none: our own fault */
export function kindOf(collection: string): Kind {
  const kind = byCollection.get(collection)
  if (kind === undefined) throw new Error(`there is no kind ${collection}`)
  return kind
}

const children = Map.groupBy(
  KINDS.filter(({ parent }) => parent !== undefined),
  ({ parent }) => parent!,
)

/** The kinds of the subcollections that objects of a kind have; those that others refer to first. */
export function subcollectionsOf({ collection }: Kind): readonly Kind[] {
  return children.get(collection) ?? []
}

/** What a URL names. */
export interface Target {
  readonly kind: Kind
  /** Path of the parent, of a subcollection. */
  readonly parent: string
  /** Path or name as in the URL; absent where it names the collection. */
  readonly path?: string
  /** Whether it names the counters of the object or collection. */
  readonly stats: boolean
}

/** @param path of an object in the collection; the collection itself where it is absent */
export function targetOf(collection: string, path?: string, parent = ''): Target {
  return { kind: kindOf(collection), parent, stats: false, ...(path === undefined ? {} : { path }) }
}

/** @param path below `/mgmt/tm`. Undefined where no kind is there. */
export function parseTarget(path: string): Target | undefined {
  const parts = path.split('/').slice(1).map(decode)
  for (let length = Math.min(3, parts.length); length >= 2; length--) {
    const kind = byCollection.get(`/${parts.slice(0, length).join('/')}`)
    if (kind?.parent === undefined && kind !== undefined) return descend(kind, '', parts.slice(length))
  }
  return undefined
}

function descend(kind: Kind, parent: string, parts: readonly string[]): Target | undefined {
  const [id = '', inner, ...rest] = parts
  if (id === '') return { kind, parent, stats: false }
  if (id === 'stats' && inner === undefined) return { kind, parent, stats: true }
  const path = kind.naming === 'folder' ? fullPath(id) : id
  if (inner === undefined || inner === '') return { kind, parent, path, stats: false }
  if (inner === 'stats' && rest.length === 0) return { kind, parent, path, stats: true }
  const child = byCollection.get(`${kind.collection}/${inner}`)
  return child?.parent === kind.collection ? descend(child, path, rest) : undefined
}

/** `~Common~a` is `/Common/a`, and so is `a`. */
function fullPath(id: string): string {
  return id.startsWith('~') ? id.replaceAll('~', '/') : `/Common/${id}`
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
