/** A device, a BIGIP object and a cluster for tests of modes: what is there, and what of it a test says otherwise. */

import type { DeviceFacts } from '../../../../lib/bigip/facts.ts'
import { cniOf, type Desire, desire, type ModeInput } from '../../../../lib/bigip/mode/index.ts'
import { parseBigIp } from '../../../../lib/bigip/resource.ts'
import type { Kind, Row } from '../../../../lib/bigip/row.ts'
import { clusterNetwork } from '../../../../lib/cni/cluster-network.ts'
import type { ClusterObjects } from '../../../../lib/cni/cluster-objects.ts'
import { podNetworks } from '../../../../lib/cni/pod-network.ts'
import type { PodView } from '../../../../lib/kube/object.ts'
import { objects } from '../../cni/objects.ts'

export function selfIP(name: string, address: string, more: Partial<Row<'self IP'>['fields']> = {}): Row<'self IP'> {
  return {
    kind: 'self IP',
    name,
    fields: {
      address,
      vlan: '/Common/internal',
      trafficGroup: '/Common/traffic-group-local-only',
      allowService: ['default'],
      ...more,
    },
  }
}

export const FLOATING = { trafficGroup: '/Common/traffic-group-1' }

/** A device on the nodes' VLAN, licensed for routing, with BGP in tmos mode. */
export function facts(more: Partial<DeviceFacts> = {}): DeviceFacts {
  return {
    version: '16.1.2',
    name: 'bigip-a.example',
    hostName: 'bigip-a.example',
    failoverState: 'active',
    peers: [],
    sync: { status: 'Standalone', mode: 'standalone', summary: '' },
    licensedRouting: true,
    routing: 'tmos',
    routeDomains: [{ id: 0, path: '/Common/0', protocols: [] }],
    partitions: new Map([['Common', 0]]),
    tunnelConfigSync: false,
    selfIPs: [selfIP('/Common/internal-self', '10.1.10.60/24'), selfIP('/Common/external-self', '192.0.2.60/24')],
    vlans: [{ path: '/Common/internal' }],
    virtualAddresses: [],
    virtualServers: [],
    snatPools: [],
    tunnelMacs: new Map(),
    ...more,
  } as DeviceFacts
}

/** Both families on the nodes' VLAN. */
export const DUAL = [
  selfIP('/Common/internal-self', '10.1.10.60/24'),
  selfIP('/Common/internal-self6', 'fd00:1:10::60/64'),
]

export interface Told {
  /** As a person writes it. */
  readonly spec?: object
  readonly facts?: Partial<DeviceFacts>
  readonly cluster?: Partial<ClusterObjects>
  readonly pods?: readonly PodView[]
  readonly unit?: number
  readonly more?: Partial<ModeInput>
}

export function inputOf({
  spec = {},
  facts: some = {},
  cluster = {},
  pods = [],
  unit = 0,
  more = {},
}: Told): ModeInput {
  const bigIp = parseBigIp({
    apiVersion: 'podpeer.io/v1alpha1',
    kind: 'BIGIP',
    metadata: { name: 'bigip' },
    spec: { units: [{ name: 'bigip-a', address: '192.0.2.10' }], ...spec },
  })
  return {
    spec: bigIp.spec,
    unit: bigIp.spec.units[unit]!,
    otherUnits: bigIp.spec.units.filter((_, at) => at !== unit).map(one => ({ spec: one })),
    identity: {
      clusterId: 'c1',
      partition: bigIp.spec.partition,
      ...(bigIp.spec.adopt === undefined ? {} : { adopt: bigIp.spec.adopt }),
    },
    network: clusterNetwork(objects(cluster), cniOf(bigIp.spec.mode)),
    pods: podNetworks(pods),
    facts: facts(some),
    bgp: { processes: [], findings: [] },
    ...more,
  }
}

export function desired(told: Told): Desire {
  return desire(inputOf(told))
}

export function of<K extends Kind>(kind: K, rows: readonly Row[]): Row<K>[] {
  return rows.filter(row => row.kind === kind) as unknown as Row<K>[]
}

/** `code of subject`, sorted. */
export function codes({ findings }: Pick<Desire, 'findings'>): string[] {
  return findings.map(({ code }) => code).sort()
}

/** `node: reason`, sorted. */
export function leftOut({ exclusions }: Pick<Desire, 'exclusions'>): string[] {
  return exclusions.map(({ name, reason }) => `${name}: ${reason}`).sort()
}
