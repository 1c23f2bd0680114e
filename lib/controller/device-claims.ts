/**
 * Which BIGIP keeps which device: two that keep one would undo each other's work, so the older one has it. A device is known
 * by its origin, which of a unit without address only the Secret tells: as last found, until the object is another. Pure.
 */
import { parseOrigin } from '../bigip/exchange.ts'
import type { BigIp } from '../bigip/resource.ts'
import type { KubeObject } from '../kube/object.ts'

export class DeviceClaims {
  readonly #found = new Map<string, { readonly terms: string; readonly origins: readonly string[] }>()
  readonly #holders = new Map<string, string>()

  /** All claims are made anew. @returns the objects in the order in which they claim */
  begin(objects: readonly KubeObject[]): readonly KubeObject[] {
    this.#holders.clear()
    const names = new Set(objects.map(({ metadata }) => metadata.name))
    for (const name of this.#found.keys()) if (!names.has(name)) this.#found.delete(name)
    return objects.toSorted(byAge)
  }

  /** Where its devices are, by those who asked them. @param bigIp as it was when they were asked */
  found(bigIp: BigIp, origins: readonly string[]): void {
    if (origins.length > 0) this.#found.set(bigIp.metadata.name, { terms: termsOf(bigIp), origins })
  }

  /** @returns the BIGIP that has one of these devices already; undefined: now they are its own */
  claim(bigIp: BigIp): string | undefined {
    const { name } = bigIp.metadata
    const known = this.#found.get(name)
    const origins = [
      ...bigIp.spec.units.flatMap(({ address }) => (address === undefined ? [] : [parseOrigin(address)])),
      ...(known?.terms === termsOf(bigIp) ? known.origins : []),
    ]
    const holder = origins.map(origin => this.#holders.get(origin)).find(other => other !== undefined)
    if (holder === undefined) for (const origin of origins) this.#holders.set(origin, name)
    return holder
  }
}

/** What says where its devices are. */
function termsOf({ spec: { units, credentials } }: BigIp): string {
  return JSON.stringify([units, credentials])
}

/** Those of a file have no age. */
function byAge({ metadata: one }: KubeObject, { metadata: other }: KubeObject): number {
  const [age, otherAge] = [String(one.creationTimestamp ?? ''), String(other.creationTimestamp ?? '')]
  if (age !== otherAge) return age < otherAge ? -1 : 1
  return one.name < other.name ? -1 : 1
}
