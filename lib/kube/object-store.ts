/**
 * The objects of one resource as far as they have been told, and what each telling changes. Pure. Between `beginRelist` and
 * `endRelist` the whole world is told anew: what is not put by its end is gone. Telling the same again changes nothing.
 */
import { isDeepStrictEqual } from 'node:util'

export type ObjectChange<T> =
  | { readonly type: 'added'; readonly key: string; readonly object: T }
  | { readonly type: 'changed'; readonly key: string; readonly object: T; readonly previous: T }
  | { readonly type: 'deleted'; readonly key: string; readonly previous: T }

export class ObjectStore<T> {
  readonly #objects = new Map<string, T>()
  /** Keys not put since `beginRelist`; undefined while no relist is under way. */
  #unseen: Set<string> | undefined

  get objects(): ReadonlyMap<string, T> {
    return this.#objects
  }

  put(key: string, object: T): ObjectChange<T> | undefined {
    const previous = this.#objects.get(key)
    this.#unseen?.delete(key)
    if (previous !== undefined && isDeepStrictEqual(previous, object)) return undefined
    this.#objects.set(key, object)
    return previous === undefined ? { type: 'added', key, object } : { type: 'changed', key, object, previous }
  }

  remove(key: string): ObjectChange<T> | undefined {
    const previous = this.#objects.get(key)
    this.#unseen?.delete(key)
    if (previous === undefined) return undefined
    this.#objects.delete(key)
    return { type: 'deleted', key, previous }
  }

  /** May be called again before `endRelist`: the telling then starts over. */
  beginRelist(): void {
    this.#unseen = new Set(this.#objects.keys())
  }

  /** @returns the deletions of what was not told */
  endRelist(): ObjectChange<T>[] {
    const gone = [...(this.#unseen ?? [])].flatMap(key => this.remove(key) ?? [])
    this.#unseen = undefined
    return gone
  }
}
