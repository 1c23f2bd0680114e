/**
 * What the agent knows of its world at one moment, and how news change it. Pure; what follows from it desired.ts says.
 *
 * Rules: what Kubernetes has not said yet is not known, which is not the same as not there; a source that goes away takes
 * nothing with it; a Node may announce once it has been Ready, until that very Node (its uid) is gone.
 */

import { isDeepStrictEqual } from 'node:util'
import type { DrainTerms } from '../../bgp/index.ts'
import type { Address } from '../../lib/base/ip.ts'
import type { KubeObject, NodeView } from '../../lib/kube/object.ts'
import { type AgentFile, type BigIpView, bigIpViews, type ClusterNode } from '../config/index.ts'

export interface Situation {
  readonly name: string
  readonly nameOrigin: string
  readonly file: AgentFile
  /** Why the file as it is on disk now is not the one in force. */
  readonly rejected: string | undefined
  readonly node: KnownNode
  readonly api: ApiState
  readonly bigips: KnownBigIps
  readonly pods: KnownPods
  /** By name: the nodes that this one peers with where it is a reflector; of the API or of the state file. */
  readonly nodes: readonly ClusterNode[]
  /** The routers at the other end of links, by interface; what was heard last stays. */
  readonly routers: ReadonlyMap<string, Address>
  /** The uid of the Node that has been Ready. */
  readonly admitted: string | undefined
  readonly drained: boolean
  readonly drainTerms: DrainTerms
  /** A sentence on who else holds the BGP port. */
  readonly portHolder: string | undefined
}

/**
 * The last word on the Node, of the API or of the state file; `unknown`: nobody has said. A Node that has gone leaves its
 * last object behind: who we are and whom we peer with does not change because of that.
 */
export type KnownNode =
  | { readonly presence: 'unknown' }
  | { readonly presence: 'there'; readonly object: NodeView }
  | { readonly presence: 'gone'; readonly last: NodeView | undefined }

/** The last word on the BIGIP objects, of the API or of the state file; nobody has said: there are none. */
export interface KnownBigIps {
  readonly views: readonly BigIpView[]
  /** Sentences: objects that cannot be read, an API that does not tell. */
  readonly problems: readonly string[]
  /** The API has told of all of them since the start. */
  readonly told: boolean
}

/** The API's last word on the node's own pods. */
export interface KnownPods {
  /** Of those that run; undefined: it has not told of all of them since the start. */
  readonly addresses: readonly string[] | undefined
  /** Why it does not tell, in a sentence. */
  readonly problem?: string
}

export type ApiState =
  | { readonly phase: 'disabled' | 'connecting' | 'synced' }
  | { readonly phase: 'away'; readonly reason: string }

export type AgentInput =
  | { readonly type: 'file'; readonly file: AgentFile }
  | { readonly type: 'fileRejected'; readonly reason: string }
  /** What the agent before this one knew. */
  | {
      readonly type: 'restored'
      readonly node: NodeView
      readonly admitted: string | undefined
      readonly bigips: readonly BigIpView[]
      readonly nodes: readonly ClusterNode[]
    }
  /** The API's word, once it has been read in whole; undefined: there is no such Node. */
  | { readonly type: 'node'; readonly object: NodeView | undefined }
  | { readonly type: 'api'; readonly state: ApiState }
  /** All BIGIP objects there are. */
  | { readonly type: 'bigips'; readonly objects: readonly KubeObject[] }
  /** Why the API does not tell of BIGIP objects, in a sentence: what is known of them stays. */
  | { readonly type: 'bigipsAway'; readonly reason: string }
  /** Addresses of all pods of the node that run. */
  | { readonly type: 'pods'; readonly addresses: readonly string[] }
  /** Why the API does not tell of pods, in a sentence: what is known of them stays. */
  | { readonly type: 'podsAway'; readonly reason: string }
  /** All nodes that a reflector peers with. */
  | { readonly type: 'clusterNodes'; readonly nodes: readonly ClusterNode[] }
  | { readonly type: 'router'; readonly interface: string; readonly address: Address }
  | { readonly type: 'drain'; readonly drained: boolean; readonly terms?: DrainTerms }
  /** @property holder undefined: the port is free, or ours */
  | { readonly type: 'port'; readonly holder: string | undefined }

export function firstSituation(file: AgentFile, node: { name: string; origin: string }): Situation {
  return {
    name: node.name,
    nameOrigin: node.origin,
    file,
    rejected: undefined,
    node: { presence: 'unknown' },
    api: { phase: file.kubernetes?.enabled === false ? 'disabled' : 'connecting' },
    bigips: { views: [], problems: [], told: false },
    pods: { addresses: undefined },
    nodes: [],
    routers: new Map(),
    admitted: undefined,
    drained: false,
    drainTerms: {},
    portHolder: undefined,
  }
}

export function handle(situation: Situation, input: AgentInput): Situation {
  switch (input.type) {
    case 'file':
      return { ...situation, file: input.file, rejected: undefined }
    case 'fileRejected':
      return { ...situation, rejected: input.reason }
    case 'restored':
      return {
        ...situation,
        node: { presence: 'there', object: input.node },
        admitted: input.admitted,
        bigips: { views: input.bigips, problems: [], told: false },
        nodes: input.nodes,
      }
    case 'node':
      return { ...situation, node: heard(situation, input.object), admitted: admit(situation, input.object) }
    case 'api':
      return { ...situation, api: input.state }
    case 'bigips':
      return heardBigIps(situation, input.objects)
    case 'bigipsAway':
      return { ...situation, bigips: { ...situation.bigips, problems: [input.reason] } }
    case 'pods':
      return heardPods(situation, { addresses: input.addresses })
    case 'podsAway':
      return heardPods(situation, { ...situation.pods, problem: input.reason })
    case 'clusterNodes':
      return { ...situation, nodes: input.nodes }
    case 'router':
      return { ...situation, routers: new Map([...situation.routers, [input.interface, input.address]]) }
    case 'drain':
      return { ...situation, drained: input.drained, drainTerms: input.terms ?? {} }
    case 'port':
      return { ...situation, portHolder: input.holder }
  }
}

/** The status of a BIGIP changes with every pass of the controller, and hardly ever in what counts: that is no news. */
function heardBigIps(situation: Situation, objects: readonly KubeObject[]): Situation {
  const before = situation.bigips
  const bigips = { ...bigIpViews(objects, before.views), told: true }
  return isDeepStrictEqual(bigips, before) ? situation : { ...situation, bigips }
}

/** Pods say more of themselves than where they are: that is no news, either. */
function heardPods(situation: Situation, pods: KnownPods): Situation {
  return isDeepStrictEqual(pods, situation.pods) ? situation : { ...situation, pods }
}

function heard({ node }: Situation, object: NodeView | undefined): KnownNode {
  if (object !== undefined) return { presence: 'there', object }
  return { presence: 'gone', last: lastSeen(node) }
}

/** What the Node says of itself, or said last. */
export function lastSeen(node: KnownNode): NodeView | undefined {
  if (node.presence === 'unknown') return undefined
  return node.presence === 'there' ? node.object : node.last
}

/** Ready is asked only before the first announcement: the pods of a node that turns NotReady may be fine. */
function admit({ admitted }: Situation, node: NodeView | undefined): string | undefined {
  if (node === undefined) return undefined
  return node.ready || admitted === node.uid ? node.uid : undefined
}
