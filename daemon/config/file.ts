/**
 * The text of a configuration file → its value, or every problem in it with path and line. Knows YAML and the schema,
 * and what the schema cannot say; what only shows when sections and annotations are applied is judged there.
 */
import { LineCounter, parseDocument } from 'yaml'
import { reasonOf } from '../../lib/base/failure.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { judge, type Schema } from '../../lib/schema/judge.ts'
import { lineOf } from '../../lib/schema/line.ts'
import { type ConfigProblem, faultOf } from '../../lib/schema/problem.ts'
import type { PeerSettings, RangeSettings } from './peer-schema.ts'
import { BUILT_IN_POLICIES, judgePolicy } from './policy.ts'
import type { PrefixRangeSettings } from './policy-schema.ts'
import { type AgentFile, agentSchema, type VtepSettings } from './schema.ts'

export type Judgement =
  | { readonly file: AgentFile; readonly problems: readonly [] }
  | { readonly file: undefined; readonly problems: readonly [ConfigProblem, ...ConfigProblem[]] }

/** @throws InputFault with the first problem, and how many more there are */
export function parseFile(text: string): AgentFile {
  const { file, problems } = judgeFile(text)
  if (file !== undefined) return file
  throw faultOf(problems)
}

export function judgeFile(text: string): Judgement {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const broken = document.errors[0]
  if (broken !== undefined) {
    const problem = broken.message.split(' at line ')[0]!
    return failed([{ path: '', problem, fix: '', line: lines.linePos(broken.pos[0]).line }])
  }
  let value: unknown
  try {
    // an empty file is a mapping without keys
    value = document.toJS() ?? {}
  } catch (thrown) {
    // aliases of nothing, or so many that they would fill the memory
    return failed([{ path: '', problem: reasonOf(thrown), fix: 'write the values out', line: 1 }])
  }
  const problems = judge(agentSchema as unknown as Schema, value)
  if (problems.length === 0) problems.push(...judgeMeaning(value as AgentFile))
  if (problems.length === 0) return { file: value as AgentFile, problems: [] }
  return failed(problems.map(problem => ({ ...problem, line: lineOf(document.contents, problem.path, lines) })))
}

function failed(problems: readonly ConfigProblem[]): Judgement {
  const sorted = problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
  return { file: undefined, problems: sorted as [ConfigProblem, ...ConfigProblem[]] }
}

function judgeMeaning(file: AgentFile): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const policies = new Set([...BUILT_IN_POLICIES, ...(file.policies ?? []).map(({ name }) => name)])
  if (file.kernel?.metric === 1024) problems.push(FORBIDDEN_METRIC)
  problems.push(...judgeRanges(file.import?.allow, 'import.allow'))
  problems.push(...judgePeers(file.peers, 'peers', policies))
  problems.push(...judgeListenRanges(file.ranges, 'ranges', policies))
  problems.push(...judgeVteps(file.overlay?.vteps, 'overlay.vteps'))
  for (const [at, section] of (file.nodes ?? []).entries()) {
    problems.push(...judgeRanges(section.import?.allow, `nodes[${at}].import.allow`))
    problems.push(...judgePeers(section.peers, `nodes[${at}].peers`, policies))
    problems.push(...judgeListenRanges(section.ranges, `nodes[${at}].ranges`, policies))
    problems.push(...judgeVteps(section.overlay?.vteps, `nodes[${at}].overlay.vteps`))
    if (section.selector.matchLabels === undefined) continue
    for (const key of ['state', 'control', 'kernel', 'metrics'] as const)
      if (section[key] !== undefined)
        problems.push({
          path: `nodes[${at}].${key}`,
          problem: 'is needed before the labels of the Node are known',
          fix: 'choose the nodes of this section by selector.names alone',
        })
  }
  for (const [at, policy] of (file.policies ?? []).entries()) {
    const path = `policies[${at}]`
    if (BUILT_IN_POLICIES.includes(policy.name))
      problems.push({ path: `${path}.name`, problem: `${policy.name} is built in`, fix: 'choose another name' })
    problems.push(...judgePolicy(policy, path))
    for (const [number, term] of (policy.terms ?? []).entries())
      problems.push(...judgeRanges(term.match?.prefixes, `${path}.terms[${number}].match.prefixes`))
  }
  return [...problems, ...judgeNames(file.policies ?? [], 'policies')]
}

const FORBIDDEN_METRIC: ConfigProblem = {
  path: 'kernel.metric',
  problem: '1024 is what every IPv6 route of others has by default, so that ours would merge with them',
  fix: 'write another one',
}

