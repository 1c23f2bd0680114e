/** A peer as the speaker shows it: configuration, session and counts of routes. Values only. */
import type { Address, Family } from '../lib/base/ip.ts'
import type { Peering } from './peering.ts'
import type { Rib, RibCounts } from './rib/rib.ts'
import type { SessionStatus } from './session/status.ts'
import type { SpeakerPeer } from './speaker-config.ts'

export interface PeerView {
  /** The peer's number in listings and explanations. */
  readonly number: number
  readonly config: SpeakerPeer
  /** The name of the range that it has come from; absent: it is configured. */
  readonly range?: string
  readonly session: SessionStatus
  readonly localAddress: Address | undefined
  readonly updatesSent: number
  readonly families: readonly PeerFamilyView[]
}

export interface PeerFamilyView extends RibCounts {
  readonly family: Family
  readonly endOfRib: { readonly sent: boolean; readonly received: boolean }
}

export function peerView(peering: Peering, range: string | undefined, rib: Rib): PeerView {
  const { number, config, status, channel, updatesSent, endOfRib } = peering
  return {
    number,
    config,
    ...(range !== undefined && { range }),
    session: status,
    localAddress: channel?.local,
    updatesSent,
    families: config.families.map(family => ({
      family,
      endOfRib: { sent: endOfRib.sent.has(family), received: endOfRib.received.has(family) },
      ...rib.counts(number, family),
    })),
  }
}
