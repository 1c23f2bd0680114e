/**
 * What a RIB ought to be, in maps and strings: each question is answered from scratch, by the words of the RFCs. Slow, and
 * written without a look at bgp/rib, so that the two can only agree by being right.
 */

import { ACCEPT, type Policy } from '../../../bgp/rib/policy.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import type { TestAttributes } from './messages.ts'
import { identity, routerIdOf, type TestPeer } from './rib-world.ts'

export interface OraclePath {
  readonly from: TestPeer | 'self'
  readonly attributes: TestAttributes
}

interface Learned {
  readonly from: TestPeer
  readonly attributes: TestAttributes
  readonly pathId: number
}

/** `10.0.0.0/8#7` without the path id. */
const prefixOf = (text: string) => text.split('#')[0]!

const NO_EXPORT = 0xffffff01
const NO_ADVERTISE = 0xffffff02
const dotted = (id: number) => [id >>> 24, (id >>> 16) & 255, (id >>> 8) & 255, id & 255].join('.')

export class Oracle {
  /** Adj-RIBs-In by peer name. */
  readonly #learned = new Map<string, { peer: TestPeer; routes: Map<string, TestAttributes> }>()
  readonly #own = new Set<string>()
  readonly #badNextHops = new Set<string>()

  learn(peer: TestPeer, prefixes: readonly string[], attributes: TestAttributes): void {
    const entry = this.#learned.get(peer.name) ?? { peer, routes: new Map() }
    this.#learned.set(peer.name, entry)
    for (const prefix of prefixes) entry.routes.set(prefix, attributes)
  }

  withdraw(peer: TestPeer, prefixes: Iterable<string>): void {
    for (const prefix of prefixes) this.#learned.get(peer.name)?.routes.delete(prefix)
  }

