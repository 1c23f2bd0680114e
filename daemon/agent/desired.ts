/**
 * What the agent wants, given its situation: who to be, whom to peer with, what to announce, and in words what keeps it
 * from more. Pure, and the whole of it each time: the shell touches only what changed.
 */
import type { PeerRange, SpeakerIdentity, SpeakerPeer } from '../../bgp/index.ts'
import { InputFault, reasonOf } from '../../lib/base/failure.ts'
import { type Address, parseAddress } from '../../lib/base/ip.ts'
import { type Prefix, parsePrefix } from '../../lib/base/prefix.ts'
import type { WantedOverlay } from '../../vxlan/vtep.ts'
import {
  type AgentFile,
  type ClusterFacts,
  type EffectiveConfig,
  type EffectivePeer,
  type EffectiveRange,
  type EffectiveSession,
  effective,
  type NodeFacts,
} from '../config/index.ts'
import { lastSeen, type Situation } from './situation.ts'
import { wantedVteps } from './vteps.ts'

export interface Desired {
  readonly config: EffectiveConfig
  /** Undefined: something is missing, and no session can run. */
  readonly identity: Identity | undefined
  /** Undefined: not known yet, which is not the same as nothing. */
  readonly announced: readonly Announcement[] | undefined
  /** VTEPs to be reached, by the device that carries them. */
  readonly overlays: readonly WantedOverlay[]
  /** Whether these are all, so that what else a former agent left may go. */
  readonly overlaysKnown: boolean
  /** Of pods for which ARP and NDP are answered; undefined: for none, and nothing is set for that. */
  readonly answers: readonly Address[] | undefined
  /** Whether the BGP port may be used. */
  readonly speaking: boolean
  /** Sentences for operators. */
  readonly problems: readonly string[]
}

/** A change of it needs a new speaker. */
export type Identity = Pick<SpeakerIdentity, 'asNumber' | 'routerId' | 'clusterId'>

export interface Announcement {
  readonly prefix: Prefix
  /** Why it is announced. */
  readonly origin: 'Node spec.podCIDRs' | 'announce.prefixes' | 'announce.services'
}

export function isService({ origin }: Announcement): boolean {
  return origin === 'announce.services'
}

export function decide(situation: Situation): Desired {
  const { name, nameOrigin, file, node, routers } = situation
  const object = lastSeen(node)
  const cluster = { bigips: situation.bigips.views, nodes: situation.nodes }
  const config = inForce(file, { name, nameOrigin, ...(object && { object }), routers }, cluster)
  const { announced, problems } = announcements(situation, config)
  const answers = config.overlay.enabled && config.overlay.answers
  const overlay = wantedVteps(
    cluster.bigips,
    config.overlay,
    podPrefixes(object?.podCIDRs ?? []).announced.map(({ prefix }) => prefix),
  )
  return {
    config,
    identity: identityOf(config),
    announced,
    overlays: overlay.overlays,
    overlaysKnown: !config.overlay.enabled || !config.kubernetes.enabled || areKnown(situation, answers),
    answers: answers ? (situation.pods.addresses ?? []).map(text => parseAddress(text)) : undefined,
    speaking: situation.portHolder === undefined,
    problems: [
      ...(situation.rejected === undefined ? [] : [`the configuration file is not in force: ${situation.rejected}`]),
      ...(situation.portHolder === undefined ? [] : [situation.portHolder]),
      ...(situation.api.phase === 'away' ? [] : situation.bigips.problems),
      ...config.problems,
      ...overlay.problems,
      ...answerProblems(situation, config),
      ...problems,
    ],
  }
}

/** @param answers whether the rows of pods are among them */
function areKnown({ bigips, pods, node }: Situation, answers: boolean): boolean {
  const { views, problems, told } = bigips
  // a section chosen by labels may say what is wanted
  const known =
    node.presence !== 'unknown' && told && problems.length === 0 && views.every(({ tunnels }) => tunnels.complete)
  return known && (!answers || pods.addresses !== undefined)
}

function answerProblems({ bigips, pods, api }: Situation, { overlay, kubernetes }: EffectiveConfig): string[] {
  if (!overlay.enabled) return []
  if (overlay.answers && !kubernetes.enabled)
    return ['overlay.answers: who the pods of this node are is not known without Kubernetes: nobody answers for them']
  if (overlay.answers) return pods.problem === undefined || api.phase === 'away' ? [] : [pods.problem]
  return bigips.views.flatMap(({ name, tunnels }) =>
    tunnels.flooding
      ? [`BIGIP ${name} asks by ARP and NDP (arp: none), and nobody here answers for pods: set overlay.answers`]
      : [],
  )
}

