/** JSON text of stored objects, made once each: objects never change, and many lists and watches tell the same ones. */
import type { KubeObject } from '../../lib/kube/object.ts'

const texts = new WeakMap<KubeObject, string>()

/** Without apiVersion and kind: the form of items in lists. */
export function itemText(object: KubeObject): string {
  const known = texts.get(object)
  if (known !== undefined) return known
  const { apiVersion: _, kind: __, ...rest } = object
  const text = JSON.stringify(rest)
  texts.set(object, text)
  return text
}

export function objectText(object: KubeObject): string {
  const { apiVersion, kind } = object
  return `${JSON.stringify({ kind, apiVersion }).slice(0, -1)},${itemText(object).slice(1)}`
}

export function listText(apiVersion: string, kind: string, metadata: object, items: readonly KubeObject[]): string {
  const head = JSON.stringify({ kind: `${kind}List`, apiVersion, metadata }).slice(0, -1)
  return `${head},"items":[${items.map(itemText).join(',')}]}`
}
