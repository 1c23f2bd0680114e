/**
 * The network of a lab with a BIG-IP, as a value: one VLAN with all nodes on it, as in the guides, one with the client, and
 * the place of the controller with the way to the BIG-IP's management. Pure. Rules: BIG-IP's own addresses are not here but
 * in its configuration; no node has a static route to pods. Nodes send answers to the client, and without BGP also
 * what is for a VIP, to BIG-IP as their gateway; so it is in most data centres, and it is no part of what podpeer does.
 *
 * ```
 * client ── bigip ─┬─ node-1 ─┬─ pod-1-1        controller ── management of bigip
 *       VLAN client│          └─ pod-1-2
 *                  └─ node-2 ─── …              VLAN external: 10.0.1.0/24, bigip is .254
 * ```
 */
import {
  type Cable,
  CLIENT_GATEWAY,
  CLIENT_RANGE,
  clientCable,
  FAMILIES,
  hostPrefixes,
  type LabNode,
  type PerFamily,
  planNodes,
  podCable,
  SURROUNDINGS,
  type Topology,
  VIP_RANGE,
} from './topology.ts'

export const BIGIP = 'bigip'
export const CONTROLLER = 'controller'
/** Of BIG-IP in VLAN external; nodes are .1, .2 … */
export const BIGIP_ADDRESS: PerFamily = { ipv4: '10.0.1.254', ipv6: 'fd00:10:0:1::fe' }
const EXTERNAL_LENGTH = { ipv4: 24, ipv6: 64 }
/** RFC 5737: where the controller finds iControl REST. */
export const MANAGEMENT = { address: '192.0.2.10', port: 443 }

/** As the stand-in takes them: VLANs with BIG-IP's addresses. */
export const BIGIP_NETWORKS = [
  {
    vlan: 'external',
    selfIPs: FAMILIES.map(family => `${BIGIP_ADDRESS[family]}/${EXTERNAL_LENGTH[family]}`),
    allowService: ['default', 'tcp:179'],
  },
  { vlan: 'client', selfIPs: [`${CLIENT_GATEWAY.ipv4}/24`, `${CLIENT_GATEWAY.ipv6}/64`] },
]

/** @param vipByBgp whether nodes are told by BGP where VIPs are @throws InputFault */
export function planBigIpTopology(nodeCount: number, vipByBgp: boolean): Topology {
  const nodes = planNodes(nodeCount, index => ({
    segment: 'external',
    address: { ipv4: `10.0.1.${index}`, ipv6: `fd00:10:0:1::${index.toString(16)}` },
    router: BIGIP_ADDRESS,
  }))
  return {
    ...SURROUNDINGS,
    centre: BIGIP,
    places: [
      { name: BIGIP, forwards: true, loopback: [], vlans: BIGIP_NETWORKS.map(({ vlan }) => vlan) },
      { name: CONTROLLER, forwards: false, loopback: [`${MANAGEMENT.address}/32`] },
      { name: 'client', forwards: false, loopback: [] },
      ...nodes.flatMap(node => [
        { name: node.name, forwards: true, loopback: [] },
        ...node.pods.map(pod => ({ name: pod.name, forwards: false, loopback: [] })),
      ]),
    ],
    cables: [
      clientCable({ place: BIGIP, device: 'port-client', vlan: 'client', addresses: [], routes: [] }),
      ...nodes.flatMap(node => [nodeCable(node, vipByBgp), ...node.pods.map(pod => podCable(node, pod))]),
    ],
    nodes,
    routerPrefixes: {
      ipv4: [hostPrefixes(SURROUNDINGS.vip)[0]!],
      ipv6: [hostPrefixes(SURROUNDINGS.vip)[1]!],
    },
  }
}

function nodeCable(node: LabNode, vipByBgp: boolean): Cable {
  return {
    ends: [
      { place: BIGIP, device: node.name, vlan: 'external', addresses: [], routes: [] },
      {
        place: node.name,
        device: 'eth0',
        addresses: FAMILIES.map(family => `${node.address[family]}/${EXTERNAL_LENGTH[family]}`),
        routes: FAMILIES.flatMap(family =>
          [CLIENT_RANGE[family], ...(vipByBgp ? [] : [VIP_RANGE[family]])].map(prefix => ({
            prefix,
            via: BIGIP_ADDRESS[family],
          })),
        ),
      },
    ],
  }
}
