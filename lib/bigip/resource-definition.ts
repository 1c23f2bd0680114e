/**
 * The CustomResourceDefinition of BIGIP objects, from their schema: what an API server is told. Its schemas are structural: no
 * closed objects (unknown fields are dropped, with a warning), no formats of ours (patterns instead), rules in CEL.
 */
import { FORMATS } from '../schema/format.ts'
import type { Schema } from '../schema/judge.ts'
import { celRules } from './resource-rules.ts'
import { specSchema } from './resource-schema.ts'
import { statusSchema } from './resource-status.ts'

type Structural = Readonly<Record<string, unknown>>

/** By path of the array: what tells its items apart. */
const LIST_KEYS: Readonly<Record<string, readonly string[]>> = {
  'status.conditions': ['type'],
  'status.units': ['name'],
}

const COLUMNS = [
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  { name: 'Mode', type: 'string', jsonPath: '.status.mode', description: 'In force' },
  { name: 'Nodes', type: 'integer', jsonPath: '.status.nodes.served', description: 'Nodes that the devices know' },
  { name: 'Left-Out', type: 'integer', jsonPath: '.status.nodes.leftOut', description: 'Nodes that they do not' },
  { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
  // a sentence would break the lines of a terminal
  { name: 'Message', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
  { name: 'Cluster', type: 'string', jsonPath: '.status.cluster', priority: 1 },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
]

/** For `kubectl apply`. */
export function bigIpDefinition(): Structural {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'bigips.podpeer.io' },
    spec: {
      group: 'podpeer.io',
      scope: 'Cluster',
      names: { kind: 'BIGIP', listKind: 'BIGIPList', plural: 'bigips', singular: 'bigip', categories: ['podpeer'] },
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: COLUMNS,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: 'An F5 BIG-IP, or an HA pair, that reaches the pods of this cluster',
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: { ...structural(specSchema, 'spec'), default: {} },
                status: structural(statusSchema, 'status'),
              },
            },
          },
        },
      ],
    },
  }
}

function structural(schema: object, path: string): Structural {
  const { type, properties, patternProperties, items, format, required, ...rest } = schema as Schema & Structural
  const { additionalProperties: _, const: only, uniqueItems: __, enum: words, ...kept } = rest
  const values = patternProperties && Object.values(patternProperties)[0]
  const pattern = format === undefined ? undefined : FORMATS[format]?.pattern
  const field = path === 'spec' ? '' : path.replace(/^spec\./, '')
  const rules = path.startsWith('spec') ? celRules(field) : []
  const keys = LIST_KEYS[path]
  return {
    type: type ?? 'string',
    ...kept,
    ...(words !== undefined && { enum: words }),
    ...(only !== undefined && { enum: [only] }),
    ...(format !== undefined && pattern === undefined && { format }),
    ...(pattern !== undefined && { pattern }),
    ...(required !== undefined && { required }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, inner]) => [key, structural(inner, `${path}.${key}`)]),
      ),
    }),
    ...(values !== undefined && { additionalProperties: structural(values, `${path}.*`) }),
    ...(items !== undefined && { items: structural(items, `${path}[]`) }),
    ...(keys !== undefined && { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys }),
    ...(rules.length > 0 && { 'x-kubernetes-validations': rules }),
  }
}
