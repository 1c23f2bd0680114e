/** `podpeer refresh` and `reset`: what a person may ask of one session. */
import type { ControlClient } from '../control/client.ts'
import type { FamilyName } from '../control/document.ts'
import type { View } from './output.ts'
import type { PeerValue } from './peers.ts'

export function refreshView(
  client: ControlClient,
  name: string,
  direction: 'in' | 'out',
  family: FamilyName | undefined,
): View<PeerValue> {
  return {
    ask: async () => ({ peer: await client.refresh(name, direction, family) }),
    text: ({ peer }) =>
      direction === 'in' ? `${peer.name} is asked for its routes.\n` : `${peer.name} is told again.\n`,
    steady: ({ peer }) => peer,
  }
}

export function resetView(client: ControlClient, name: string, text: string | undefined): View<PeerValue> {
  return {
    ask: async () => ({ peer: await client.reset(name, text) }),
    text: ({ peer: { name, heldBack } }) =>
      heldBack === undefined
        ? `The session with ${name} is set up anew.\n`
        : `Nothing that went wrong before counts for ${name} any more, but no session is tried: ${heldBack}.\n`,
    steady: ({ peer }) => peer,
  }
}
