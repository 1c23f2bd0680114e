/**
 * The status of a BIGIP object: what the controller found and made, for people, for agents (which peer with the units and
 * keep their VTEPs) and for `kubectl wait`. Knows no writer. Lists are bounded, for an object may hold 1.5 MB at most.
 */
import type { Static } from 'typebox'
import { Type } from '../schema/type.ts'

const text = Type.Optional(Type.String())
const number = Type.Optional(Type.Integer())
const texts = Type.Optional(Type.Array(Type.String()))
const time = Type.Optional(Type.String({ format: 'date-time' }))

const unit = Type.Object({
  name: Type.String(),
  address: text,
  hostName: text,
  version: text,
  haState: text,
  syncStatus: text,
  vtep: Type.Optional(Type.Object({ address: text, mac: text, address6: text, mac6: text })),
  vxlan: Type.Optional(
    Type.Object({ vni: Type.Integer(), port: Type.Integer() }, { description: 'Of its tunnels, and of its VTEPs' }),
  ),
  tunnelSubnets: texts,
  selfIPs: texts,
  advertised: Type.Optional(Type.Array(Type.String(), { description: 'Virtual addresses that its BGP announces' })),
  bgp: Type.Optional(Type.Object({ addresses: Type.Array(Type.String()), asNumber: Type.Integer() })),
  objects: Type.Optional(
    Type.Object(
      { desired: Type.Integer(), actual: Type.Integer(), drift: Type.Integer() },
      {
        description: 'As of the last pass; drift: what differed from what was wanted',
      },
    ),
  ),
  refused: Type.Optional(
    Type.Object(
      {
        token: Type.String(),
        reason: Type.String(),
        count: Type.Integer(),
        objects: Type.Array(Type.String(), { description: 'The first of them' }),
      },
      { description: 'Deletions that wait until the annotation podpeer.io/allow-deletions has this token' },
    ),
  ),
  lastSync: time,
  lastError: text,
})

const condition = Type.Object({
  type: Type.String(),
  status: Type.Enum(['True', 'False', 'Unknown']),
  reason: Type.String(),
  message: Type.String(),
  lastTransitionTime: Type.String({ format: 'date-time' }),
  observedGeneration: number,
})

export const statusSchema = Type.Object({
  observedGeneration: number,
  cluster: Type.Optional(Type.String({ description: 'What names on the device contain' })),
  mode: text,
  detectedFrom: text,
  conditions: Type.Optional(Type.Array(condition)),
  units: Type.Optional(Type.Array(unit)),
  nodes: Type.Optional(
    Type.Object({
      served: Type.Integer(),
      leftOut: Type.Integer(),
      reasons: Type.Array(Type.Object({ name: Type.String(), reason: Type.String(), message: Type.String() }), {
        description: 'Of the first that are left out',
      }),
    }),
  ),
  nodeASNumber: number,
  reflectors: Type.Optional(
    Type.Array(Type.Object({ node: Type.String(), addresses: Type.Array(Type.String()), asNumber: Type.Integer() })),
  ),
  findings: Type.Optional(
    Type.Array(
      Type.Object({
        code: Type.String(),
        severity: Type.Enum(['error', 'warning', 'note']),
        subject: Type.String(),
        cause: Type.String(),
        remedy: text,
      }),
    ),
  ),
})

export type BigIpStatus = Static<typeof statusSchema>
export type UnitStatus = NonNullable<BigIpStatus['units']>[number]
export type Condition = NonNullable<BigIpStatus['conditions']>[number]
