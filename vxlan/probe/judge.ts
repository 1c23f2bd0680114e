/** What measurements of a tunnel mean, in words, and what to do. Pure. */
import type { Address, Family } from '../../lib/base/ip.ts'
import { OVERHEAD } from '../device.ts'
import type { Answer } from './echo.ts'
import type { PathMtu } from './path-mtu.ts'

/** Echo requests of one sort. */
export interface EchoSeries {
  readonly sent: number
  readonly received: number
  /** Milliseconds, of those that were answered. */
  readonly roundTrip: { readonly least: number; readonly median: number; readonly most: number } | undefined
  /** What became of the last one that was not answered. */
  readonly trouble: Exclude<Answer, { type: 'reply' }> | undefined
}

export interface Measurements {
  readonly endpoint: Address
  readonly selfIP: Address
  readonly device: string
  readonly deviceMtu: number
  readonly port: number
  /** To the VTEP's address, outside the tunnel. */
  readonly outer: EchoSeries
  /** Of the way to the endpoint; undefined: it answers no echo requests, so that it could not be measured. */
  readonly pathMtu: PathMtu | undefined
  /** To the self IP, inside the tunnel; undefined: the node has no address to ask from. */
  readonly inner: EchoSeries | undefined
  /** One inside the tunnel, as large as the device takes; undefined: small ones are not answered either. */
  readonly full: Answer | undefined
  /** A VXLAN packet of this node was refused on the way. */
  readonly udpRefused: { readonly reason: string; readonly from: Address } | undefined
  /** UDP packets that this node dropped meanwhile for their checksum. */
  readonly checksumDrops: number
  /** What the node's own rows lack, in words. */
  readonly missingRows: readonly string[]
}

export interface ProbeVerdict {
  /** Stable: `healthy`, `rows`, `underlay`, `port-refused`, `checksum`, `inner`, `loss`, `path-mtu`. */
  readonly code: string
  readonly healthy: boolean
  /** A sentence with what to do. */
  readonly sentence: string
}

export function judgeProbe(measured: Measurements): ProbeVerdict {
  const [missing] = measured.missingRows
  if (missing !== undefined) return fault('rows', `this node's own rows are not in place: ${missing}`)
  const { inner, outer } = measured
  if (inner === undefined) return judgeOutside(measured)
  if (inner.received === 0) return judgeSilence(measured, inner)
  const narrow = judgeSize(measured)
  if (narrow !== undefined) return narrow
  if (inner.received < inner.sent) {
    const where =
      outer.received === 0
        ? ''
        : outer.received < outer.sent
          ? ': the underlay loses packets'
          : ': the underlay loses none'
    return fault('loss', lost(inner, 'inside') + where)
  }
  return healthy(`${measured.selfIP} answers inside the tunnel, full-size packets too`)
}

/** Where that is all that can be asked. */
function judgeOutside(measured: Measurements): ProbeVerdict {
  const { endpoint, selfIP, outer } = measured
  if (outer.received === 0) return fault('underlay', underlay(endpoint, outer, ', outside the tunnel'))
  const narrow = judgeSize(measured)
  if (narrow !== undefined) return narrow
  if (outer.received < outer.sent) return fault('loss', lost(outer, 'outside'))
  return healthy(
    `${endpoint} answers outside the tunnel; inside the node has no address to ask from: ping ${selfIP} from a pod`,
  )
}

function lost({ sent, received }: EchoSeries, where: string): string {
  return `${Math.round((100 * (sent - received)) / sent)} % of ${sent} pings ${where} the tunnel were lost`
}

function healthy(sentence: string): ProbeVerdict {
  return { code: 'healthy', healthy: true, sentence }
}

/** Nothing comes back through the tunnel. */
function judgeSilence(
  { endpoint, selfIP, port, device, outer, ...measured }: Measurements,
  inner: EchoSeries,
): ProbeVerdict {
  const { udpRefused, checksumDrops } = measured
  if (udpRefused !== undefined)
    return fault(
      'port-refused',
      `${udpRefused.from} refuses UDP port ${port} (${udpRefused.reason}): ${
        udpRefused.from.equals(endpoint)
          ? "BIG-IP has no tunnel with this port at this address: compare the profile's port and the tunnel's local address"
          : 'let it through the firewall there'
      }`,
    )
  if (checksumDrops > 0)
    return fault(
      'checksum',
      `this node dropped ${checksumDrops} UDP packets for their checksum meanwhile: over IPv6, ${device} has to be made with udp6zerocsumrx; else the network card's offloading is at fault`,
    )
  if (outer.received === 0)
    return fault('underlay', underlay(endpoint, outer, inner.sent > 0 ? ', outside and inside the tunnel' : ''))
  return fault(
    'inner',
    `${endpoint} answers, but ${selfIP} inside the tunnel does not: UDP port ${port} is filtered on the way, or BIG-IP lacks this node's record, neighbour or self IP (podpeer bigip status; tcpdump -ni any udp port ${port})`,
  )
}

function underlay(endpoint: Address, { trouble }: EchoSeries, where: string): string {
  if (trouble?.type === 'unsendable')
    return `packets to ${endpoint} cannot be sent: ${trouble.reason}: mend the node's routes`
  if (trouble?.type === 'unreachable')
    return `${trouble.from} says that ${endpoint} cannot be reached (${trouble.reason}): mend the network between`
  return `${endpoint} does not answer${where}: the network between drops the packets, or BIG-IP is not there`
}

function judgeSize({ device, deviceMtu, endpoint, pathMtu, full }: Measurements): ProbeVerdict | undefined {
  const overhead = OVERHEAD[endpoint.family]
  if (pathMtu?.mtu !== undefined && pathMtu.mtu < deviceMtu + overhead)
    return fault('path-mtu', pathTooNarrow(device, deviceMtu, pathMtu.mtu, endpoint.family))
  if (full === undefined || full.type === 'reply') return undefined
  return fault(
    'path-mtu',
    `packets of ${deviceMtu} octets, as ${device} takes them, do not come back through the tunnel: set the MTU of BIG-IP's tunnel to ${deviceMtu}, and look for a link on the way that takes less than ${deviceMtu + overhead}`,
  )
}

function pathTooNarrow(device: string, deviceMtu: number, mtu: number, family: Family): string {
  return `path MTU ${mtu}: set the tunnel MTU to ${mtu - OVERHEAD[family]} (${device} has ${deviceMtu}, and VXLAN over IPv${family} adds ${OVERHEAD[family]})`
}

function fault(code: string, sentence: string): ProbeVerdict {
  return { code, healthy: false, sentence }
}
