/**
 * Layers of settings laid over each other, the later wins, with a record of where each value came from. Mappings merge
 * key by key, peers merge by name, everything else replaces. Knows no meaning of any key but these two.
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
    if (key === 'peers' && Array.isArray(value)) {
      target[key] = overlayPeers(listOf(target[key]), value, at, origin, origins)
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

/** Mappings of which one key excludes the others: they replace. */
const WHOLE = new Set(['password'])

function overlayPeers(
  before: readonly Record<string, unknown>[],
  peers: readonly Record<string, unknown>[],
  path: string,
  origin: string,
  origins: Map<string, string>,
): Record<string, unknown>[] {
  const merged = [...before]
  for (const peer of peers) {
    const name = nameOf(peer)
    const at = merged.findIndex(other => nameOf(other) === name)
    const target = { ...merged[at] }
    overlay(target, peer, `${path}[${name}]`, origin, origins)
    if (at === -1) merged.push(target)
    else merged[at] = target
  }
  return merged
}

function nameOf(peer: Readonly<Record<string, unknown>>): string {
  return String(peer['name'] ?? peer['address'])
}

function listOf(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value) ? value : []
}
