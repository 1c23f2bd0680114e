/** What a device must hold so that it reaches every pod, by mode: one file per mode beside this one, chosen here. Pure. */
import type { ClusterNetwork, CniName } from '../../cni/network.ts'
import type { BigIpSpec } from '../resource.ts'
import type { Desire, ModeInput } from './desire.ts'

export type { Desire, ModeInput, OtherUnit, Published } from './desire.ts'

/** Costs a look-up for each node and pod that is the same value as before. Never throws for what objects or devices hold. */
export function desire(input: ModeInput): Desire {
  throw new Error(`not there yet: ${input.spec.mode}`)
}

/** Whether pods are part of what is wanted: their watch costs much, and most modes do without. */
export function needsPods(spec: BigIpSpec, network: ClusterNetwork): boolean {
  throw new Error(`not there yet: ${spec.mode} ${network.cni}`)
}

/** The CNI that a mode is for, to be told to `clusterNetwork`; undefined where it is to be detected. */
export function cniOf(mode: BigIpSpec['mode']): CniName | undefined {
  throw new Error(`not there yet: ${mode}`)
}
