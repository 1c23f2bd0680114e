/**
 * The controller library, `import … from 'podpeer'`: a controller out of parts, of which each may be one's own, and the parts
 * that `podpeer controller` is made of.
 */

export { InputFault, WorldFault } from './base/failure.ts'
export { Address, type Family, parseAddress } from './base/ip.ts'
export { Prefix, parsePrefix } from './base/prefix.ts'
export { BigIpClient, type BigIpClientOptions, type CallReport } from './bigip/client.ts'
export type { DeviceEvent, DeviceStatus, Outcome } from './bigip/device.ts'
export type { DeviceFacts } from './bigip/facts.ts'
export { DeviceFault, type DeviceFaultCode } from './bigip/fault.ts'
export type { Exclusion, Finding } from './bigip/finding.ts'
export { type Desire, desire, type ModeInput, type Published } from './bigip/mode/index.ts'
export type { Operation } from './bigip/operation.ts'
export { type Identity, ownName, tagged } from './bigip/ownership.ts'
export type { Counts, Plan } from './bigip/plan.ts'
export type { Allowance, DeletionCap, Refusal } from './bigip/refusal.ts'
export {
  type BigIp,
  type BigIpSettings,
  type BigIpSpec,
  type BigIpStatus,
  judgeBigIp,
  parseBigIp,
  type UnitSpec,
} from './bigip/resource.ts'
export { bigIpDefinition } from './bigip/resource-definition.ts'
export type { Kind, Row, RowFields } from './bigip/row.ts'
export type { ClusterNetwork, CniName, NodeNetwork, PodNetwork } from './cni/network.ts'
export { type BigIpSource, fixedBigIps, KubeBigIps } from './controller/bigip-source.ts'
export { type ClusterSource, KubeCluster } from './controller/cluster-source.ts'
export { Controller, type ControllerParts, type Selection, type UnitResult } from './controller/controller.ts'
export type { ControllerEvents } from './controller/event.ts'
export { type FixedCluster, type FixedClusterSource, type FixedNode, fixedCluster } from './controller/fixed-cluster.ts'
export type { Login, LoginSource } from './controller/login.ts'
export type { BigIpReport, UnitReport } from './controller/status.ts'
export { ApiFault } from './kube/api-fault.ts'
export { KubeClient } from './kube/client.ts'
export { Collections } from './kube/collection.ts'
export type { KubeObject } from './kube/object.ts'
export { KubeWriter } from './kube/writer.ts'