/** What holds for the peers of any layer; also for those of an annotation. */
export function judgePeers(
  peers: readonly PeerSettings[] | undefined,
  path: string,
  policies: ReadonlySet<string>,
): ConfigProblem[] {
  const problems = (peers ?? []).flatMap(({ name, address, interface: link, ...session }, at) => {
    const here = `${path}[${at}]`
    const nameless = name === undefined && address === undefined && link === undefined
    return [
      ...(nameless ? [{ path: here, problem: 'has neither name nor address', fix: 'write its address' }] : []),
      ...judgeSession(session, here, policies),
    ]
  })
  return [...problems, ...judgeNames((peers ?? []).map(peerNamed), path)]
}

function judgeListenRanges(
  ranges: readonly RangeSettings[] | undefined,
  path: string,
  policies: ReadonlySet<string>,
): ConfigProblem[] {
  const problems = (ranges ?? []).flatMap((range, at) => judgeSession(range, `${path}[${at}]`, policies))
  return [...problems, ...judgeNames(ranges ?? [], path)]
}

function judgeSession(
  { holdTime, keepaliveTime, ttl, gtsm, ...policyNames }: Omit<RangeSettings, 'name' | 'prefix'>,
  path: string,
  policies: ReadonlySet<string>,
): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  if (holdTime === 1 || holdTime === 2)
    problems.push({
      path: `${path}.holdTime`,
      problem: `${holdTime} is too short`,
      fix: 'write 0 (never) or at least 3',
    })
  if (holdTime !== undefined && holdTime > 0 && keepaliveTime !== undefined && keepaliveTime >= holdTime)
    problems.push({
      path: `${path}.keepaliveTime`,
      problem: `${keepaliveTime} is not shorter than the hold time of ${holdTime}`,
      fix: `write at most ${Math.floor(holdTime / 3)}`,
    })
  if (ttl !== undefined && gtsm !== undefined)
    problems.push({ path: `${path}.ttl`, problem: 'gtsm says it already: it sends with 255', fix: 'leave ttl out' })
  for (const key of ['import', 'export'] as const) {
    const policy = policyNames[key]
    if (policy !== undefined && !policies.has(policy))
      problems.push({
        path: `${path}.${key}`,
        problem: `there is no policy "${policy}"`,
        fix: `known are ${[...policies].join(', ')}`,
      })
  }
  return problems
}

/** A VTEP is there once for each family of its self IP. */
function judgeVteps(vteps: readonly VtepSettings[] | undefined, path: string): ConfigProblem[] {
  const named = (vteps ?? []).map(({ name, selfIP }) => ({ name: `${name} of IPv${parseAddress(selfIP).family}` }))
  const strays = (vteps ?? []).flatMap(({ selfIP, subnets = [] }, at) =>
    subnets.flatMap((text, number) =>
      parsePrefix(text).family === parseAddress(selfIP).family
        ? []
        : [
            {
              path: `${path}[${at}].subnets[${number}]`,
              problem: `${text} is not of the family of the self IP ${selfIP}`,
              fix: 'write a VTEP of the same name with a self IP of that family',
            },
          ],
    ),
  )
  return [...judgeNames(named, path), ...strays]
}

/** A peer without a name goes by its address, else by its interface. */
function peerNamed({ name, address, interface: link }: PeerSettings): { name: string } {
  return { name: name ?? address ?? link ?? '' }
}

function judgeNames(list: readonly { name: string }[], path: string): ConfigProblem[] {
  return list.flatMap(({ name }, at) => {
    const first = list.findIndex(other => other.name === name)
    return first === at
      ? []
      : [{ path: `${path}[${at}]`, problem: `${path}[${first}] is called "${name}", too`, fix: '' }]
  })
}

function judgeRanges(ranges: readonly PrefixRangeSettings[] | undefined, path: string): ConfigProblem[] {
  return (ranges ?? []).flatMap((range, at) => {
    if (typeof range === 'string') return []
    const { length, family } = parsePrefix(range.prefix)
    const bits = family === 4 ? 32 : 128
    const { min = length, max = bits } = range
    if (min >= length && max <= bits && min <= max) return []
    const fix = `write them so that ${length} ≤ min ≤ max ≤ ${bits}`
    return [{ path: `${path}[${at}]`, problem: `no prefix in ${range.prefix} has a length from ${min} to ${max}`, fix }]
  })
}
