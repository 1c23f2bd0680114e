/** Mode `auto`: from the pod network that was detected, and from what the device can do. Says why; where it cannot tell, it says so. */
import type { ClusterNetwork, CniName } from '../../cni/network.ts'
import type { DeviceFacts } from '../facts.ts'
import type { Mode } from '../resource.ts'

export interface ModeChoice {
  /** Undefined: nobody can tell. */
  readonly mode?: Mode
  /** A sentence. */
  readonly because: string
  /** What to do where there is no mode. */
  readonly remedy?: string
}

const MODE_OF_CNI: { readonly [C in CniName]: (network: ClusterNetwork) => Mode | { readonly remedy: string } } = {
  flannel: ({ backend }) => {
    if (backend === 'vxlan') return 'flannel-vxlan'
    if (backend === 'host-gw') return 'flannel-host-gw'
    return { remedy: `flannel's backend is ${backend ?? 'not known'}: write spec.mode (bgp or static serve most)` }
  },
  calico: () => 'calico-bgp',
  cilium: ({ backend }) => {
    if (backend === 'vxlan') return 'cilium-vxlan'
    if (backend === 'native') return 'cilium-bgp'
    if (backend === 'underlay') return 'underlay'
    return {
      remedy:
        backend === undefined
          ? 'ConfigMap kube-system/cilium-config is not there to tell how Cilium routes: write spec.mode (cilium-vxlan, cilium-bgp or static)'
          : `Cilium's tunnel protocol is ${backend}: set tunnel-protocol vxlan or routing-mode native, or write spec.mode`,
    }
  },
  'ovn-kubernetes': () => 'static',
  'aws-cni': () => 'aws-cni',
  antrea: () => 'static',
  'kube-router': () => 'static',
  unknown: () => ({ remedy: 'write spec.mode' }),
}

/** @param spec the mode that a person wrote, which is not questioned */
export function chooseMode(
  spec: Mode | 'auto',
  network: ClusterNetwork,
  { licensedRouting }: Pick<DeviceFacts, 'licensedRouting'>,
): ModeChoice {
  if (spec !== 'auto') return { mode: spec, because: 'spec.mode says so' }
  const { cni, detectedFrom, backend } = network
  const chosen = MODE_OF_CNI[cni](network)
  const told =
    cni === 'unknown'
      ? detectedFrom
      : `the CNI is ${cni}${backend === undefined ? '' : ` (${backend})`}, ${detectedFrom}`
  if (typeof chosen !== 'string') return { because: told, remedy: chosen.remedy }
  if ((chosen === 'calico-bgp' || chosen === 'cilium-bgp') && !licensedRouting)
    return {
      mode: 'static',
      because: `${told}; the device is not licensed for dynamic routing, so that static routes take the place of ${chosen}`,
    }
  return { mode: chosen, because: told }
}

/** The CNI that a mode is for, to be told to `clusterNetwork`; undefined where it is to be detected. */
export function cniOf(mode: Mode | 'auto'): CniName | undefined {
  if (mode === 'flannel-vxlan' || mode === 'flannel-host-gw') return 'flannel'
  if (mode === 'cilium-vxlan' || mode === 'cilium-bgp') return 'cilium'
  if (mode === 'calico-bgp') return 'calico'
  return mode === 'aws-cni' ? 'aws-cni' : undefined
}
