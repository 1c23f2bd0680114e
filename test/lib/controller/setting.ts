/** What tests of the controller begin with: a device, its object, a cluster of a few nodes. */
import { type FixedNode, fixedBigIps, type KubeObject } from '../../../lib/index.ts'
import type { BigIp } from '../../bigip/big-ip.ts'

export function node(number: number): FixedNode {
  return { name: `node-${number}`, addresses: [`10.1.10.${number}`], podCIDRs: [`10.244.${number}.0/24`] }
}

/** A BIGIP object of mode static for this device. */
export function bigIpFor(device: Pick<BigIp, 'url'>, spec: object = {}): KubeObject {
  return {
    apiVersion: 'podpeer.io/v1alpha1',
    kind: 'BIGIP',
    metadata: { name: 'bigip' },
    spec: { cluster: 'c1', mode: 'static', units: [{ name: 'bigip-a', address: device.url }], ...spec },
  }
}

export function bigIpsFor(device: Pick<BigIp, 'url'>, spec: object = {}) {
  return fixedBigIps([bigIpFor(device, spec)])
}
