/** What an agent says of an overlay with a pair of BIG-IPs: one answers, of the other a row is in conflict. */
import type { ProbeStatus, VtepStatus, VxlanStatus } from '../../../daemon/control/overlay-document.ts'

const SINCE = '2026-11-21T06:57:00.000Z'

function vtep(letter: 'a' | 'b', number: number): VtepStatus {
  const selfIP = `10.244.25${number}.1`
  return {
    name: `bigip/bigip-${letter}`,
    endpoint: `10.0.1.25${number}`,
    mac: `02:00:00:00:00:0${number}`,
    selfIP,
    subnets: [`10.244.25${number}.0/24`],
    standby: letter === 'b',
    rows: [
      {
        kind: 'neighbor',
        key: selfIP,
        content: `lladdr 02:00:00:00:00:0${number}`,
        status: 'installed',
        since: SINCE,
        repairs: 0,
      },
      {
        kind: 'fdb',
        key: `02:00:00:00:00:0${number}`,
        content: `dst 10.0.1.25${number}`,
        status: 'installed',
        since: SINCE,
        repairs: 1,
        lastRepair: SINCE,
      },
    ],
  }
}

const [A, B] = [vtep('a', 4), vtep('b', 3)]
const CONFLICT = {
  kind: 'route',
  key: '10.244.253.0/24',
  content: 'via 10.244.253.1 dev flannel.1',
  status: 'conflict',
  reason: 'somebody else has put "blackhole" there',
  repairs: 0,
} as const

export const VXLAN: VxlanStatus = {
  overlays: [
    {
      family: 'ipv4',
      vni: 1,
      port: 8472,
      device: { name: 'flannel.1', mtu: 1450, mac: '02:00:00:00:00:01', localAddress: '10.0.1.1' },
      faults: [{ code: 'learning', sentence: 'flannel.1 learns where MAC addresses are', harmless: true }],
      vteps: [
        { ...A, health: { sent: 30, lost: 3, lastRoundTrip: 0.5123, roundTrip: 0.4871 } },
        { ...B, rows: [...B.rows, CONFLICT], health: { sent: 2, lost: 2, reason: 'no answer' } },
      ],
    },
  ],
  rows: { wanted: 5, actual: 4, drift: 1, conflicts: 1, repairs: 2 },
}

export const PROBES: readonly ProbeStatus[] = [
  {
    vtep: 'bigip/bigip-a',
    family: 'ipv4',
    standby: false,
    healthy: false,
    code: 'path-mtu',
    finding: 'path MTU 1450: set the tunnel MTU to 1400',
    means: 'raw-socket',
    outer: { sent: 5, received: 5, roundTrip: { least: 0.1, median: 0.2, most: 0.3 } },
    inner: { sent: 5, received: 5, roundTrip: { least: 0.2, median: 0.3, most: 0.4 } },
    pathMtu: 1450,
    device: { name: 'flannel.1', mtu: 1450 },
  },
  { vtep: 'bigip/bigip-b', family: 'ipv4', standby: true, healthy: false, code: 'inner', finding: 'it is silent' },
]
