/**
 * Layers of settings laid over each other, the later wins, with a record of where each value came from. Mappings merge
 * key by key, peers and listen ranges merge by name, everything else replaces. Knows no meaning of any other key.
 */
import { isFields } from '../../lib/schema/judge.ts'

export interface Layer {
  readonly settings: Readonly<Record<string, unknown>>
  /** `file`, `nodes[1]`, `annotation podpeer.io/as-number`. */
  readonly origin: string
}

export interface Merged {
  readonly settings: Record<string, unknown>
  /** Path → origin; a path stands for all below it. */
  readonly origins: Map<string, string>
}

export function mergeLayers(layers: readonly Layer[]): Merged {
  const merged: Merged = { settings: {}, origins: new Map() }
  for (const { settings, origin } of layers) overlay(merged.settings, settings, '', origin, merged.origins)
  return merged
}

function overlay(
  target: Record<string, unknown>,
  source: Readonly<Record<string, unknown>>,
  path: string,
  origin: string,
  origins: Map<string, string>,
): void {
  for (const [key, value] of Object.entries(source)) {
    const at = path === '' ? key : `${path}.${key}`
    if (NAMED.has(key) && Array.isArray(value)) {
      target[key] = overlayNamed(listOf(target[key]), value, at, origin, origins)
    } else if (isFields(value) && !WHOLE.has(key)) {
      const inner = { ...(isFields(target[key]) ? target[key] : {}) }
      overlay(inner, value, at, origin, origins)
      target[key] = inner
    } else {
      target[key] = value
      origins.set(at, origin)
    }
  }
}

/** Lists of mappings that go by their name. */
const NAMED = new Set(['peers', 'ranges'])

/** Mappings of which one key excludes the others: they replace. */
const WHOLE = new Set(['password'])

function overlayNamed(
  before: readonly Record<string, unknown>[],
  entries: readonly Record<string, unknown>[],
  path: string,
  origin: string,
  origins: Map<string, string>,
): Record<string, unknown>[] {
  const merged = [...before]
  for (const entry of entries) {
    const name = nameOf(entry)
    const at = merged.findIndex(other => nameOf(other) === name)
    const target = { ...merged[at] }
    overlay(target, entry, `${path}[${name}]`, origin, origins)
    if (at === -1) merged.push(target)
    else merged[at] = target
  }
  return merged
}

/** A peer without a name goes by its address, else by its interface. */
function nameOf(entry: Readonly<Record<string, unknown>>): string {
  return String(entry['name'] ?? entry['address'] ?? entry['interface'])
}

function listOf(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value) ? value : []
}
