/**
 * The schema of what a peer or a listen range may say of its sessions beyond the ordinary, and those words in the engine's.
 * Absent means off, but where a default is named.
 */
import type { Static } from 'typebox'
import type { PeerConfig, PrefixLimit, RoleConfig } from '../../bgp/session/config.ts'
import { Type } from '../../lib/schema/type.ts'
import { closed } from './terms.ts'

const prefixLimit = Type.Object(
  {
    count: Type.Integer({ minimum: 1, maximum: 4294967295, description: 'Most prefixes, before import policy' }),
    warnAt: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 80, description: 'Percent of count' })),
    action: Type.Optional(
      Type.Enum(['warn', 'drop', 'restart'], {
        default: 'drop',
        description: 'Beyond count: only say so; take no further prefix; end the session (Cease 6/1)',
      }),
    ),
    restartTime: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 86_400,
        description: 'Seconds until a session is tried again after `restart`; absent: when `podpeer reset` is said',
      }),
    ),
  },
  closed,
)

const routeCount = Type.Integer({ minimum: 1, maximum: 4294967295 })

/** Fields of a peer and of a range. */
export const sessionTerms = {
  profile: Type.Optional(
    Type.Enum(['standard', 'plain'], {
      default: 'standard',
      description:
        'plain: offer multiprotocol, route refresh, graceful restart and 4-octet AS at most, whatever else is said here: for routers that reset what they do not know. Default for the units of a BIGIP object',
    }),
  ),
  addPath: Type.Optional(
    Type.Object(
      {
        send: Type.Optional(
          Type.Union([Type.Integer({ minimum: 0, maximum: 255 }), Type.Literal('all')], {
            default: 0,
            description: 'Most paths of a prefix to send, or all; 0: one',
          }),
        ),
        receive: Type.Optional(Type.Boolean({ default: false, description: 'Take several paths of a prefix' })),
      },
      { ...closed, description: 'RFC 7911' },
    ),
  ),
  extendedMessages: Type.Optional(
    Type.Boolean({ default: false, description: 'Messages of up to 65535 octets (RFC 8654)' }),
  ),
  extendedNextHop: Type.Optional(
    Type.Boolean({
      description: 'IPv4 routes with IPv6 next hops (RFC 8950); default: only with peers on an interface',
    }),
  ),
  discardUnknown: Type.Optional(
    Type.Boolean({ default: false, description: 'Drop transitive attributes that podpeer does not know on receipt' }),
  ),
  role: Type.Optional(
    Type.Object(
      {
        name: Type.Enum(['provider', 'rs', 'rsClient', 'customer', 'peer'], {
          description: 'What we are to the peer: customer towards a provider',
        }),
        strict: Type.Optional(
          Type.Boolean({ default: false, description: 'No session with a peer that says no role' }),
        ),
      },
      { ...closed, description: 'RFC 9234, external peers only' },
    ),
  ),
  longLived: Type.Optional(
    Type.Object(
      {
        staleTime: Type.Integer({
          minimum: 1,
          maximum: 16_777_215,
          description:
            'Seconds that routes outlive the restart time: ours there, and the most for those of the peer here',
        }),
      },
      { ...closed, description: 'RFC 9494; needs graceful restart' },
    ),
  ),
  maxPrefixes: Type.Optional(
    Type.Object(
      { ipv4: Type.Optional(prefixLimit), ipv6: Type.Optional(prefixLimit) },
      { ...closed, description: 'What the peer may announce' },
    ),
  ),
  maxPrefixesOut: Type.Optional(
    Type.Object(
      { ipv4: Type.Optional(routeCount), ipv6: Type.Optional(routeCount) },
      { ...closed, description: 'Most routes that the peer is told' },
    ),
  ),
  delayOpenTime: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 240,
      description: 'Seconds that our OPEN waits for that of the peer (RFC 4271 §8.1.1)',
    }),
  ),
  minimumHoldTime: Type.Optional(
    Type.Integer({ minimum: 3, maximum: 65535, description: 'Seconds: refuse a peer that proposes less, but for 0' }),
  ),
}

const terms = Type.Object(sessionTerms)
export type SessionTermSettings = Static<typeof terms>

type Switches = 'profile' | 'extendedMessages' | 'discardUnknown'
type Times = 'extendedNextHop' | 'delayOpenTime' | 'minimumHoldTime' | 'longLived' | 'maxPrefixesOut'

/** Once every default has been filled in. */
export type FilledSessionTerms = Required<Pick<SessionTermSettings, Switches>> &
  Pick<SessionTermSettings, Times> & {
    readonly addPath?: { readonly send: number | 'all'; readonly receive: boolean }
    readonly role?: { readonly name: RoleConfig['role']; readonly strict: boolean }
    readonly maxPrefixes?: { readonly ipv4?: PrefixLimit; readonly ipv6?: PrefixLimit }
  }

/** What the engine is told of them. */
export type SessionTerms = Pick<PeerConfig, keyof SessionTermSettings>

export function effectiveTerms(settings: FilledSessionTerms): SessionTerms {
  const { addPath, role, longLived, maxPrefixes, maxPrefixesOut, delayOpenTime, minimumHoldTime } = settings
  return {
    ...(settings.profile === 'plain' && { profile: 'plain' }),
    ...(addPath && { addPath: { ...addPath, send: addPath.send === 'all' ? Number.POSITIVE_INFINITY : addPath.send } }),
    ...(settings.extendedMessages && { extendedMessages: true }),
    ...(settings.extendedNextHop !== undefined && { extendedNextHop: settings.extendedNextHop }),
    ...(settings.discardUnknown && { discardUnknown: true }),
    ...(role && { role: { role: role.name, strict: role.strict } }),
    ...(longLived && { longLived }),
    ...(maxPrefixes && { maxPrefixes: perFamily(maxPrefixes) }),
    ...(maxPrefixesOut && { maxPrefixesOut: perFamily(maxPrefixesOut) }),
    ...(delayOpenTime !== undefined && { delayOpenTime }),
    ...(minimumHoldTime !== undefined && { minimumHoldTime }),
  }
}

function perFamily<Value>({ ipv4, ipv6 }: { ipv4?: Value; ipv6?: Value }): { 4?: Value; 6?: Value } {
  return { ...(ipv4 !== undefined && { 4: ipv4 }), ...(ipv6 !== undefined && { 6: ipv6 }) }
}
