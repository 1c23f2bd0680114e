/**
 * The schema of peers and of listen ranges, which have all that concerns a session in common. Which fields must be there is
 * judged where the layers have been merged.
 */
import type { Static } from 'typebox'
import { Type } from '../../lib/schema/type.ts'
import { type FilledSessionTerms, type SessionTermSettings, sessionTerms } from './session-schema.ts'
import { asNumber, closed, family } from './terms.ts'

export const restartTime = Type.Integer({
  minimum: 0,
  maximum: 4095,
  description: 'Seconds that peers keep our routes while we are away (RFC 4724)',
})

const password = Type.Union(
  [
    Type.Object({ file: Type.String({ minLength: 1, description: 'A file that holds the key' }) }, closed),
    Type.Object(
      { env: Type.String({ minLength: 1, description: 'An environment variable that holds the key' }) },
      closed,
    ),
  ],
  { description: 'The TCP MD5 key (RFC 2385): never itself in this file' },
)

const pace = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 10, maximum: 60_000, default: 300, description }))

const bfd = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean({ default: true, description: 'false: none, though an earlier layer has it' })),
    transmit: pace('Least milliseconds between two packets of ours'),
    receive: pace('Least milliseconds between two packets of the peer'),
    multiplier: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 255,
        default: 3,
        description: 'Packets that may be lost before the peer takes us for gone',
      }),
    ),
    multihop: Type.Optional(
      Type.Object(
        {
          minTtl: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 255,
              default: 254,
              description: 'Packets of the peer must arrive with at least this TTL: 254 is one router between us',
            }),
          ),
        },
        { ...closed, description: 'The peer may be hops away (RFC 5883). Absent: it is on our link' },
      ),
    ),
    strict: Type.Optional(
      Type.Boolean({ default: false, description: 'No BGP session while BFD is down, not even a first one' }),
    ),
  },
  { ...closed, description: 'Watch the path to the peer by BFD (RFC 5880); {}: with these defaults. Absent: not' },
)

const name = { minLength: 1, maxLength: 64 } as const

/** What peers and ranges have in common. */
const session = {
  asNumber: Type.Optional(
    Type.Union([asNumber('The AS of the peer'), Type.Literal('external'), Type.Literal('internal')], {
      description: 'The AS of the peer; `external`: any but our own, `internal`: our own',
    }),
  ),
  localAddress: Type.Optional(Type.String({ format: 'ip', description: 'Our address on this session' })),
  ttl: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 255,
      description: "Of what we send; default: the kernel's, so that peers may be hops away",
    }),
  ),
  gtsm: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 255,
      description: 'Hops that the peer may be away: what comes from farther is dropped (RFC 5082). In place of ttl',
    }),
  ),
  password: Type.Optional(password),
  bfd: Type.Optional(bfd),
  holdTime: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 65535, default: 90, description: 'Seconds, 0 (never) or at least 3' }),
  ),
  keepaliveTime: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 21845, description: 'Seconds; default: a third of the hold time' }),
  ),
  connectRetryTime: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 65535, default: 5, description: 'Seconds between two attempts' }),
  ),
  families: Type.Optional(Type.Array(family, { minItems: 1, uniqueItems: true, default: ['ipv4', 'ipv6'] })),
  nextHop: Type.Optional(
    Type.Enum(['auto', 'self', 'unchanged'], {
      default: 'auto',
      description: 'Of announced routes that were learned from others; `auto`: as RFC 4271 §5.1.3 has it',
    }),
  ),
  routeReflectorClient: Type.Optional(Type.Boolean({ default: false, description: 'iBGP peers only (RFC 4456)' })),
  import: Type.Optional(
    Type.String({
      default: 'allowed',
      description: 'accept, reject, allowed (see import.allow) or a name of policies',
    }),
  ),
  export: Type.Optional(
    Type.String({
      default: 'originated',
      description: 'accept, reject, originated (only what originates here) or a name of policies',
    }),
  ),
  gracefulRestart: Type.Optional(
    Type.Object(
      {
        enabled: Type.Optional(Type.Boolean()),
        restartTime: Type.Optional(restartTime),
      },
      { ...closed, description: 'Default: as for all peers' },
    ),
  ),
  ...sessionTerms,
}

const peer = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        ...name,
        description: 'Default: the address, else the interface. Peers of later layers merge by it',
      }),
    ),
    address: Type.Optional(Type.String({ format: 'ip' })),
    interface: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 15,
        description:
          'Whose link a link-local address is on. Without an address: the router at its other end, found by router advertisements',
      }),
    ),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535, default: 179 })),
    passive: Type.Optional(Type.Boolean({ default: false, description: 'Wait for the peer to connect' })),
    ...session,
  },
  closed,
)

export const peers = Type.Array(peer, { default: [] })

const range = Type.Object(
  {
    name: Type.String({ ...name, description: 'Its peers are called NAME/ADDRESS' }),
    prefix: Type.String({ format: 'cidr', description: 'Whoever connects from an address in it is a peer' }),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 65535, default: 100, description: 'Most peers at a time' }),
    ),
    ...session,
  },
  closed,
)

export const ranges = Type.Array(range, { default: [] })

export type PeerSettings = Static<typeof peer>
export type RangeSettings = Static<typeof range>
export type PasswordSource = Static<typeof password>

type SessionSettings = Omit<RangeSettings, 'name' | 'prefix' | 'limit'>
type Optional = 'asNumber' | 'localAddress' | 'ttl' | 'gtsm' | 'password' | 'keepaliveTime'

export type FilledBfd = Required<Omit<Static<typeof bfd>, 'multihop'>> & {
  readonly multihop?: { readonly minTtl: number }
}

/** What a session is told, once every default has been filled in. */
export type FilledSession = Required<
  Omit<SessionSettings, Optional | 'gracefulRestart' | 'bfd' | keyof SessionTermSettings>
> &
  FilledSessionTerms &
  Pick<SessionSettings, Optional> & {
    readonly gracefulRestart: Required<NonNullable<SessionSettings['gracefulRestart']>>
    readonly bfd?: FilledBfd
  }

export type FilledPeer = FilledSession &
  Required<Pick<PeerSettings, 'name' | 'port' | 'passive'>> &
  Pick<PeerSettings, 'address' | 'interface'>

export type FilledRange = FilledSession & Required<Pick<RangeSettings, 'name' | 'prefix' | 'limit'>>
