/** The text of `iptables-save` (and `ip6tables-save`) → chains, of the filter table and of raw and mangle, that judge what comes in. Pure. */
import type { Family } from '../../base/ip.ts'
import { type Chain, type Condition, type Rule, sourceOf, type Verdict } from './ruleset.ts'

/** What a packet for this machine goes through, by table. */
const INPUT_CHAINS: Readonly<Record<string, readonly string[]>> = {
  raw: ['PREROUTING'],
  mangle: ['PREROUTING', 'INPUT'],
  filter: ['INPUT'],
}

export function parseIptables(text: string, family: Family): Chain[] {
  const chains = new Map<string, { policy: string; rules: Rule[] }>()
  let table = ''
  for (const line of text.split('\n')) {
    const [word = '', name = ''] = line.split(/\s+/)
    if (word.startsWith('*')) table = word.slice(1)
    else if (word.startsWith(':')) chains.set(`${table} ${word.slice(1)}`, { policy: name, rules: [] })
    else if (word === '-A') chains.get(`${table} ${name}`)?.rules.push(parseRule(line, table))
  }
  return [...chains].map(([key, { policy, rules }]) => {
    const [of = '', name = ''] = key.split(' ')
    const sees = INPUT_CHAINS[of]?.includes(name) && policy !== '-'
    const input = { policy: policy === 'DROP' ? ('drop' as const) : ('accept' as const), families: [family] }
    return { name: key, rules, ...(sees && { input }) }
  })
}

/** What the options of a rule ask of a packet. */
const OPTIONS: Readonly<Record<string, Condition['on']>> = {
  '-p': 'protocol',
  '--dport': 'port',
  '--dports': 'port',
  '-s': 'source',
  '--ctstate': 'state',
  '--state': 'state',
}

/** Modules that say nothing by themselves: their options do, or they only comment. */
const SILENT = new Set(['tcp', 'udp', 'multiport', 'conntrack', 'state', 'comment'])

function parseRule(line: string, table: string): Rule {
  const words = line.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []
  const conditions: Condition[] = []
  let verdict: Verdict | undefined
  let negated = false
  for (let at = 2; at < words.length; at++) {
    const word = words[at]!
    const value = words[at + 1] ?? ''
    if (word === '!') {
      negated = true
      continue
    }
    const option = OPTIONS[word]
    if (option !== undefined) {
      conditions.push(conditionOf(option, negated, value))
      at++
    } else if (word === '-i') {
      conditions.push({ on: value === 'lo' ? 'loopback' : 'unknown', negated, values: [value] })
      at++
    } else if (word === '-j' || word === '-g') {
      verdict = verdictOf(value, word === '-g', table)
      // the rest are the target's own options
      break
    } else if (word === '--comment') at++
    else if (word === '-m') {
      if (!SILENT.has(value)) conditions.push({ on: 'unknown', negated: false, values: [value] })
      at++
    } else if (word.startsWith('-')) conditions.push({ on: 'unknown', negated: false, values: [word] })
    negated = false
  }
  return { text: line, conditions, verdict }
}

function conditionOf(on: Condition['on'], negated: boolean, text: string): Condition {
  const values = text.split(',').map(value => (on === 'port' ? value.replace(':', '-') : value))
  if (on !== 'source') return { on, negated, values }
  const sources = values.map(sourceOf)
  return sources.every(source => source !== undefined)
    ? { on, negated, values: sources }
    : { on: 'unknown', negated, values }
}

/** A chain that is not there is a target that only counts, logs or marks. */
function verdictOf(target: string, stays: boolean, table: string): Verdict {
  if (target === 'ACCEPT') return { type: 'accept' }
  if (target === 'DROP' || target === 'REJECT') return { type: 'drop' }
  if (target === 'RETURN') return { type: 'return' }
  return { type: 'jump', chain: `${table} ${target}`, ...(stays && { stays: true as const }) }
}
