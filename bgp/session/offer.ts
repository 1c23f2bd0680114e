/**
 * The OPEN that we send: what is configured, and nothing beyond it. Knows no peer's answer.
 *
 * The profile `plain` leaves out all that routers of the ZebOS family have never heard of: some of them reset what they do
 * not know. Host name and software version are read and never sent: they change nothing, and tell strangers what runs here.
 */
import type { Family } from '../../lib/base/ip.ts'
import type { Capability, FamilyNumbers } from '../wire/capability.ts'
import { afi, afiOf, asTrans, safi } from '../wire/iana.ts'
import type { Open } from '../wire/open.ts'
import type { LocalIdentity, PeerConfig } from './config.ts'

/** Our OPEN. */
export function offer(config: PeerConfig, local: LocalIdentity): Open {
  const { families, localAs, holdTime } = config
  const capabilities: Capability[] = [
    ...families.map(multiprotocol),
    { type: 'routeRefresh' },
    ...restart(config, local),
    { type: 'fourOctetAs', asNumber: localAs },
    ...(config.profile === 'plain' ? [] : modern(config, local)),
  ]
  const asNumber = localAs > 0xffff ? asTrans : localAs
  return { type: 'open', asNumber, holdTime, routerId: local.routerId, capabilities }
}

function restart({ families, gracefulRestart, profile }: PeerConfig, local: LocalIdentity): Capability[] {
  if (!gracefulRestart.enabled) return []
  return [
    {
      type: 'gracefulRestart',
      restarting: local.restarting,
      notification: profile !== 'plain',
      restartTime: gracefulRestart.restartTime,
      families: families.map(family => ({ ...unicast(family), forwarding: local.forwarding.includes(family) })),
    },
  ]
}

function modern(config: PeerConfig, local: LocalIdentity): Capability[] {
  const { families, addPath, role, longLived, gracefulRestart } = config
  const capabilities: Capability[] = [{ type: 'enhancedRouteRefresh' }]
  if (config.extendedMessages) capabilities.push({ type: 'extendedMessage' })
  if (config.extendedNextHop && families.includes(4))
    capabilities.push({ type: 'extendedNextHop', families: [{ ...unicast(4), nextHopAfi: afi.ipv6 }] })
  // RFC 9234 §4.1: eBGP only
  if (role !== undefined && config.remoteAs !== config.localAs) capabilities.push({ type: 'role', role: role.role })
  if (addPath !== undefined && (addPath.send > 0 || addPath.receive)) {
    const directions = { send: addPath.send > 0, receive: addPath.receive }
    capabilities.push({ type: 'addPath', families: families.map(family => ({ ...unicast(family), ...directions })) })
  }
  if (longLived !== undefined && gracefulRestart.enabled)
    capabilities.push({
      type: 'longLivedGracefulRestart',
      families: families.map(family => ({
        ...unicast(family),
        forwarding: local.forwarding.includes(family),
        staleTime: longLived.staleTime,
      })),
    })
  return capabilities
}

function unicast(family: Family): FamilyNumbers {
  return { afi: afiOf(family), safi: safi.unicast }
}

export function multiprotocol(family: Family): Capability {
  return { type: 'multiprotocol', ...unicast(family) }
}
