/**
 * What the lab's podpeer processes are told: one file for the agents of all nodes, and one for podpeer as the router.
 * Pure: values in, YAML out. Rules: the nodes' file holds no value that could come from the Node object, and what
 * differs per node stands in a section chosen by the node's zone label.
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
    nodes: topology.nodes.map(node => {
      const { state, socket } = fileOf(node.name)
      return {
        selector: { matchLabels: { [ZONE_LABEL]: node.segment } },
        state,
        control: { socket },
        peers: FAMILIES.map(family => ({
          name: `router-${family}`,
          address: node.router[family],
          asNumber: ROUTER_AS,
          families: [family],
          ...TIMERS,
        })),
      }
    }),
  })
}

/** @param gracefulRestart whether the router helps a peer that restarts */
export function routerConfig(topology: Topology, files: ProcessFiles, gracefulRestart: boolean): string {
  return stringify({
    node: 'router',
    asNumber: ROUTER_AS,
    routerId: ROUTER_ID,
    kubernetes: { enabled: false },
    announce: { prefixes: FAMILIES.flatMap(family => topology.routerPrefixes[family]) },
    gracefulRestart: { enabled: gracefulRestart, restartTime: RESTART_TIME },
    state: files.state,
    control: { socket: files.socket },
    peers: topology.nodes.flatMap(node =>
      FAMILIES.map(family => ({
        name: `${node.name}-${family}`,
        address: node.address[family],
        asNumber: node.asNumber,
        families: [family],
        import: 'accept',
        export: 'accept',
        gracefulRestart: { enabled: gracefulRestart, restartTime: RESTART_TIME },
        ...TIMERS,
      })),
    ),
  })
}
