/** The schema of policies: what terms match and what they set. What the texts of communities and patterns mean is policy.ts's. */
import type { Static } from 'typebox'
import { Type } from '../../lib/schema/type.ts'
import { asNumber, closed, family } from './terms.ts'

const UINT32 = 4294967295

export const prefixRange = Type.Union(
  [
    Type.String({ format: 'cidr' }),
    Type.Object(
      {
        prefix: Type.String({ format: 'cidr', description: 'Prefixes that lie in this one …' }),
        min: Type.Optional(Type.Integer({ minimum: 0, maximum: 128, description: '… whose length is at least this' })),
        max: Type.Optional(Type.Integer({ minimum: 0, maximum: 128, description: '… and at most this' })),
      },
      closed,
    ),
  ],
  { description: 'A prefix with all that lies in it, or { prefix, min, max } to bound the length' },
)

const numberRange = (description: string) =>
  Type.Object(
    {
      min: Type.Optional(Type.Integer({ minimum: 0, maximum: UINT32 })),
      max: Type.Optional(Type.Integer({ minimum: 0, maximum: UINT32 })),
    },
    { ...closed, description },
  )

const texts = (description?: string) => Type.Array(Type.String(), { minItems: 1, ...(description && { description }) })

const communityMatch = (form: string) =>
  Type.Union(
    [
      texts(),
      Type.Object(
        { any: Type.Optional(texts()), all: Type.Optional(texts()), none: Type.Optional(texts()) },
        { ...closed },
      ),
    ],
    { description: `${form}; a * stands for any number. A list: any of these; or { any, all, none }` },
  )

const communitySet = (form: string) =>
  Type.Object(
    {
      remove: Type.Optional(texts('* stands for any number')),
      add: Type.Optional(texts()),
      replace: Type.Optional(Type.Array(Type.String(), { description: 'These and no others; an empty list: none' })),
    },
    { ...closed, description: form },
  )

const STANDARD = 'RFC 1997: 65000:100, or a name such as no-export'
const EXTENDED = 'RFC 4360: rt:65000:100, soo:192.0.2.1:100, or 16 hexadecimal digits'
const LARGE = 'RFC 8092: 65000:1:2'
const asNumbers = (description: string) => Type.Array(asNumber('An AS'), { minItems: 1, description })
const origins = ['igp', 'egp', 'incomplete'] as const

const policyMatch = Type.Object(
  {
    prefixes: Type.Optional(Type.Array(prefixRange, { minItems: 1 })),
    families: Type.Optional(Type.Array(family, { minItems: 1 })),
    peers: Type.Optional(texts('Names: the sender on import, the receiver on export')),
    source: Type.Optional(
      Type.Array(Type.Enum(['local', 'service', 'node', 'internal', 'external', 'learned']), {
        minItems: 1,
        description:
          'Originated here (`service`: the address of a Service; `local`: all else), learned from a node of the cluster (of reflector mode), from others over iBGP, over eBGP; `learned`: any of these three',
      }),
    ),
    communities: Type.Optional(communityMatch(STANDARD)),
    extendedCommunities: Type.Optional(communityMatch(EXTENDED)),
    largeCommunities: Type.Optional(communityMatch(LARGE)),
    asPath: Type.Optional(
      Type.Object(
        {
          neighbor: Type.Optional(asNumbers('The first AS')),
          origin: Type.Optional(asNumbers('The last AS')),
          contains: Type.Optional(asNumbers('An AS anywhere in it')),
          length: Type.Optional(numberRange('How many AS numbers it has')),
          pattern: Type.Optional(
            Type.String({
              description:
                'A regular expression over the path as text, `65001 65002`, nearest first; _ is where a number begins or ends',
            }),
          ),
        },
        { ...closed, description: 'All that is given must hold' },
      ),
    ),
    nextHop: Type.Optional(
      Type.Array(Type.String({ format: 'cidr' }), { minItems: 1, description: 'The next hop lies in one of these' }),
    ),
    localPref: Type.Optional(numberRange('100 where there is none')),
    med: Type.Optional(numberRange('0 where there is none')),
    origin: Type.Optional(Type.Array(Type.Enum(origins), { minItems: 1 })),
  },
  {
    ...closed,
    default: {},
    description:
      'All that is given must match the route as it was before the policy; nothing given: everything matches',
  },
)

const policySet = Type.Object(
  {
    localPref: Type.Optional(Type.Integer({ minimum: 0, maximum: UINT32, description: 'Only iBGP peers are told' })),
    med: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0, maximum: UINT32 }), Type.Literal('none')], {
        description: 'none: take it away',
      }),
    ),
    origin: Type.Optional(Type.Enum(origins)),
    communities: Type.Optional(communitySet(STANDARD)),
    extendedCommunities: Type.Optional(communitySet(EXTENDED)),
    largeCommunities: Type.Optional(communitySet(LARGE)),
    prepend: Type.Optional(
      Type.Object(
        {
          asNumber: Type.Optional(asNumber("Default: ours on export, the neighbour's on import")),
          count: Type.Integer({ minimum: 1, maximum: 32 }),
        },
        { ...closed, description: 'Put in front of the AS path; ours comes in front of it still' },
      ),
    ),
    nextHop: Type.Optional(
      Type.Union([Type.Literal('self'), Type.Literal('unchanged'), Type.String({ format: 'ip' })], {
        description:
          'self and unchanged: on export only; an address: of routes of its family. Wins over nextHop of the peer',
      }),
    ),
  },
  { ...closed, description: 'Of a term that accepts or goes on' },
)

export const policy = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 64 }),
    otherwise: Type.Optional(
      Type.Enum(['accept', 'reject'], {
        default: 'reject',
        description: 'What happens to routes that no term decides',
      }),
    ),
    terms: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Type.String({ minLength: 1, maxLength: 64 }),
            match: Type.Optional(policyMatch),
            set: Type.Optional(policySet),
            action: Type.Enum(['accept', 'reject', 'next'], { description: 'next: the terms after it go on' }),
          },
          closed,
        ),
        { default: [], description: 'In order; the first that accepts or rejects decides' },
      ),
    ),
  },
  closed,
)

export type PrefixRangeSettings = Static<typeof prefixRange>
export type PolicySettings = Static<typeof policy>
