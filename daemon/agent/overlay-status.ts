/** The overlay's side of the control API: what is kept, as documents, and the probing of VTEPs. */
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import { macText } from '../../lib/base/mac.ts'
import { hostPrefix } from '../../lib/base/prefix.ts'
import type { RowState } from '../../lib/linux/overlay/plan.ts'
import { type OverlayRow, rowContent, rowKey } from '../../lib/linux/overlay/row.ts'
import { OVERHEAD } from '../../vxlan/device.ts'
import type { HealthView } from '../../vxlan/probe/health.ts'
import type { EchoSeries } from '../../vxlan/probe/judge.ts'
import type { Vtep } from '../../vxlan/vtep.ts'
import type { FamilyName } from '../control/document.ts'
import type {
  EchoStatus,
  OverlayStatus,
  ProbeStatus,
  RowStatus,
  VtepHealthStatus,
  VxlanStatus,
} from '../control/overlay-document.ts'
import type { CarriedOverlay, OverlayKeeper } from './overlay-keeper.ts'
import type { AgentWorld } from './world.ts'

/** @param timestamp of a moment on the clock of `performance` */
export function vxlanStatus(keeper: OverlayKeeper, timestamp: (moment: number) => string): VxlanStatus {
  const { states } = keeper
  const count = (...statuses: RowState['status'][]) => states.filter(({ status }) => statuses.includes(status)).length
  const actual = count('installed', 'served')
  return {
    overlays: keeper.overlays.map(carried => overlayStatus(carried, keeper, states, timestamp)),
    rows: {
      wanted: states.length,
      actual,
      drift: states.length - actual,
      conflicts: count('conflict'),
      repairs: keeper.counts?.repairs ?? 0,
    },
  }
}

function overlayStatus(
  carried: CarriedOverlay,
  keeper: OverlayKeeper,
  states: readonly RowState[],
  timestamp: (moment: number) => string,
): OverlayStatus {
  const { overlay, vteps, device, faults } = carried
  const { local } = device?.vxlan ?? {}
  return {
    family: familyName(overlay.family),
    vni: overlay.vni,
    port: overlay.port,
    ...(device !== undefined && {
      device: {
        name: device.link.name,
        mtu: device.link.mtu,
        mac: macText(device.link.mac),
        ...(local !== undefined && { localAddress: local.toString() }),
      },
    }),
    faults: faults.map(({ code, sentence, harmless = false }) => ({ code, sentence, harmless })),
    ...(keeper.answers && {
      answers: states
        .filter(({ row }) => row.kind === 'proxy' && row.device === device?.link.name)
        .map(state => rowStatus(state, timestamp)),
    }),
    vteps: vteps.map(vtep => {
      const health = keeper.healthOf(carried, vtep)
      return {
        name: vtep.name,
        endpoint: vtep.endpoint.toString(),
        mac: vtep.mac,
        selfIP: vtep.selfIP.toString(),
        subnets: vtep.subnets.map(String),
        standby: vtep.standby,
        rows: statesOf(vtep, states).map(state => rowStatus(state, timestamp)),
        ...(health !== undefined && { health: { ...healthStatus(health), ...(overlay.own && { outside: true }) } }),
      }
    }),
  }
}

/** Of what is wanted those that lead to it: what another unit has as well is with the one that serves. */
function statesOf({ mac, endpoint, selfIP, subnets }: Vtep, states: readonly RowState[]): RowState[] {
  return states.filter(({ row }) => {
    if (row.kind === 'fdb') return row.mac === mac && row.endpoint.equals(endpoint)
    if (row.kind === 'rule') return [hostPrefix(selfIP), ...subnets].some(prefix => prefix.equals(row.to))
    return (
      (row.kind === 'neighbor' && row.address.equals(selfIP)) || (row.kind === 'route' && row.gateway.equals(selfIP))
    )
  })
}

