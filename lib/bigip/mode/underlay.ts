/**
 * Pods with addresses of the network that the device is in already (aws-cni, and others whose mode is underlay): the device needs
 * no object at all. What is ours from another mode goes.
 */
import type { Answer, ModeInput } from './desire.ts'

export function underlay({ network, unit, spec }: ModeInput): Answer {
  const remedy =
    spec.mode === 'aws-cni' || network.cni === 'aws-cni'
      ? "let the nodes' security groups take the device's self IPs, turn off the source/destination check of its interfaces, and route the VPC's subnets to it"
      : 'see that the network between routes pod addresses, and that it lets the device in'
  return {
    rows: [],
    findings: [
      {
        code: 'underlay',
        severity: 'note',
        subject: `unit ${unit.name}`,
        cause: 'pods have addresses of the underlay, which routes them: nothing is set up on the device',
        remedy,
      },
    ],
    exclusions: [],
    served: network.nodes.length,
  }
}
