/** One peer as the control API shows it. Pure: speaker and configuration in, document out. */
import type { PeerView } from '../../bgp/index.ts'
import { addressOfUint32 } from '../../lib/base/ip.ts'
import type { EffectivePeer } from '../config/index.ts'
import type { BfdStatus } from '../control/bfd-document.ts'
import type { PeerFamilyStatus, PeerStatus } from '../control/document.ts'
import { familyName } from './family-name.ts'
import { sessionTerms } from './session-terms.ts'

/** Turns moments of the monotonic clock into ISO 8601. */
export type Timestamp = (moment: number) => string

/** @param now on the speaker's clock, ms @param bfd the peer's, where it has one */
export function peerStatus(view: PeerView, now: number, timestamp: Timestamp, bfd: BfdStatus | undefined): PeerStatus {
  const { config, session, localAddress, families } = view
  const { negotiated, lastError, nextAttempt, withheld } = session
  const established = session.state === 'Established'
  return {
    name: config.name,
    address: config.address.toString(),
    ...(config.interface !== undefined && { interface: config.interface }),
    ...(view.range !== undefined && { range: view.range }),
    ...(config.gtsm !== undefined && { gtsm: config.gtsm }),
    port: config.port,
    asNumber: config.remoteAs,
    type: typeOf(config),
    state: session.state,
    since: timestamp(session.since),
    ...(lastError !== undefined && { lastError }),
    ...(localAddress && { localAddress: localAddress.toString() }),
    localAs: config.localAs,
    ...(negotiated && {
      routerId: addressOfUint32(negotiated.remoteRouterId).toString(),
      holdTime: negotiated.holdTime,
      keepaliveTime: negotiated.keepaliveTime,
      capabilities: negotiated.capabilities,
    }),
    ...(established && { uptimeSeconds: Math.floor((now - session.since) / 1000) }),
    ...(nextAttempt !== undefined && { nextAttempt: timestamp(nextAttempt) }),
    passive: config.passive,
    families: families.map(counts => familyStatus(view, counts)),
    ...(withheld.length > 0 && { withheldCapabilities: withheld }),
    ...(negotiated?.gracefulRestart && {
      gracefulRestart: {
        restartTime: negotiated.gracefulRestart.restartTime,
        restarting: negotiated.gracefulRestart.restarting,
        notification: negotiated.gracefulRestart.notification,
        forwarding: negotiated.gracefulRestart.families
          .filter(({ forwarding }) => forwarding)
          .map(({ family }) => familyName(family)),
      },
    }),
    ...(bfd && { bfd }),
    ...sessionTerms(view),
    importPolicy: config.importPolicy.name,
    exportPolicy: config.exportPolicy.name,
    messages: { received: session.received, sent: { ...session.sent, update: view.updatesSent } },
  }
}

function familyStatus({ config }: PeerView, counts: PeerView['families'][number]): PeerFamilyStatus {
  const { family, received, prefixes, accepted, advertised, stale, dropped, withheld, endOfRib } = counts
  const limit = config.maxPrefixes?.[family]
  return {
    ...{ family: familyName(family), received, accepted, advertised, stale },
    ...(prefixes !== received && { prefixes }),
    ...(dropped > 0 && { dropped }),
    ...(withheld > 0 && { withheld }),
    endOfRib,
    ...(limit && { limit: { count: limit.count, action: limit.action } }),
  }
}

/** A peer that no speaker runs yet. */
export function idlePeerStatus(
  peer: EffectivePeer,
  localAs: number,
  why: string | undefined,
  since: string,
): PeerStatus {
  const none = { open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 }
  return {
    name: peer.name,
    address: peer.address.toString(),
    ...(peer.interface !== undefined && { interface: peer.interface }),
    ...(peer.gtsm !== undefined && { gtsm: peer.gtsm }),
    port: peer.port,
    asNumber: peer.asNumber,
    type: typeOf(peer),
    state: 'Idle',
    since,
    ...(why !== undefined && { lastError: why }),
    localAs,
    passive: peer.passive,
    families: peer.families.map(family => ({
      family: familyName(family),
      received: 0,
      accepted: 0,
      advertised: 0,
      stale: 0,
      endOfRib: { sent: false, received: false },
    })),
    importPolicy: peer.importPolicy.name,
    exportPolicy: peer.exportPolicy.name,
    messages: { received: none, sent: none },
  }
}

/** Nodes are those of reflector mode, and whoever is configured as a route reflector's client; all others count as outside. */
function typeOf({
  node = false,
  routeReflectorClient,
}: {
  readonly node?: boolean
  readonly routeReflectorClient: boolean
}): PeerStatus['type'] {
  return node || routeReflectorClient ? 'internal' : 'external'
}
