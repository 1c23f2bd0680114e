/** Messages as the control API tells them. Pure. */
import { digestMessage, type KeptMessage, type Passage, type PassingPeer } from '../../bgp/index.ts'
import type { MessageStatus, PassingSession } from '../control/message-document.ts'
import { familyName } from './family-name.ts'
import type { Timestamp } from './peer-status.ts'

export function messageStatus(kept: KeptMessage, timestamp: Timestamp): MessageStatus {
  const { at, since, count } = kept
  return {
    at: timestamp(at),
    ...(count > 1 && { count, since: timestamp(since) }),
    ...passedMessage(kept.passage, kept.length, kept.octets),
  }
}

/** @param octets of the message, or the first of them @param length of the whole message */
export function passedMessage(
  passage: Passage,
  length: number,
  octets: Uint8Array,
): Pick<MessageStatus, 'direction' | 'connection' | 'length' | 'message' | 'octets'> {
  const { direction, connection } = passage
  const message = digestMessage(octets, length, passage)
  return { direction, connection, length, message, octets: Buffer.from(octets).toString('hex') }
}

/** @param passage absent: nothing has been agreed on */
export function passingSession(
  { config, localAddress, remoteAs }: PassingPeer,
  { fourOctetAs, addPath }: Pick<Passage, 'fourOctetAs' | 'addPath'> = { fourOctetAs: true, addPath: [] },
): PassingSession {
  return {
    address: config.address.toString(),
    asNumber: remoteAs,
    ...(localAddress && { localAddress: localAddress.toString() }),
    localAs: config.localAs,
    fourOctetAs,
    addPath: addPath.map(familyName),
  }
}
