/** Whether two roles fit: RFC 9234 §4.2. A role says what its sender is to the receiver. */
import type { PeerRole } from '../wire/capability.ts'
import { PeerFault } from '../wire/fault.ts'
import { errorCode, openError } from '../wire/notification.ts'
import type { Open } from '../wire/open.ts'

/** What the peer must be to us, by what we are to it. */
const counterpart: Readonly<Record<PeerRole, PeerRole>> = {
  provider: 'customer',
  customer: 'provider',
  rs: 'rsClient',
  rsClient: 'rs',
  peer: 'peer',
}

/** @param strict no session with a peer that says no role */
export function roleFault(ours: Open, theirs: Open, strict: boolean): PeerFault | undefined {
  const mine = rolesOf(ours)[0] as PeerRole | undefined
  if (mine === undefined) return undefined
  const said = new Set(rolesOf(theirs))
  if (said.size > 1) return mismatch(`the peer says ${[...said].join(' and ')}`)
  const [role] = said
  if (role === undefined) return strict ? mismatch('the peer says no role') : undefined
  return role === counterpart[mine] ? undefined : mismatch(`we are ${mine}, the peer says ${role}`)
}

function rolesOf(open: Open): (PeerRole | number)[] {
  return open.capabilities.flatMap(one => (one.type === 'role' ? [one.role] : []))
}

function mismatch(reason: string): PeerFault {
  return new PeerFault(errorCode.open, openError.roleMismatch, reason)
}
