/**
 * The differences between podpeer and other routers that are known, each with its reason. One that is met and not listed fails the
 * test, and so does one that is listed and not met any more.
 */
import { ROUTER_AS } from '../bench/routers/workload.ts'
import type { TestAttributes } from '../bgp/rib/messages.ts'
import { type Actor, SENDERS } from './cast.ts'
import { type Difference, isSame } from './difference.ts'
import { NO_ADVERTISE, NO_EXPORT, ROUTER_ID, type SaidPath } from './stream.ts'

export interface KnownDifference {
  readonly router: string
  readonly reason: string
  /**
   * Hangs on the order in which the senders are heard: it need not be met in every run, and explains at most this part of what is
   * compared.
   */
  readonly byChance?: number
  explains(difference: Difference): boolean
}

const isInternal = ({ from }: SaidPath) => from.asNumber === ROUTER_AS

const hasClusterLoop = ({ attributes }: SaidPath) => attributes.clusterList?.includes(ROUTER_ID) === true

const isLoop = (path: SaidPath) =>
  hasClusterLoop(path) || path.attributes.originatorId === ROUTER_ID || path.attributes.asPath.includes(ROUTER_AS)

/** Whether a listener should not be told of it (RFC 1997). */
function isSecret({ communities = [] }: TestAttributes, listener: Actor): boolean {
  return communities.includes(NO_ADVERTISE) || (communities.includes(NO_EXPORT) && listener.asNumber !== ROUTER_AS)
}

/** The paths between which only MED and what comes behind it decide (RFC 4271 §9.1.2.2 c and after). */
function finalists(paths: readonly SaidPath[]): SaidPath[] {
  const rank = ({ attributes: { localPref = 100, asPath, origin } }: SaidPath) =>
    (localPref * 1000 - asPath.length) * 10 - origin
  const usable = paths.filter(path => !isLoop(path))
  const highest = Math.max(...usable.map(rank))
  return usable.filter(path => rank(path) === highest)
}

/** Whether another one of several finalists may have been chosen: it is told, or it is one that is not told. */
function isOtherFinalist({ paths, theirs }: Difference): boolean {
  const last = finalists(paths)
  const tags = last.map(({ attributes }) => attributes.communities?.[0])
  return last.length > 1 && (theirs === undefined || tags.includes(theirs.communities?.[0]))
}

export const knownDifferences: readonly KnownDifference[] = [
  {
    router: 'bird',
    reason: 'looks for its cluster id in CLUSTER_LIST on sessions with its clients alone (RFC 4456 §8: on all)',
    explains: ({ paths }) => paths.some(path => isInternal(path) && !path.from.client && hasClusterLoop(path)),
  },
  {
    router: 'bird',
    reason:
      'compares a changed path with the chosen one alone, so that MEDs count by the order of arrival; with `deterministic med` 2.0.12 now and then forgets a path',
    byChance: 0.02,
    explains: isOtherFinalist,
  },
  {
    router: 'frr',
    reason: 'gives reflected routes that came without MED and without ORIGINATOR_ID a MED of 0',
    explains: ({ ours, theirs }) =>
      isSame(ours, theirs, ['med']) &&
      ours?.med === undefined &&
      theirs?.med === 0 &&
      SENDERS.some(({ address }) => address === theirs.originatorId),
  },
  {
    router: 'gobgp',
    reason:
      'puts ORIGINATOR_ID and CLUSTER_LIST into all that clients are told, and into nothing that other internal peers are told (RFC 4456 §8: into what is reflected)',
    explains: ({ ours, theirs, listener }) =>
      listener.asNumber === ROUTER_AS &&
      isSame(ours, theirs, ['originatorId', 'clusterList']) &&
      (theirs?.clusterList !== undefined) === listener.client,
  },
  {
    router: 'gobgp',
    reason: 'gives IPv6 routes that it tells an external peer over IPv4 its IPv4 address as next hop, mapped into IPv6',
    explains: ({ ours, theirs }) => isSame(ours, theirs, ['nextHop']) && theirs?.nextHop.startsWith('::ffff:') === true,
  },
  {
    router: 'gobgp',
    reason: 'tells routes with NO_EXPORT and NO_ADVERTISE to whom it should not (RFC 1997)',
    explains: ({ theirs, listener }) => theirs !== undefined && isSecret(theirs, listener),
  },
  {
    router: 'gobgp',
    reason:
      'uses paths with its own ORIGINATOR_ID or cluster id, and keeps the path in whose place one with its own AS number comes',
    explains: ({ paths }) => paths.some(isLoop),
  },
  {
    router: 'gobgp',
    reason:
      'leaves an internal peer with the path that it was told before, when one is chosen that it must not be told (RFC 4456 §6)',
    explains: ({ listener, ours, theirs }) =>
      listener.asNumber === ROUTER_AS && !listener.client && ours === undefined && theirs !== undefined,
  },
  {
    router: 'gobgp',
    reason: 'compares the paths of a prefix pair by pair, so that MEDs count by their order',
    byChance: 0.02,
    explains: isOtherFinalist,
  },
  {
    router: 'gobgp',
    reason: 'chooses by the router ids of the sessions, not by ORIGINATOR_ID and CLUSTER_LIST (RFC 4456 §9)',
    byChance: 0.02,
    explains: difference =>
      isOtherFinalist(difference) &&
      finalists(difference.paths).some(path => isInternal(path) && path.attributes.originatorId !== undefined),
  },
]
