/**
 * The few writes that podpeer does to a cluster, each in the one form that fits it: JSON merge patch for a status, PUT with
 * resourceVersion for Leases, merge patch with resourceVersion for finalizers and ConfigMaps, POST for Events. Never strategic
 * merge. What fails is an ApiFault; nothing is tried again here.
 */
import { ApiFault } from './api-fault.ts'
import type { ApiRequest, KubeClient } from './client.ts'
import type { KubeObject } from './object.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json | undefined }

/** What we are in `managedFields`. */
const FIELD_MANAGER = 'podpeer-controller'

export class KubeWriter {
  readonly #client: Pick<KubeClient, 'request' | 'renew'>
  readonly #deadline: number
  /** After a failure kubeconfig and credentials are read again: they may be new. */
  #doubtful = false

  /** @param deadline milliseconds that one call may take */
  constructor(client: Pick<KubeClient, 'request' | 'renew'>, deadline = 15_000) {
    this.#client = client
    this.#deadline = deadline
  }

  /** @param path of the object; undefined: it does not exist  @throws ApiFault */
  async get(path: string): Promise<KubeObject | undefined> {
    try {
      return await this.#ask({ path })
    } catch (thrown) {
      if (thrown instanceof ApiFault && thrown.status === 404) return undefined
      throw thrown
    }
  }

  /** @param path of the collection  @throws ApiFault; KUBE_CONFLICT: it exists */
  create(path: string, object: object): Promise<KubeObject> {
    return this.#ask({ method: 'POST', path, body: object, query: { fieldManager: FIELD_MANAGER } })
  }

  /** Optimistic: `metadata.resourceVersion` of what was read goes along. @throws ApiFault; KUBE_CONFLICT: it is another by now */
  replace(path: string, object: object): Promise<KubeObject> {
    return this.#ask({ method: 'PUT', path, body: object, query: { fieldManager: FIELD_MANAGER } })
  }

  /**
   * RFC 7396: null takes a field away, lists are replaced whole. With `metadata.resourceVersion` in it, optimistic.
   * @param path also of a subresource: `…/bigips/a/status`
   * @throws ApiFault
   */
  merge(path: string, patch: object): Promise<KubeObject> {
    const query = { fieldManager: FIELD_MANAGER }
    return this.#ask({ method: 'PATCH', path, body: patch, contentType: 'application/merge-patch+json', query })
  }

  async #ask(request: ApiRequest): Promise<KubeObject> {
    try {
      if (this.#doubtful) await this.#client.renew()
      this.#doubtful = false
      const signal = AbortSignal.timeout(this.#deadline)
      return (await this.#client.request({ ...request, signal })) as KubeObject
    } catch (thrown) {
      const refused = thrown instanceof ApiFault && thrown.status !== undefined && thrown.status !== 401
      this.#doubtful = !refused
      throw thrown
    }
  }
}

/** The merge patch that makes `before` into `after` (RFC 7396); undefined: they are the same. */
export function mergePatch(before: Json | undefined, after: Json): Json | undefined {
  if (!isFields(before) || !isFields(after)) return sameJson(before, after) ? undefined : after
  const patch: Record<string, Json> = {}
  for (const key of Object.keys(before)) if (before[key] !== undefined && after[key] === undefined) patch[key] = null
  for (const [key, value] of Object.entries(after)) {
    const change = value === undefined ? undefined : mergePatch(before[key], value)
    if (change !== undefined) patch[key] = change
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}

function isFields(value: Json | undefined): value is { readonly [field: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sameJson(one: Json | undefined, other: Json | undefined): boolean {
  if (one === other) return true
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, at) => sameJson(item, other[at]))
  if (!isFields(one) || !isFields(other)) return false
  const keys = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...keys].every(key => sameJson(one[key], other[key]))
}
