/**
 * What a firewall does with a packet for this machine, as far as its rules tell: chains and rules as values, and the judgement
 * of one new packet. Pure; who reads the rules, and in which language, is elsewhere. Rule: only what is dropped whatever the
 * unknown conditions say is called dropped.
 */
import type { Address, Family } from '../../base/ip.ts'
import { parsePrefix } from '../../base/prefix.ts'

/** The first of its flow. */
export interface Packet {
  readonly family: Family
  readonly protocol: 'tcp' | 'udp'
  /** Of its destination. */
  readonly port: number
  /** Absent: it may come from anywhere. */
  readonly source?: Address
}

export type Verdict =
  | { readonly type: 'accept' | 'drop' | 'return' }
  /** `stays`: what the other chain does not decide is not decided here either (goto). */
  | { readonly type: 'jump'; readonly chain: string; readonly stays?: true }

export interface Condition {
  readonly on: 'protocol' | 'port' | 'source' | 'state' | 'family' | 'loopback' | 'unknown'
  readonly negated: boolean
  /** Names, prefixes, or ports as `179` and `100-200`; one of them must fit. */
  readonly values: readonly string[]
}

export interface Rule {
  /** In the words of the firewall, for people. */
  readonly text: string
  /** All of them must hold. */
  readonly conditions: readonly Condition[]
  /** undefined: it only counts or logs. */
  readonly verdict: Verdict | undefined
}

export interface Chain {
  readonly name: string
  readonly rules: readonly Rule[]
  /** Of chains that see what comes in for this machine. */
  readonly input?: { readonly policy: 'accept' | 'drop'; readonly families: readonly Family[] }
}

/** The rule (or the policy) that drops a packet whatever else is true; undefined: it may pass. */
export function droppedBy(chains: readonly Chain[], packet: Packet): string | undefined {
  const byName = new Map(chains.map(chain => [chain.name, chain]))
  for (const chain of chains) {
    if (!chain.input?.families.includes(packet.family)) continue
    const fate = fateIn(chain, packet, byName, 0)
    if (fate.accept || fate.dropped === undefined) continue
    return fate.dropped
  }
  return undefined
}

/** What may become of a packet. */
interface Fate {
  accept: boolean
  /** The text of the first rule that may drop it. */
  dropped: string | undefined
  /** It may come out undecided. */
  undecided: boolean
}

/** No firewall nests deeper (the kernel allows 16 jumps in nftables). */
const DEEPEST = 32

function fateIn(chain: Chain, packet: Packet, byName: ReadonlyMap<string, Chain>, depth: number): Fate {
  const fate: Fate = { accept: false, dropped: undefined, undecided: false }
  if (depth > DEEPEST) return { ...fate, accept: true }
  for (const { text, conditions, verdict } of chain.rules) {
    const matches = matchOf(conditions, packet)
    if (matches === 'no' || verdict === undefined) continue
    // a condition that cannot be told may hold or not
    let goesOn = matches === 'maybe'
    const inner = fateOf(verdict, text, packet, byName, depth)
    fate.accept ||= inner.accept
    fate.dropped ??= inner.dropped
    if (inner.undecided) {
      if (verdict.type === 'return' || (verdict.type === 'jump' && verdict.stays)) fate.undecided = true
      else goesOn = true
    }
    if (!goesOn) return settled(fate, chain)
  }
  return settled({ ...fate, undecided: true }, chain)
}

function fateOf(
  verdict: Verdict,
  text: string,
  packet: Packet,
  byName: ReadonlyMap<string, Chain>,
  depth: number,
): Fate {
  if (verdict.type === 'accept') return { accept: true, dropped: undefined, undecided: false }
  if (verdict.type === 'drop') return { accept: false, dropped: text, undecided: false }
  const target = verdict.type === 'jump' ? byName.get(verdict.chain) : undefined
  if (target === undefined) return { accept: false, dropped: undefined, undecided: true }
  return fateIn(target, packet, byName, depth + 1)
}

/** What comes out of a base chain undecided gets its policy. */
function settled(fate: Fate, { name, input }: Chain): Fate {
  if (!fate.undecided || input === undefined) return fate
  return input.policy === 'accept'
    ? { ...fate, accept: true, undecided: false }
    : { ...fate, dropped: fate.dropped ?? `the policy of ${name} (drop)`, undecided: false }
}

function matchOf(conditions: readonly Condition[], packet: Packet): 'yes' | 'no' | 'maybe' {
  let all: 'yes' | 'maybe' = 'yes'
  for (const condition of conditions) {
    const holds = TESTS[condition.on](condition.values, packet)
    if (holds === undefined) all = 'maybe'
    else if (holds === condition.negated) return 'no'
  }
  return all
}

/** Whether one of the values fits; undefined: it cannot be told. */
const TESTS: { readonly [O in Condition['on']]: (values: readonly string[], packet: Packet) => boolean | undefined } = {
  protocol: (values, { protocol }) => values.some(value => value === protocol || value === 'all'),
  port: (values, { port }) => values.some(value => isWithin(port, value)),
  source: (values, { source }) =>
    source === undefined ? undefined : values.some(value => parsePrefix(value).contains(source)),
  state: values => values.some(value => value.toLowerCase() === 'new'),
  family: (values, { family }) => values.includes(String(family)),
  // BIG-IP is another machine
  loopback: () => false,
  unknown: () => undefined,
}

function isWithin(port: number, range: string): boolean {
  const [first = NaN, last = first] = range.split('-').map(Number)
  return port >= first && port <= last
}

/** A source as the parsers may put it into a condition; undefined: not an address or prefix that can be judged. */
export function sourceOf(text: string): string | undefined {
  try {
    return parsePrefix(text).toString()
  } catch {
    return undefined
  }
}
