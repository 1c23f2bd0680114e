/**
 * THE LAB'S, not podpeer's: the person who does on the cluster's side of an overlay what is not podpeer's yet, by reading the
 * status of the BIGIP object. With flannel: makes the dummy Node bigip1 of the guides, and makes it anew when the tunnel
 * has another MAC. With Cilium: writes what `podpeer bigip vtep-values` says into cilium-config.
 */
import { isDeepStrictEqual } from 'node:util'
import type { BigIpStatus } from '../../lib/bigip/resource.ts'
import { vtepValues } from '../../lib/bigip/vtep-values.ts'
import type { KubeObject } from '../../lib/kube/object.ts'
import type { KubeApi } from '../kube/api.ts'
import { BIGIP, BIGIP_ADDRESS } from './bigip-topology.ts'
import { ciliumConfig, DUMMY_NODE, dummyNode } from './cni-objects.ts'
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
    if (this.#cni === 'flannel-vxlan' && this.#api.find('Node', DUMMY_NODE) === undefined)
      return [`there is no Node ${DUMMY_NODE}: the status of the BIGIP tells no MAC addresses`]
    if (this.#cni !== 'cilium') return []
    const { data } = this.#api.find('ConfigMap', 'cilium-config', 'kube-system') as { data?: object }
    return 'vtep-mac' in (data ?? {}) ? [] : ['cilium-config has no VTEP: the status of the BIGIP tells no MAC address']
  }

  #look({ metadata, ...object }: KubeObject): void {
    const [unit] = ((object['status'] ?? {}) as BigIpStatus).units ?? []
    if (metadata.name !== BIGIP || unit === undefined) return
    const { mac, mac6 } = unit.vtep ?? {}
    if (this.#cni === 'flannel-vxlan' && mac !== undefined && mac6 !== undefined)
      this.#put(dummyNode(BIGIP_ADDRESS, { ipv4: mac, ipv6: mac6 }))
    if (this.#cni !== 'cilium' || mac === undefined) return
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
