/**
 * The JSON of `nft -j list ruleset` (libnftables-json(5)) → chains that judge what comes in. Pure. What a rule says in words
 * that are not known here is a condition that cannot be told.
 */
import type { Family } from '../../base/ip.ts'
import { type Chain, type Condition, type Rule, sourceOf, type Verdict } from './ruleset.ts'

type Json = unknown
type Fields = Readonly<Record<string, Json>>

/** Elements of named sets, by family, table and name. */
type Sets = ReadonlyMap<string, readonly Json[]>

const FAMILIES: Readonly<Record<string, readonly Family[]>> = { ip: [4], ip6: [6], inet: [4, 6] }
const HOOKS = new Set(['prerouting', 'input'])
/** Only count, log or mark. */
const SILENT = new Set(['counter', 'log', 'comment', 'mangle', 'notrack'])

/** @throws SyntaxError where it is not JSON */
export function parseNft(text: string): Chain[] {
  const { nftables = [] } = JSON.parse(text) as { readonly nftables?: readonly Fields[] }
  const sets = new Map<string, readonly Json[]>()
  const chains = new Map<string, { readonly facts: Fields; readonly rules: Rule[] }>()
  for (const { chain, set } of nftables) {
    if (isFields(chain)) chains.set(nameOf(chain), { facts: chain, rules: [] })
    if (isFields(set)) sets.set(nameOf(set), Array.isArray(set['elem']) ? set['elem'] : [])
  }
  for (const { rule } of nftables) {
    if (!isFields(rule)) continue
    const { family, table, chain } = rule
    chains.get(nameOf({ family, table, name: chain }))?.rules.push(...parseRule(rule, sets))
  }
  return [...chains].map(([name, { facts, rules }]) => {
    const families = FAMILIES[String(facts['family'])]
    // a nat chain's accept only means "not translated"
    const sees = families !== undefined && HOOKS.has(String(facts['hook'])) && facts['type'] === 'filter'
    const policy = facts['policy'] === 'drop' ? ('drop' as const) : ('accept' as const)
    return { name, rules, ...(sees && { input: { policy, families } }) }
  })
}

function nameOf({ family, table, name }: Fields): string {
  return `${family} ${table} ${name}`
}

/** More than one for a map of verdicts: one for each of its keys. */
function parseRule(rule: Fields, sets: Sets): Rule[] {
  const { family, table, chain, handle, comment, expr } = rule
  const where = `${family} ${table}`
  const text = `rule ${handle} of ${where} ${chain}${typeof comment === 'string' ? ` (${comment})` : ''}`
  const conditions: Condition[] = []
  let verdict: Verdict | undefined
  let map: Fields | undefined
  for (const part of Array.isArray(expr) ? (expr as readonly Fields[]) : []) {
    const [word = '', value] = Object.entries(part)[0] ?? []
    if (word === 'match' && isFields(value)) conditions.push(...parseMatch(value, where, sets))
    else if (word === 'vmap' && isFields(value)) map = value
    else {
      verdict ??= verdictOf(word, value, where)
      if (verdict === undefined && !SILENT.has(word)) conditions.push(unknown(word))
    }
  }
  if (map === undefined) return [{ text, conditions, verdict }]
  const { key: left, data } = map
  const entries = isFields(data) && Array.isArray(data['set']) ? (data['set'] as readonly Json[]) : []
  return entries.filter(Array.isArray).map(([right, answer]) => {
    const [word = '', value] = isFields(answer) ? (Object.entries(answer)[0] ?? []) : []
    const fits = parseMatch({ op: '==', left, right }, where, sets)
    return { text, conditions: [...conditions, ...fits], verdict: verdictOf(word, value, where) }
  })
}

function verdictOf(word: string, value: Json, where: string): Verdict | undefined {
  if (word === 'accept') return { type: 'accept' }
  if (word === 'drop' || word === 'reject') return { type: 'drop' }
  if (word === 'return') return { type: 'return' }
  if ((word === 'jump' || word === 'goto') && isFields(value))
    return { type: 'jump', chain: `${where} ${value['target']}`, ...(word === 'goto' && { stays: true as const }) }
  return undefined
}

function parseMatch({ op, left, right }: Fields, where: string, sets: Sets): Condition[] {
  const on = isFields(left) ? subjectOf(left) : undefined
  const named = typeof right === 'string' && right.startsWith('@') ? sets.get(`${where} ${right.slice(1)}`) : undefined
  const values = on && valuesOf(named ?? right, on)
  if (on === undefined || values === undefined || !['==', '!=', 'in'].includes(String(op))) return [unknown('match')]
  const negated = op === '!='
  if (on === 'loopback' && !values.every(value => value === 'lo')) return [unknown('interface')]
  return [...impliedBy(left as Fields), { on, negated, values }]
}

/** `udp dport 8472` is about UDP alone, `ip saddr != 10.0.0.0/8` about IPv4. */
function impliedBy({ payload }: Fields): Condition[] {
  const protocol = isFields(payload) ? payload['protocol'] : undefined
  if (protocol === 'ip' || protocol === 'ip6')
    return [{ on: 'family', negated: false, values: [protocol === 'ip' ? '4' : '6'] }]
  return typeof protocol === 'string' && protocol !== 'th'
    ? [{ on: 'protocol', negated: false, values: [protocol] }]
    : []
}

function subjectOf({ payload, meta, ct }: Fields): Condition['on'] | undefined {
  if (isFields(payload)) {
    const { protocol, field } = payload
    if (field === 'dport') return 'port'
    if (field === 'saddr' && (protocol === 'ip' || protocol === 'ip6')) return 'source'
    if (field === 'protocol' || field === 'nexthdr') return 'protocol'
  }
  if (isFields(meta)) {
    const { key } = meta
    if (key === 'l4proto') return 'protocol'
    if (key === 'nfproto') return 'family'
    if (key === 'iifname' || key === 'iif') return 'loopback'
  }
  return isFields(ct) && ct['key'] === 'state' ? 'state' : undefined
}

/** undefined: a form that is not known. */
function valuesOf(right: Json, on: Condition['on']): string[] | undefined {
  if (Array.isArray(right)) return allOf(right, on)
  if (isFields(right)) {
    const { set, elem, range, prefix } = right
    if (Array.isArray(set)) return allOf(set, on)
    if (isFields(elem)) return valuesOf(elem['val'], on)
    if (Array.isArray(range) && on === 'port') return [range.join('-')]
    return isFields(prefix) ? valuesOf(`${prefix['addr']}/${prefix['len']}`, on) : undefined
  }
  const text = String(right)
  if (text.startsWith('@')) return undefined
  if (on === 'family') return [text.replace(/^ipv/, '')]
  if (on !== 'source') return [text]
  const source = sourceOf(text)
  return source === undefined ? undefined : [source]
}

function allOf(values: readonly Json[], on: Condition['on']): string[] | undefined {
  const parsed = values.map(value => valuesOf(value, on))
  return parsed.every(value => value !== undefined) ? parsed.flat() : undefined
}

function unknown(word: string): Condition {
  return { on: 'unknown', negated: false, values: [word] }
}

function isFields(value: Json): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
