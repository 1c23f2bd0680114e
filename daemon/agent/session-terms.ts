/** What a session agreed on, in the words of the control API. Pure. */
import type { Negotiated, PeerView } from '../../bgp/index.ts'
import type { SessionTermsStatus } from '../control/session-document.ts'
import { familyName } from './family-name.ts'

export function sessionTerms({ config, session }: PeerView): SessionTermsStatus {
  const { negotiated, heldBack, longLivedFamilies } = session
  return {
    ...(negotiated && ofSession(negotiated)),
    ...(longLivedFamilies.length > 0 && { longLivedStale: longLivedFamilies.map(familyName) }),
    ...(heldBack !== undefined && { heldBack }),
    ...(config.profile && { profile: config.profile }),
  }
}

function ofSession(negotiated: Negotiated): SessionTermsStatus {
  const { hostName, softwareVersion, role, peerRole, longLived = [] } = negotiated
  const agreed = agreements(negotiated)
  return {
    ...(hostName !== undefined && { hostName }),
    ...(softwareVersion !== undefined && { softwareVersion }),
    ...(agreed.length > 0 && { agreed }),
    ...(role && { role: { ours: role, ...(peerRole && { peer: peerRole }) } }),
    ...(longLived.length > 0 && {
      longLived: longLived.map(({ family, staleTime }) => ({ family: familyName(family), staleTime })),
    }),
  }
}

function agreements(negotiated: Negotiated): string[] {
  const { addPath, enhancedRefresh, extendedMessages, extendedNextHop } = negotiated
  const directions = [['send', addPath.send] as const, ['receive', addPath.receive] as const]
  return [
    ...(enhancedRefresh ? ['enhanced route refresh'] : []),
    ...(extendedMessages ? ['extended messages'] : []),
    ...(extendedNextHop ? ['extended next hop'] : []),
    ...directions.flatMap(([way, families]) => families.map(family => `add-path ${way} ${familyName(family)}`)),
  ]
}