/** What was in force last, by file: a Node says something new every few minutes, and hardly ever anything that matters here. */
const last = new WeakMap<
  AgentFile,
  { readonly facts: string; readonly cluster: ClusterFacts; readonly config: EffectiveConfig }
>()

function inForce(file: AgentFile, node: NodeFacts, cluster: ClusterFacts): EffectiveConfig {
  const { labels, annotations, addresses } = node.object ?? {}
  const routers = [...(node.routers ?? [])]
  const facts = JSON.stringify([node.name, node.nameOrigin, labels, annotations, addresses, routers])
  const known = last.get(file)
  const { bigips, nodes } = cluster
  if (known?.facts === facts && known.cluster.bigips === bigips && known.cluster.nodes === nodes) return known.config
  const config = effective(file, node, cluster)
  last.set(file, { facts, cluster, config })
  return config
}

function identityOf({ asNumber, routerId, clusterId }: EffectiveConfig): Identity | undefined {
  if (asNumber === undefined || routerId === undefined || clusterId === undefined) return undefined
  return { asNumber, routerId: routerId.uint32, clusterId: clusterId.uint32 }
}

interface Announced {
  readonly announced: readonly Announcement[] | undefined
  readonly problems: readonly string[]
}

function announcements({ name, node, api, admitted }: Situation, config: EffectiveConfig): Announced {
  const { prefixes, services } = config.announce
  const fixed = [
    ...prefixes.map(prefix => ({ prefix, origin: 'announce.prefixes' }) as const),
    ...services.map(prefix => ({ prefix, origin: 'announce.services' }) as const),
  ]
  if (!config.kubernetes.enabled) return { announced: fixed, problems: [] }
  const away = api.phase === 'away' ? [api.reason] : []
  if (node.presence === 'unknown') {
    return { announced: undefined, problems: [...away, `nothing is announced before the Node ${name} is known`] }
  }
  if (node.presence === 'gone')
    return { announced: [], problems: [...away, `there is no Node ${name} in the cluster: nothing is announced`] }
  const { object } = node
  if (admitted !== object.uid)
    return { announced: [], problems: [...away, `Node ${name} has not been Ready yet: nothing is announced`] }
  if (!config.announce.podCIDRs) return { announced: fixed, problems: away }
  const pods = podPrefixes(object.podCIDRs)
  const none = object.podCIDRs.length === 0 ? [`Node ${name} has no podCIDRs: no pod prefix is announced`] : []
  return { announced: unique([...pods.announced, ...fixed]), problems: [...away, ...none, ...pods.problems] }
}

function podPrefixes(podCIDRs: readonly string[]): { announced: Announcement[]; problems: string[] } {
  const announced: Announcement[] = []
  const problems: string[] = []
  for (const [at, text] of podCIDRs.entries()) {
    try {
      announced.push({ prefix: parsePrefix(text, `Node spec.podCIDRs[${at}]`), origin: 'Node spec.podCIDRs' })
    } catch (thrown) {
      if (!(thrown instanceof InputFault)) throw thrown
      problems.push(`${reasonOf(thrown)}: it is not announced`)
    }
  }
  return { announced, problems }
}

function unique(announcements: readonly Announcement[]): Announcement[] {
  return [...new Map(announcements.toReversed().map(one => [one.prefix.toString(), one])).values()].toReversed()
}

/** Eight minutes, or two hold times (RFC 9687 §6). Seconds. */
const SEND_HOLD_TIME = 480

/** Of peers that dial us, it only counts as that of a peer. */
const BGP_PORT = 179

/** A peer as the speaker takes it. @param password the key itself, where the peer has one */
export function speakerPeer(peer: EffectivePeer, localAs: number, password: string | undefined): SpeakerPeer {
  return speakerSession(peer, localAs, password)
}

/** A listen range as the speaker takes it. */
export function speakerRange(range: EffectiveRange, localAs: number, password: string | undefined): PeerRange {
  const { name, prefix, limit, ...session } = range
  return { name, prefix, limit, template: { ...speakerSession(session, localAs, password), port: BGP_PORT } }
}

function speakerSession<Session extends EffectiveSession>(
  session: Session,
  localAs: number,
  password: string | undefined,
): Omit<Session, 'asNumber' | 'password'> & {
  readonly localAs: number
  readonly remoteAs: number
  readonly sendHoldTime: number
  readonly password?: string
} {
  const { asNumber, password: _, ...rest } = session
  return {
    ...rest,
    localAs,
    remoteAs: asNumber,
    sendHoldTime: Math.max(SEND_HOLD_TIME, 2 * session.holdTime),
    ...(password !== undefined && { password }),
  }
}
