/**
 * A peering in the words of its neighbours: what transport, decoder and RIB are told of its configuration and of what its
 * session negotiated. Values only.
 */
import { Address } from '../lib/base/ip.ts'
import type { Prefix } from '../lib/base/prefix.ts'
import type { PerFamily, RibPeer, RibSession } from './rib/peer.ts'
import type { PrefixLimits } from './session/config.ts'
import type { Negotiated } from './session/negotiation.ts'
import type { SpeakerPeer } from './speaker-config.ts'
import type { Attachment, DialOptions, ListenRule } from './transport.ts'
import { maxExtendedMessageLength, maxMessageLength } from './wire/iana.ts'
import type { UpdateContext } from './wire/update-context.ts'

/** RFC 5082 §3: with GTSM we send the highest TTL there is, and ask as much of the peer, less the hops it may be away. */
export function dialOptions({
  address,
  port,
  localAddress,
  interface: link,
  password,
  ttl,
  gtsm,
}: SpeakerPeer): DialOptions {
  return {
    address,
    port,
    ...(localAddress && { localAddress }),
    ...(link !== undefined && { interface: link }),
    ...(password !== undefined && { password }),
    ...(gtsm !== undefined ? { ttl: 255, minimumTtl: 256 - gtsm } : ttl !== undefined && { ttl }),
  }
}

/** RFC 5082 §3: what a peer at most so many hops away sent with TTL 255. */
export function listenRule(from: Prefix, { password, gtsm }: Pick<SpeakerPeer, 'password' | 'gtsm'>): ListenRule {
  return { from, ...(password !== undefined && { password }), ...(gtsm !== undefined && { minimumTtl: 256 - gtsm }) }
}

export function ribPeer(config: SpeakerPeer): RibPeer {
  const { name, routeReflectorClient, node = false, install = true, nextHop } = config
  const address = config.address.isLinkLocal ? new Address(config.address.bytes, config.interface) : config.address
  const { importPolicy, exportPolicy, maxPrefixesOut } = config
  const internal = config.remoteAs === config.localAs
  const maxPrefixes = droppedBeyond(config.maxPrefixes)
  return {
    ...{ name, address, internal, routeReflectorClient, node, install, nextHop, importPolicy, exportPolicy },
    ...(maxPrefixes && { maxPrefixes }),
    ...(maxPrefixesOut && { maxPrefixesOut }),
  }
}

/** The limits that keep prefixes out. */
function droppedBeyond(limits: PrefixLimits = {}): PerFamily | undefined {
  const counts = ([4, 6] as const).flatMap(family => {
    const limit = limits[family]
    return limit?.action === 'drop' ? [[family, limit.count]] : []
  })
  return counts.length === 0 ? undefined : Object.fromEntries(counts)
}

export function updateContext(negotiated: Negotiated, { discardUnknown = false }: SpeakerPeer): UpdateContext {
  const { fourOctetAs, internal, families, localAs, remoteAs, addPath, extendedNextHop, role, peerRole } = negotiated
  const routeServer = role === 'rsClient' || peerRole === 'rs'
  const context = { fourOctetAs, internal, families, localAs, peerAs: remoteAs }
  return { ...context, addPath: addPath.receive, extendedNextHop, discardUnknown, routeServer }
}

export function ribSession(
  negotiated: Negotiated,
  config: SpeakerPeer,
  { self, subnets }: Attachment,
  link: string | undefined,
): RibSession {
  const { localAs, remoteAs, remoteRouterId, fourOctetAs, families } = negotiated
  const { addPath, extendedNextHop, role, longLived = [] } = negotiated
  const most = config.addPath?.send ?? 0
  return {
    ...{ localAs, remoteAs, remoteRouterId, fourOctetAs, families, self, subnets, extendedNextHop },
    addPathReceive: addPath.receive,
    addPathSend: Object.fromEntries(addPath.send.map(family => [family, most])),
    maxMessageLength: negotiated.extendedMessages ? maxExtendedMessageLength : maxMessageLength,
    longLived: longLived.map(row => row.family),
    ...(role !== undefined && { role }),
    ...(link !== undefined && { interface: link }),
  }
}
