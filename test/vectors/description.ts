/**
 * A message as a vector file holds it: what it says, in plain JSON, and what our own encoders make of that.
 * Knows nothing of files and daemons.
 */

import { decodeAttributes, renderAttributes } from '../../bgp/wire/attribute-list.ts'
import { renderCapability } from '../../bgp/wire/capability.ts'
import { messageType } from '../../bgp/wire/iana.ts'
import { decodeMessage, encodeMessage, type Message } from '../../bgp/wire/message.ts'
import type { NlriForm } from '../../bgp/wire/nlri.ts'
import { notificationName } from '../../bgp/wire/notification.ts'
import type { UpdateContext } from '../../bgp/wire/update-context.ts'
import { UpdateReader } from '../../bgp/wire/update-reader.ts'
import { UpdateWriter } from '../../bgp/wire/update-writer.ts'
import { Address, addressOfUint32, type Family } from '../../lib/base/ip.ts'
import { joined } from '../bgp/wire/hex.ts'
import { plainForm } from '../bgp/wire/plain-session.ts'
import { decodePaths } from '../bgp/wire/prefixes.ts'

export type Description = Readonly<Record<string, unknown>>

/** @throws PeerFault */
export function describe(type: number, body: Uint8Array, context: UpdateContext): Description {
  if (type === messageType.update) return describeUpdate(readUpdate(body, context), body, context)
  return describeMessage(decodeMessage(type, body, 0, body.length))
}

function describeMessage(message: Message): Description {
  switch (message.type) {
    case 'open':
      return {
        ...message,
        routerId: String(addressOfUint32(message.routerId)),
        capabilities: message.capabilities.map(capability => ({
          text: renderCapability(capability),
          ...capability,
          ...('value' in capability && { value: Buffer.from(capability.value).toString('hex') }),
        })),
      }
    case 'notification':
      return {
        ...message,
        name: notificationName(message.code, message.subcode),
        data: Buffer.from(message.data).toString('hex'),
      }
    default:
      return { ...message }
  }
}

function readUpdate(body: Uint8Array, context: UpdateContext): UpdateReader {
  const reader = new UpdateReader(context)
  reader.read(body, 0, body.length)
  return reader
}

function describeUpdate(reader: UpdateReader, body: Uint8Array, { addPath }: UpdateContext): Description {
  const prefixes = (start: number, end: number, family: Family) =>
    decodePaths(body, start, end, family, addPath.includes(family)).map(({ prefix, pathId }) =>
      pathId === undefined ? String(prefix) : `${prefix} path ${pathId}`,
    )
  return {
    type: 'update',
    ...(reader.endOfRib !== 0 && { endOfRib: reader.endOfRib }),
    ...(reader.verdict !== 'accept' && { verdict: reader.verdict }),
    ...(reader.faults.length > 0 && { faults: reader.faults.map(fault => fault.reason) }),
    ...(reader.withdrawnEnd > reader.withdrawnStart && {
      withdrawn: prefixes(reader.withdrawnStart, reader.withdrawnEnd, 4),
    }),
    ...(reader.mpUnreachEnd > reader.mpUnreachStart && {
      mpUnreach: prefixes(reader.mpUnreachStart, reader.mpUnreachEnd, reader.mpUnreachFamily as Family),
    }),
    ...(reader.attributesEnd > 0 && {
      attributes: renderAttributes(decodeAttributes(reader.attributes, 0, reader.attributesEnd)),
    }),
    ...(reader.nlriEnd > reader.nlriStart && {
      nextHop: String(addressOfUint32(reader.nextHop4)),
      nlri: prefixes(reader.nlriStart, reader.nlriEnd, 4),
    }),
    ...(reader.mpReachEnd > reader.mpReachStart && {
      mpNextHop: String(mpNextHop(reader)),
      ...(reader.mpHasLinkLocal && { mpLinkLocal: String(new Address(reader.mpLinkLocal.slice())) }),
      mpReach: prefixes(reader.mpReachStart, reader.mpReachEnd, reader.mpReachFamily as Family),
    }),
  }
}

function mpNextHop(reader: UpdateReader): Address {
  return new Address(reader.mpNextHop.slice(0, reader.mpNextHopLength))
}

/** The whole message that our encoders make of what a body says. */
export function encodeAgain(type: number, body: Uint8Array, context: UpdateContext): Uint8Array {
  if (type !== messageType.update) return encodeMessage(decodeMessage(type, body, 0, body.length))
  const reader = readUpdate(body, context)
  const writer = new UpdateWriter()
  if (reader.endOfRib !== 0) writer.endOfRib(reader.endOfRib)
  const addPath = (family: Family) => context.addPath.includes(family)
  const form = (family: Family, extendedNextHop: boolean) => ({
    ...plainForm(family, context.fourOctetAs),
    addPath: addPath(family),
    extendedNextHop,
  })
  const add = (start: number, end: number, family: Family) => {
    for (const { prefix, pathId } of decodePaths(body, start, end, family, addPath(family)))
      writer.add(prefix.bytes, 0, prefix.length, pathId)
    writer.finish()
  }
  const announce = (nextHop: Uint8Array, nlriForm: NlriForm) =>
    writer.announce(reader.attributes, 0, reader.attributesEnd, nextHop, nlriForm)
  if (reader.withdrawnEnd > reader.withdrawnStart) {
    writer.withdraw(form(4, false))
    add(reader.withdrawnStart, reader.withdrawnEnd, 4)
  }
  if (reader.mpUnreachFamily !== 0) {
    writer.withdraw(form(reader.mpUnreachFamily, true))
    add(reader.mpUnreachStart, reader.mpUnreachEnd, reader.mpUnreachFamily)
  }
  if (reader.attributesEnd > 0 && reader.nlriEnd > reader.nlriStart) {
    announce(addressOfUint32(reader.nextHop4).bytes, form(4, false))
    add(reader.nlriStart, reader.nlriEnd, 4)
  }
  const linkLocal = reader.mpLinkLocal.subarray(0, reader.mpHasLinkLocal ? 16 : 0)
  if (reader.attributesEnd > 0 && reader.mpReachFamily !== 0) {
    announce(joined(mpNextHop(reader).bytes, linkLocal), form(reader.mpReachFamily, true))
    add(reader.mpReachStart, reader.mpReachEnd, reader.mpReachFamily)
  }
  return writer.take()
}
