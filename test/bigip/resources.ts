/** Calls to collections and objects below `/mgmt/tm`: which verb a method is, and what it answers. */
import type { Box } from './box.ts'
import type { Target } from './kinds.ts'
import { renderCollection, renderObject } from './representation.ts'
import { type Answer, bodyOf, ok, type Request } from './request.ts'
import { notFound, notSupported, unregistered } from './rest-error.ts'
import { create, find, modify, parentOf, remove } from './verbs.ts'

/** @throws RestError */
export function handleResource(box: Box, target: Target, { method, query, ...request }: Request): Answer {
  const { kind, path } = target
  if (method === 'GET') {
    if (path === undefined) {
      parentOf(box, kind, target.parent)
      return ok(renderCollection(box, target, query))
    }
    const reason = kind.absent?.(box)
    if (reason !== undefined) throw notFound(kind.title, path)
    return ok(renderObject(box, find(box, target), query))
  }
  const reason = kind.absent?.(box)
  if (reason !== undefined) throw reason
  const verb = verbOf(method, path !== undefined)
  if (verb === undefined) throw unregistered(request.path)
  if (!kind.verbs.includes(verb)) throw notSupported(kind.collection)
  switch (verb) {
    case 'create':
      return ok(renderObject(box, create(box, target, bodyOf(request)), query))
    case 'modify':
      return ok(renderObject(box, modify(box, target, bodyOf(request), method === 'PUT'), query))
    case 'delete':
      remove(box, target)
      return ok('')
  }
}

function verbOf(method: string, one: boolean): 'create' | 'modify' | 'delete' | undefined {
  if (method === 'POST') return one ? undefined : 'create'
  if (!one) return undefined
  if (method === 'DELETE') return 'delete'
  return method === 'PATCH' || method === 'PUT' ? 'modify' : undefined
}
