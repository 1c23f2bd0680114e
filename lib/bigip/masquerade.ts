/**
 * Keeps the device's addresses out of masquerading: what an existing ConfigMap of ip-masq-agent must say so that pods answer BIG-IP
 * with their own addresses. Pure. Rules: entries are only added, and only those that were added (an annotation remembers them, and
 * for which BIGIP) are ever removed, once no BIGIP wants them; a list that is not there is not begun, for a list replaces the
 * ranges that the agent has built in.
 */
import { parseDocument } from 'yaml'
import { InputFault } from '../base/failure.ts'
import { hostPrefix, type Prefix, parsePrefix } from '../base/prefix.ts'
import type { CniName } from '../cni/network.ts'
import type { KubeObject } from '../kube/object.ts'
import type { DeviceFacts } from './facts.ts'
import type { Finding } from './finding.ts'
import { parseInterface } from './mode/subnet.ts'

/** On the ConfigMap: a JSON object, name of a BIGIP → list of the entries that podpeer added for it. */
export const ADDED_ANNOTATION = 'podpeer.io/added-non-masquerade-cidrs'

export interface MasqueradePlan {
  /** For a merge patch of the ConfigMap; absent: it is as it should be, or must not be touched. */
  readonly patch?: {
    readonly metadata: { readonly annotations: Readonly<Record<string, string | null>> }
    readonly data: Readonly<Record<string, string>>
  }
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly findings: readonly Finding[]
}

/** Private ranges that agents never masquerade to as long as no list is given. */
const BUILT_IN = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']
/** Those of Cilium's own agent beside them. */
const BUILT_IN_CILIUM = [
  '100.64.0.0/10',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '240.0.0.0/4',
]

/**
 * What pods may see a device come from: its self IPs and SNAT pools, as host prefixes, sorted.
 * @param routeDomain of the cluster on the device
 */
export function deviceSources({ selfIPs, snatPools, partitions }: DeviceFacts, routeDomain: number): string[] {
  const found = [
    ...selfIPs.map(({ name, fields }) => ({ path: name, text: fields.address })),
    ...snatPools.flatMap(({ path, members }) => members.map(text => ({ path, text }))),
  ].flatMap(({ path, text }) => {
    const [, address = '', domain] = /^([^%/]+)(?:%(\d+))?/.exec(text) ?? []
    const own = Number(domain ?? partitions.get(path.split('/')[1] ?? '') ?? 0) === routeDomain
    return own && address !== '' ? [hostPrefix(parseInterface(address).address).toString()] : []
  })
  return [...new Set(found)].sort()
}

/**
 * @param configMap as the API has it
 * @param bigIp name of the BIGIP that wants it; what others want in the same list stays
 * @param wanted prefixes, as `deviceSources` makes them; `[]` takes back all that was added for this BIGIP alone
 */
export function planMasquerade(configMap: KubeObject, bigIp: string, wanted: readonly string[]): MasqueradePlan {
  const { namespace = '', name, annotations = {} } = configMap.metadata
  const subject = `ConfigMap ${namespace}/${name}`
  const text = (configMap['data'] as Readonly<Record<string, string>> | undefined)?.['config'] ?? ''
  const document = parseDocument(text)
  const settings: unknown = document.errors.length > 0 ? undefined : document.toJS()
  const list = isRecord(settings) ? settings['nonMasqueradeCIDRs'] : undefined
  if (!Array.isArray(list) || list.length === 0 || list.some(entry => typeof entry !== 'string'))
    return { added: [], removed: [], findings: [noList(subject)] }
  const remembered = rememberedIn(annotations[ADDED_ANNOTATION])
  const listed = new Set(list as string[])
  const ours = new Set([...remembered.values()].flat())
  const theirs = (list as string[]).filter(entry => !ours.has(entry))
  // an agent without IPv6 refuses a whole list for one entry of IPv6
  const speaks6 = theirs.some(entry => entry.includes(':'))
  const known = theirs.flatMap(readPrefix)
  const own = wanted.filter(
    text =>
      (speaks6 || !text.includes(':')) && !known.some(prefix => readPrefix(text).some(one => prefix.contains(one))),
  )
  const ofOthers = [...remembered].flatMap(([name, entries]) => (name === bigIp ? [] : entries))
  // what of them a person took out, its own BIGIP adds again
  const kept = new Set([...ofOthers.filter(entry => listed.has(entry)), ...own])
  const added = [...kept].filter(entry => !listed.has(entry))
  const removed = [...ours].filter(entry => listed.has(entry) && !kept.has(entry))
  const memory = renderMemory(new Map([...remembered, [bigIp, own]]))
  if (added.length === 0 && removed.length === 0 && memory === annotations[ADDED_ANNOTATION])
    return { added, removed, findings: [] }
  document.set('nonMasqueradeCIDRs', document.createNode([...theirs, ...kept]))
  return {
    patch: {
      metadata: { annotations: { [ADDED_ANNOTATION]: memory ?? null } },
      data: { config: document.toString() },
    },
    added,
    removed,
    findings: [],
  }
}

/** A whole ConfigMap to apply by hand where there is none, as YAML: built-in ranges, pod network and devices. */
export function renderMasqueradeConfigMap(
  where: { readonly namespace: string; readonly name: string },
  content: { readonly sources: readonly string[]; readonly clusterCIDRs: readonly string[]; readonly cni: CniName },
): string {
  const ranges = [...BUILT_IN, ...(content.cni === 'cilium' ? BUILT_IN_CILIUM : [])]
  const known = ranges.flatMap(readPrefix)
  const more = [...content.clusterCIDRs, ...content.sources].filter(
    text => !text.includes(':') && !known.some(range => readPrefix(text).some(one => range.contains(one))),
  )
  return [
    'apiVersion: v1',
    'kind: ConfigMap',
    'metadata:',
    `  name: ${where.name}`,
    `  namespace: ${where.namespace}`,
    'data:',
    '  config: |',
    '    nonMasqueradeCIDRs:',
    ...[...ranges, ...more].map(range => `      - ${range}`),
    '',
  ].join('\n')
}

/** @returns undefined where nothing of ours is in the list */
function renderMemory(entries: ReadonlyMap<string, readonly string[]>): string | undefined {
  const some = [...entries].filter(([, list]) => list.length > 0)
  return some.length === 0 ? undefined : JSON.stringify(Object.fromEntries(some))
}

/** What cannot be read was not written here: nothing of the list is ours then. */
function rememberedIn(text: string | undefined): Map<string, readonly string[]> {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    const lists = isRecord(value) ? Object.entries(value) : []
    return new Map(
      lists.flatMap(([name, entries]) =>
        Array.isArray(entries) ? [[name, entries.filter(entry => typeof entry === 'string')] as const] : [],
      ),
    )
  } catch {
    return new Map()
  }
}

function readPrefix(text: string): Prefix[] {
  try {
    return [parsePrefix(text)]
  } catch (thrown) {
    if (thrown instanceof InputFault) return []
    throw thrown
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function noList(subject: string): Finding {
  return {
    code: 'masquerade-no-list',
    severity: 'warning',
    subject,
    cause:
      'its key config has no list nonMasqueradeCIDRs that can be read: to begin one would replace the private ranges that the agent has built in',
    remedy: 'write the list with the private ranges in it; `podpeer bigip masquerade` prints a complete one',
  }
}
