/**
 * THE LAB'S, not podpeer's: the person who tells Cilium of BIG-IP: writes what `podpeer bigip vtep-values` says, by the status of
 * the BIGIP object, into cilium-config.
 */
import { isDeepStrictEqual } from 'node:util'
import type { BigIpStatus } from '../../lib/bigip/resource.ts'
import { vtepValues } from '../../lib/bigip/vtep-values.ts'
import type { KubeObject } from '../../lib/kube/object.ts'
import type { KubeApi } from '../kube/api.ts'
import { BIGIP } from './bigip-topology.ts'
import { ciliumConfig } from './cni-objects.ts'
import type { LabCni } from './lab-mode.ts'

export class LabPerson {
  readonly #cni: LabCni
  readonly #api: KubeApi
  #end = () => {}

  constructor(cni: LabCni, api: KubeApi) {
    this.#cni = cni
    this.#api = api
  }

  start(): void {
    this.#end = this.#api.store.subscribe('podpeer.io/bigips', ({ object }) => this.#look(object))
  }

  stop(): void {
    this.#end()
  }

  /** What is still to be done, in words. */
  missing(): string[] {
    if (this.#cni !== 'cilium') return []
    const { data } = this.#api.find('ConfigMap', 'cilium-config', 'kube-system') as { data?: object }
    return 'vtep-mac' in (data ?? {}) ? [] : ['cilium-config has no VTEP: the status of the BIGIP tells no MAC address']
  }

  #look({ metadata, ...object }: KubeObject): void {
    const [unit] = ((object['status'] ?? {}) as BigIpStatus).units ?? []
    if (metadata.name !== BIGIP || unit === undefined) return
    if (this.#cni !== 'cilium' || unit.vtep?.mac === undefined) return
    const { configMap } = vtepValues([
      { unit: unit.name, ...unit.vtep, tunnelSubnets: unit.tunnelSubnets ?? [] } as Parameters<typeof vtepValues>[0][0],
    ])
    this.#put(ciliumConfig(configMap))
  }

  #put(object: KubeObject): void {
    const { kind = '', metadata, ...content } = object
    const there = this.#api.find(kind, metadata.name, metadata.namespace)
    const same = Object.entries(content).every(([field, value]) => isDeepStrictEqual(there?.[field], value))
    const annotated = isDeepStrictEqual(there?.metadata.annotations, metadata.annotations)
    if (!same || !annotated) this.#api.put(object)
  }
}
