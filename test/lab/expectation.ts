/**
 * What a lab that works looks like: which sessions are up, which routes BGP brings to whom, and which pings prove that
 * the routing works: from the router or BIG-IP and the client to every pod, from every pod to the VIP, and between pods of
 * different segments. Pure.
 */
import { type Endpoint, FAMILIES, type FamilyName, type Topology } from './topology.ts'

export interface PlannedPing {
  readonly from: string
  readonly to: string
  readonly family: FamilyName
  /** Where the echo request goes. */
  readonly address: string
}

/** Pods ping those of the next few nodes only: all of them in a small lab, and no square of the nodes in a large one. */
const NEIGHBOURS = 3

/** @param families those that BIG-IP's way to the pods carries */
export function planPings({ centre, nodes, vip, client }: Topology, families = FAMILIES): PlannedPing[] {
  const pods = nodes.flatMap(node => node.pods)
  const target: Endpoint = { name: 'VIP', address: vip }
  const across = nodes.flatMap((node, at) =>
    Array.from({ length: Math.min(NEIGHBOURS, nodes.length - 1) }, (_, step) => nodes[(at + 1 + step) % nodes.length]!)
      .flatMap(other => other.pods)
      .flatMap(to => node.pods.map(from => [from.name, to] as const)),
  )
  const pairs: (readonly [string, Endpoint])[] = [
    ...pods.map(pod => [centre, pod] as const),
    ...pods.map(pod => [client.name, pod] as const),
    ...pods.map(pod => [pod.name, target] as const),
    ...across,
  ]
  return pairs.flatMap(([from, to]) =>
    families.map(family => ({ from, to: to.name, family, address: to.address[family] })),
  )
}

export interface ExpectedRoute {
  readonly node: string
  readonly prefix: string
}

/** Each node learns what the centre originates and the other nodes' pods; the centre learns all pods. */
export function planRoutes({ centre, nodes, routerPrefixes }: Topology): ExpectedRoute[] {
  return FAMILIES.flatMap(family => [
    ...nodes.map(node => ({ node: centre, prefix: node.podCIDRs[family] })),
    ...nodes.flatMap(node => [
      ...routerPrefixes[family].map(prefix => ({ node: node.name, prefix })),
      ...nodes.filter(other => other !== node).map(other => ({ node: node.name, prefix: other.podCIDRs[family] })),
    ]),
  ])
}

export interface ExpectedSession {
  readonly node: string
  readonly peer: string
  readonly family: FamilyName
}

export function planSessions({ nodes }: Topology): ExpectedSession[] {
  return nodes.flatMap(node => FAMILIES.map(family => ({ node: node.name, peer: node.router[family], family })))
}

/** In words. @param routes what is there */
export function missingRoutes(topology: Topology, routes: readonly ExpectedRoute[]): string[] {
  const there = new Set(routes.map(({ node, prefix }) => `${node} ${prefix}`))
  return planRoutes(topology)
    .filter(({ node, prefix }) => !there.has(`${node} ${prefix}`))
    .map(({ node, prefix }) => `${node} has no route to ${prefix}`)
}
