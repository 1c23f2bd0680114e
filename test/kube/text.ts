/** JSON text of stored objects, made once each: objects never change, and many lists and watches tell the same ones. */
import type { KubeObject } from '../../lib/kube/object.ts'
import { apiVersionOf, type Kind } from './kinds.ts'

const texts = new WeakMap<KubeObject, string>()

/** Without apiVersion and kind: the form of items in lists. */
function itemText(object: KubeObject): string {
  const known = texts.get(object)
  if (known !== undefined) return known
  const { apiVersion: _, kind: __, ...rest } = object
  const text = JSON.stringify(rest)
  texts.set(object, text)
  return text
}

/** In the version of the row, whatever version the object was written in. */
export function objectText(kind: Kind, object: KubeObject): string {
  const head = JSON.stringify({ kind: kind.kind, apiVersion: apiVersionOf(kind) }).slice(0, -1)
  return `${head},${itemText(object).slice(1)}`
}

export function listText(kind: Kind, metadata: object, items: readonly KubeObject[]): string {
  // lists of custom objects say also that there is no more
  const told = kind.custom ? { continue: '', ...metadata } : metadata
  const head = JSON.stringify({ kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata: told }).slice(0, -1)
  const texts = items.map(item => (kind.custom ? objectText(kind, item) : itemText(item)))
  return `${head},"items":[${texts.join(',')}]}`
}
