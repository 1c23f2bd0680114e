/**
 * The annotations of a Node that set values for it. A wrong one becomes a sentence and is left out; the others count.
 * Knows no layering.
 */
import { parse } from 'yaml'
import { judge, type Schema } from '../../lib/schema/judge.ts'
import { type ConfigProblem, faultOf } from '../../lib/schema/problem.ts'
import { judgePeers } from './file.ts'
import type { Layer } from './layers.ts'
import type { PeerSettings } from './peer-schema.ts'
import { agentSchema } from './schema.ts'

interface AnnotationKind {
  readonly name: string
  readonly key: 'asNumber' | 'routerId' | 'peers'
  /** What the text stands for; `undefined` when it stands for nothing. */
  read(text: string): unknown
}

/** The AS of a node; read by reflectors and by the controller, too. */
export const AS_NUMBER = 'podpeer.io/as-number'

const KINDS: readonly AnnotationKind[] = [
  { name: AS_NUMBER, key: 'asNumber', read: text => (/^\d+$/.test(text) ? Number(text) : text) },
  { name: 'podpeer.io/router-id', key: 'routerId', read: text => text },
  { name: 'podpeer.io/peers', key: 'peers', read: readYaml },
]

export function annotationLayers(
  annotations: Readonly<Record<string, string>>,
  policies: ReadonlySet<string>,
): { layers: Layer[]; problems: string[] } {
  const layers: Layer[] = []
  const problems: string[] = []
  for (const { name, key, read } of KINDS) {
    const text = annotations[name]
    if (text === undefined) continue
    const value = read(text.trim())
    const wrong = judge(agentSchema.properties[key] as unknown as Schema, value, name)
    if (wrong.length === 0 && key === 'peers') wrong.push(...judgePeers(value as PeerSettings[], name, policies))
    if (wrong.length === 0) layers.push({ settings: { [key]: value }, origin: `annotation ${name}` })
    else problems.push(`annotation ${faultOf(wrong as [ConfigProblem]).message}: it is ignored`)
  }
  return { layers, problems }
}

function readYaml(text: string): unknown {
  try {
    return parse(text)
  } catch {
    return text
  }
}
