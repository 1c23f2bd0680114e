/** JSON Patch, RFC 6902, over JSON Pointers, RFC 6901. Returns a new value; its arguments stay as they are. */
import { isDeepStrictEqual } from 'node:util'
import { isObject, type Json, type JsonObject } from './json.ts'
import { ApiError, badRequest } from './status.ts'

type Container = JsonObject | Json[]

/** @throws ApiError 400 for what is no patch, 422 for a patch that does not fit the document */
export function applyJsonPatch(document: Json, patch: Json): Json {
  if (!Array.isArray(patch)) throw badRequest('json: cannot unmarshal object into Go value of type jsonpatch.Patch')
  const root = { root: structuredClone(document) }
  for (const operation of patch) {
    if (!isObject(operation)) throw badRequest('a JSON patch is a list of operations')
    apply(root, operation)
  }
  return root.root
}

function apply(root: JsonObject, operation: JsonObject): void {
  const path = pointer(operation['path'])
  switch (operation['op']) {
    case 'add':
      add(root, path, required(operation, 'value'))
      break
    case 'remove':
      take(root, path)
      break
    case 'replace':
      take(root, path)
      add(root, path, required(operation, 'value'))
      break
    case 'move':
      add(root, path, take(root, pointer(operation['from'])))
      break
    case 'copy':
      add(root, path, structuredClone(find(root, pointer(operation['from']))))
      break
    case 'test':
      if (isDeepStrictEqual(find(root, path), required(operation, 'value'))) break
      throw misfit()
    default:
      throw misfit()
  }
}

/** The server does not say why. */
const misfit = () => new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {})

function required(operation: JsonObject, field: string): Json {
  const value = operation[field]
  if (value === undefined) throw misfit()
  return value
}

/** The reference tokens below a container that holds the document as `root`. */
function pointer(text: Json | undefined): string[] {
  if (typeof text !== 'string' || (text !== '' && !text.startsWith('/'))) throw misfit()
  return ['root', ...text.split('/').slice(1)].map(token => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function add(root: JsonObject, path: readonly string[], value: Json): void {
  const [container, token] = parent(root, path)
  if (!Array.isArray(container)) container[token] = value
  else container.splice(token === '-' ? container.length : index(token, container.length), 0, value)
}

function take(root: JsonObject, path: readonly string[]): Json {
  const value = find(root, path)
  const [container, token] = parent(root, path)
  if (Array.isArray(container)) container.splice(Number(token), 1)
  else delete container[token]
  return value
}

function find(root: JsonObject, path: readonly string[]): Json {
  const [container, token] = parent(root, path)
  const value = Array.isArray(container) ? container[index(token, container.length - 1)] : container[token]
  if (value === undefined) throw misfit()
  return value
}

function parent(root: JsonObject, path: readonly string[]): [Container, string] {
  let here: Json | undefined = root
  for (const token of path.slice(0, -1)) {
    here = Array.isArray(here) ? here[Number(token)] : isObject(here) ? here[token] : undefined
  }
  if (!Array.isArray(here) && !isObject(here)) throw misfit()
  return [here, path.at(-1)!]
}

function index(token: string, most: number): number {
  const value = Number(token)
  if (!/^\d+$/.test(token) || value > most) throw misfit()
  return value
}
