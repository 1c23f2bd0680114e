/**
 * What the agents of all nodes are told: one file.
 * Pure: values in, YAML out. The nodes' file shows each way to say what differs per node: the AS
 * number is an annotation of the Node, the router's addresses stand in a section chosen by its zone label, and only
 * where the process keeps its files, which it must know before it knows its Node, is chosen by name.
 */
import { stringify } from 'yaml'
import { ZONE_LABEL } from './node-objects.ts'
import { FAMILIES, ROUTER_AS, type Topology } from './topology.ts'

/** Short, for a lab is watched; no shorter, for its machine is shared. Seconds. */
export const TIMERS = { holdTime: 15, keepaliveTime: 5, connectRetryTime: 1 }
export const RESTART_TIME = 60
export const ROUTER_ID = '198.51.100.254'

export interface ProcessFiles {
  readonly state: string
  readonly socket: string
}

/** @param fileOf where the process on a node keeps its files: one machine plays them all */
export function agentsConfig(topology: Topology, kubeconfig: string, fileOf: (node: string) => ProcessFiles): string {
  return stringify({
    kubernetes: { kubeconfig },
    announce: { podCIDRs: true },
    // no CNI carries pod-to-pod traffic here, so that the other nodes' pods are learned, too
    import: { allow: FAMILIES.flatMap(family => [...topology.outside[family], topology.podRange[family]]) },
    gracefulRestart: { enabled: true, restartTime: RESTART_TIME },
    peers: FAMILIES.map(family => ({ name: `router-${family}`, asNumber: ROUTER_AS, families: [family], ...TIMERS })),
    nodes: topology.nodes.flatMap(node => {
      const { state, socket } = fileOf(node.name)
      const addresses = FAMILIES.map(family => ({ name: `router-${family}`, address: node.router[family] }))
      return [
        { selector: { names: [node.name] }, state, control: { socket } },
        { selector: { matchLabels: { [ZONE_LABEL]: node.segment } }, peers: addresses },
      ]
    }),
  })
}

/** In a lab with a BIG-IP: AS numbers are annotations, and the peer comes from the status of the BIGIP object. */
export function bigIpAgentsConfig(
  topology: Topology,
  kubeconfig: string,
  fileOf: (node: string) => ProcessFiles,
): string {
  return stringify({
    kubernetes: { kubeconfig },
    announce: { podCIDRs: true },
    // no CNI carries pod-to-pod traffic here, so that the other nodes' pods are learned, too
    import: { allow: FAMILIES.map(family => topology.podRange[family]) },
    gracefulRestart: { enabled: true, restartTime: RESTART_TIME },
    nodes: topology.nodes.map(({ name }) => {
      const { state, socket } = fileOf(name)
      return { selector: { names: [name] }, state, control: { socket } }
    }),
  })
}
