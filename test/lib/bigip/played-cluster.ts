/** Rows that modes would want of small clusters: enough of each shape for tests of the engine. */
import { type Identity, ownName, tagged } from '../../../lib/bigip/ownership.ts'
import type { Row } from '../../../lib/bigip/row.ts'

export interface PlayedNode {
  /** 1 to 200: its pod network is 10.244.ID.0/24. */
  readonly id: number
  /** Changes when the node is made again. */
  readonly life: number
  readonly pods: number
}

export type Shape = 'arp pod' | 'arp node' | 'host-gw' | 'shared tunnel'

export const UNDERLAY: Row = {
  kind: 'self IP',
  name: '/Common/external-self',
  fields: { address: '10.1.10.60/24', vlan: '/Common/external', allowService: ['default'] },
}

/** Of a person's making, with records of others. */
export const SHARED_TUNNEL: readonly Row[] = [
  { kind: 'vxlan profile', name: '/Common/vxlan', fields: { floodingType: 'multicast', port: 4789 } },
  {
    kind: 'tunnel',
    name: '/Common/fl-tunnel',
    fields: { profile: '/Common/vxlan', key: 7, localAddress: '10.1.10.60' },
  },
]

/** @param base second octet of the pod network, so that two clusters can be told apart */
export function rowsOf(identity: Identity, shape: Shape, nodes: readonly PlayedNode[], base = 244): Row[] {
  const name = (rest: string) => ownName(identity, rest)
  const description = tagged(identity)
  const shared = shape === 'shared tunnel'
  const tunnel = shared ? '/Common/fl-tunnel' : name('flannel')
  const records = nodes.map(
    (node): Row => ({
      kind: 'FDB record',
      parent: tunnel,
      name: macOf(node, base),
      fields: { endpoint: `10.1.10.${node.id}` },
    }),
  )
  const neighbor = (address: string, node: PlayedNode): Row => ({
    kind: 'ARP',
    name: name(address),
    description,
    fields: { ipAddress: address, macAddress: macOf(node, base) },
  })
  const pods = nodes.flatMap(node =>
    Array.from({ length: node.pods }, (_, at) => neighbor(`10.${base}.${node.id}.${at + 2}`, node)),
  )
  const routes = nodes.map(
    ({ id }): Row => ({
      kind: 'route',
      name: name(`10.${base}.${id}.0-24`),
      description,
      fields: {
        network: `10.${base}.${id}.0/24`,
        gateway: shape === 'host-gw' ? `10.1.10.${id}` : `10.${base}.${id}.1`,
      },
    }),
  )
  const gateways = nodes.map(node => neighbor(`10.${base}.${node.id}.1`, node))
  const overlay: Row[] = [
    { kind: 'vxlan profile', name: name('flannel'), description, fields: { floodingType: 'none', port: 8472 } },
    {
      kind: 'tunnel',
      name: tunnel,
      description,
      fields: { profile: name('flannel'), key: base, localAddress: '10.1.10.60' },
    },
    {
      kind: 'self IP',
      name: name('flannel'),
      description,
      fields: { address: `10.${base}.255.1/16`, vlan: tunnel, allowService: ['none'] },
    },
  ]
  switch (shape) {
    case 'arp pod':
      return [...overlay, ...records, ...pods]
    case 'arp node':
      return [...overlay, ...records, ...gateways, ...routes]
    case 'host-gw':
      return routes
    case 'shared tunnel':
      return [...records, ...pods]
  }
}

function macOf({ id, life }: PlayedNode, base: number): string {
  const octets = [0x0a, base, 0, life, 0, id]
  return octets.map(octet => octet.toString(16).padStart(2, '0')).join(':')
}