function rowStatus(
  { row, status, reason, repairs, installedAt, repairedAt }: RowState,
  timestamp: (moment: number) => string,
): RowStatus {
  return {
    kind: row.kind,
    key: shortKey(row),
    content: rowContent(row),
    status,
    ...(reason !== '' && { reason }),
    ...(installedAt !== undefined && { since: timestamp(installedAt) }),
    repairs,
    ...(repairedAt !== undefined && { lastRepair: timestamp(repairedAt) }),
  }
}

function shortKey(row: OverlayRow): string {
  switch (row.kind) {
    case 'route':
      return row.prefix.toString()
    case 'rule':
      return row.to.toString()
    case 'fdb':
      return row.mac
    case 'neighbor':
    case 'proxy':
      return row.address.toString()
  }
}

function healthStatus({ sent, lost, last, median, reason }: HealthView): VtepHealthStatus {
  return {
    sent,
    lost,
    ...(last !== undefined && { lastRoundTrip: rounded(last) }),
    ...(median !== undefined && { roundTrip: rounded(median) }),
    ...(reason !== undefined && { reason }),
  }
}

/** @param name undefined: all of them */
export async function probeVteps(
  keeper: OverlayKeeper,
  name: string | undefined,
  world: Pick<AgentWorld, 'probe'>,
): Promise<ProbeStatus[]> {
  const chosen = keeper.overlays.flatMap(carried =>
    carried.vteps.filter(vtep => name === undefined || vtep.name === name).map(vtep => ({ carried, vtep })),
  )
  return await Promise.all(chosen.map(({ carried, vtep }) => probe(keeper, carried, vtep, world)))
}

async function probe(
  keeper: OverlayKeeper,
  { device, faults, overlay }: CarriedOverlay,
  vtep: Vtep,
  world: Pick<AgentWorld, 'probe'>,
): Promise<ProbeStatus> {
  const subject = { vtep: vtep.name, family: familyName(vtep.family), standby: vtep.standby }
  if (device === undefined) {
    const finding = faults.find(({ harmless }) => !harmless)?.sentence ?? 'no device carries the tunnel'
    return { ...subject, healthy: false, code: 'device', finding }
  }
  const { name, mtu } = device.link
  const missingRows = statesOf(vtep, keeper.states).flatMap(({ row, status, reason }) =>
    status === 'installed' || status === 'served' ? [] : `${rowKey(row)}: ${reason || status}`,
  )
  try {
    const underlayMtu = keeper.underlayMtu(vtep.endpoint) ?? mtu + OVERHEAD[vtep.endpoint.family]
    const result = await world.probe({
      vtep,
      device: name,
      deviceMtu: mtu,
      underlayMtu,
      port: overlay.port,
      missingRows,
      ...(overlay.own && { outside: true }),
    })
    const { verdict, means, outer, inner, pathMtu } = result
    return {
      ...subject,
      healthy: verdict.healthy,
      code: verdict.code,
      finding: verdict.sentence,
      means,
      outer: echoStatus(outer),
      ...(inner !== undefined && { inner: echoStatus(inner) }),
      ...(pathMtu?.mtu !== undefined && { pathMtu: pathMtu.mtu }),
      device: { name, mtu },
    }
  } catch (thrown) {
    if (!(thrown instanceof WorldFault)) throw thrown
    return { ...subject, healthy: false, code: 'unable', finding: reasonOf(thrown) }
  }
}

function echoStatus({ sent, received, roundTrip }: EchoSeries): EchoStatus {
  if (roundTrip === undefined) return { sent, received }
  const { least, median, most } = roundTrip
  return { sent, received, roundTrip: { least: rounded(least), median: rounded(median), most: rounded(most) } }
}

/** To microseconds. */
function rounded(milliseconds: number): number {
  return Math.round(1000 * milliseconds) / 1000
}

function familyName(family: 4 | 6): FamilyName {
  return family === 4 ? 'ipv4' : 'ipv6'
}
