/** BFD sessions as the control API shows them. Pure: what the sessions tell in, documents out. */
import { type BfdSessionConfig, type BfdSessionStatus, renderDiagnostic } from '../../bgp/index.ts'
import type { BfdSessionDocument, BfdStatus } from '../control/bfd-document.ts'
import type { Timestamp } from './peer-status.ts'

type WantedSession = BfdSessionConfig & { readonly strict: boolean }

export function bfdStatus(status: BfdSessionStatus, wanted: WantedSession, timestamp: Timestamp): BfdStatus {
  const { state, since, diagnostic, localDiscriminator, remote, lastDown } = status
  const { transmitInterval, detectionTime, ups, downs, sendError } = status
  return {
    state,
    since: timestamp(since),
    diagnostic: renderDiagnostic(diagnostic),
    multihop: wanted.multihop !== undefined,
    strict: wanted.strict,
    discriminator: localDiscriminator,
    ...(remote && {
      remote: {
        state: remote.state,
        diagnostic: renderDiagnostic(remote.diagnostic),
        discriminator: remote.discriminator,
        controlPlaneIndependent: remote.controlPlaneIndependent,
        demand: remote.demand,
      },
    }),
    transmitInterval,
    ...(detectionTime !== undefined && { detectionTime }),
    ups,
    downs,
    ...(lastDown && { lastDown: { at: timestamp(lastDown.at), reason: lastDown.reason } }),
    ...(sendError !== undefined && { sendError }),
  }
}

/** @param packets undefined: not counted */
export function bfdSession(
  status: BfdSessionStatus,
  wanted: WantedSession,
  packets: BfdSessionDocument['packets'] | undefined,
  timestamp: Timestamp,
): BfdSessionDocument {
  return {
    peer: status.name,
    address: wanted.remote.toString(),
    ...(wanted.interface !== undefined && { interface: wanted.interface }),
    ...bfdStatus(status, wanted, timestamp),
    packets: packets ?? { sent: 0, received: 0 },
  }
}
