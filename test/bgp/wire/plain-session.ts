/** What a session that negotiated none of the extensions says of them: of its UpdateContext, and of the form of its NLRI. */
import type { NlriForm } from '../../../bgp/wire/nlri.ts'
import type { UpdateContext } from '../../../bgp/wire/update-context.ts'
import type { Family } from '../../../lib/base/ip.ts'

type Needed = Pick<UpdateContext, 'fourOctetAs' | 'internal' | 'families' | 'localAs' | 'peerAs'>

export function plainContext(session: Needed & Partial<UpdateContext>): UpdateContext {
  return { addPath: [], extendedNextHop: false, discardUnknown: false, routeServer: false, ...session }
}

export function plainForm(family: Family, fourOctetAs = true): NlriForm {
  return { family, fourOctetAs, addPath: false, extendedNextHop: false, maxLength: 4096 }
}