  routesOf(peer: TestPeer): string[] {
    return [...(this.#learned.get(peer.name)?.routes.keys() ?? [])]
  }

  own(prefix: string, present: boolean): void {
    if (present) this.#own.add(prefix)
    else this.#own.delete(prefix)
  }

  nextHop(address: string, usable: boolean): void {
    if (usable) this.#badNextHops.delete(address)
    else this.#badNextHops.add(address)
  }

  /** All prefixes that anybody has a path for. */
  prefixes(): Set<string> {
    return new Set([
      ...this.#own,
      ...[...this.#learned.values()].flatMap(({ routes }) => [...routes.keys()].map(prefixOf)),
    ])
  }

  best(prefix: string): OraclePath | undefined {
    return this.#ranked(prefix)[0]
  }

  /** All eligible paths, each the best without those before it. */
  #ranked(prefix: string): OraclePath[] {
    const own: OraclePath[] = this.#own.has(prefix)
      ? [{ from: 'self', attributes: { origin: 0, asPath: [], nextHop: 'self' } }]
      : []
    const left: Learned[] = []
    for (const { peer, routes } of this.#learned.values())
      for (const [text, attributes] of routes)
        if (prefixOf(text) === prefix && this.#isEligible(prefix, peer, attributes))
          left.push({ from: peer, attributes, pathId: Number(text.split('#')[1] ?? 0) })
    const ranked: OraclePath[] = [...own]
    while (left.length > 0) {
      const best = this.#bestOf(left)
      ranked.push(best)
      left.splice(left.indexOf(best), 1)
    }
    return ranked
  }

  #bestOf(all: readonly Learned[]): Learned {
    const paths = [...all]
    const lowest = (value: (path: (typeof paths)[number]) => number) => {
      const least = Math.min(...paths.map(value))
      return paths.filter(path => value(path) === least)
    }
    const narrow = (value: (path: (typeof paths)[number]) => number) => paths.splice(0, paths.length, ...lowest(value))
    const neighbor = (attributes: TestAttributes) => attributes.asPath[0] ?? 0
    narrow(({ from, attributes }) => -(isInternal(from) ? (attributes.localPref ?? 100) : 100))
    narrow(({ attributes }) => attributes.asPath.length)
    narrow(({ attributes }) => attributes.origin)
    const survivors = paths.filter(
      ({ attributes: mine }) =>
        !paths.some(
          ({ attributes: other }) => neighbor(other) === neighbor(mine) && (other.med ?? 0) < (mine.med ?? 0),
        ),
    )
    paths.splice(0, paths.length, ...survivors)
    narrow(({ from }) => (isInternal(from) ? 1 : 0))
    narrow(({ from, attributes }) => originator(from, attributes))
    narrow(({ from, attributes }) => (isInternal(from) ? (attributes.clusterList?.length ?? 0) : 0))
    narrow(({ from }) => routerIdOf(parseAddress(from.address)))
    narrow(({ pathId }) => pathId)
    return paths[0]!
  }

  /** What a peer with a session should hold of us: by prefix, the paths in any order. */
  tableOf(receiver: TestPeer): Map<string, TestAttributes[]> {
    const table = new Map<string, TestAttributes[]>()
    for (const prefix of this.prefixes()) {
      const most = receiver.session?.addPathSend?.[prefix.includes(':') ? 6 : 4] ?? 0
      const ranked = this.#ranked(prefix)
      const told = (most > 0 ? ranked : ranked.slice(0, 1)).flatMap(path => {
        const attributes = this.#told(prefix, path, receiver)
        return attributes === undefined ? [] : [{ path, attributes }]
      })
      const others = told
        .slice(0, Math.max(1, most))
        .filter(({ path }) => path.from === 'self' || path.from.name !== receiver.name)
      if (others.length > 0)
        table.set(
          prefix,
          others.map(({ attributes }) => attributes),
        )
    }
    return table
  }

  #isEligible(prefix: string, from: TestPeer, { asPath, originatorId, clusterList, nextHop }: TestAttributes): boolean {
    const source = isInternal(from) ? 'internal' : 'external'
    if (!accepts(from.importPolicy ?? ACCEPT, prefix, from.name, source)) return false
    if (asPath.includes(identity.asNumber) || this.#badNextHops.has(nextHop)) return false
    if (!isInternal(from)) return true
    return originatorId !== dotted(identity.routerId) && clusterList?.includes(dotted(identity.clusterId)) !== true
  }

  #told(prefix: string, { from, attributes }: OraclePath, to: TestPeer): TestAttributes | undefined {
    const source = from === 'self' ? 'local' : isInternal(from) ? 'internal' : 'external'
    const { communities, med, origin, asPath } = attributes
    if (communities?.includes(NO_ADVERTISE)) return undefined
    if (communities?.includes(NO_EXPORT) && !isInternal(to)) return undefined
    if (source === 'internal' && isInternal(to) && from !== 'self' && !from.client && !to.client) return undefined
    if (!accepts(to.exportPolicy ?? ACCEPT, prefix, to.name, source)) return undefined
    const self = prefix.includes(':') ? '2001:db8::1' : '192.0.2.1'
    const mode = to.nextHop ?? 'auto'
    const keeps = from !== 'self' && (mode === 'unchanged' || (mode === 'auto' && isInternal(to)))
    const nextHop = keeps ? attributes.nextHop : self
    if (!isInternal(to))
      return { origin, asPath: [identity.asNumber, ...asPath], nextHop, ...(communities && { communities }) }
    const reflected = from !== 'self' && isInternal(from)
    return {
      origin,
      asPath,
      nextHop,
      ...(med !== undefined && { med }),
      localPref: reflected ? (attributes.localPref ?? 100) : 100,
      ...(communities && { communities }),
      ...(reflected && { originatorId: dotted(originator(from, attributes)) }),
      ...(reflected && { clusterList: [dotted(identity.clusterId), ...(attributes.clusterList ?? [])] }),
    }
  }
}

function isInternal(peer: TestPeer): boolean {
  return peer.asNumber === identity.asNumber
}

function originator(from: TestPeer, attributes: TestAttributes): number {
  const named = isInternal(from) ? attributes.originatorId : undefined
  return named === undefined
    ? (from.routerId ?? routerIdOf(parseAddress(from.address)))
    : routerIdOf(parseAddress(named))
}

function accepts(policy: Policy, prefix: string, peer: string, source: 'local' | 'internal' | 'external'): boolean {
  const subject = parsePrefix(prefix)
  for (const { match, action } of policy.terms) {
    const inRange = match.prefixes?.some(
      range => range.prefix.contains(subject) && subject.length >= range.min && subject.length <= range.max,
    )
    if (inRange === false || match.families?.includes(subject.family) === false) continue
    if (match.peers?.includes(peer) === false || match.source?.includes(source) === false) continue
    return action === 'accept'
  }
  return policy.otherwise === 'accept'
}
