/**
 * Which of its two BGPs a device has, and whether that is the one that is wanted: tmos (`/mgmt/tm/net/routing`) or legacy
 * (ZebOS, through imish). Pure. Rules: they exclude each other, and going from one to the other throws the former's
 * configuration away, so that nothing is switched: where there is neither, the object names which to enable.
 */
import type { Finding } from '../finding.ts'

export type RoutingApi = 'tmos' | 'imish'

export interface RoutingFacts {
  /** The db variable `tmrouted.tmos.routing` is `enable`. */
  readonly tmos: boolean
  /** `routingProtocol` of our route domain: `BGP`, `BFD` … */
  readonly protocols: readonly string[]
  /** Licence has a Routing Bundle; undefined: it cannot be told. */
  readonly licensed?: boolean
}

export type RoutingChoice =
  | { readonly api: RoutingApi; readonly findings: readonly Finding[] }
  /** Nothing of BGP can be read or written. */
  | { readonly api: undefined; readonly findings: readonly Finding[] }
  /** There is neither: this one request makes the wanted one be there. */
  | {
      readonly api: RoutingApi
      readonly enable: {
        readonly method: 'PATCH'
        readonly path: string
        readonly body: Readonly<Record<string, unknown>>
      }
      readonly findings: readonly Finding[]
    }

/** @param wanted `spec.bgp.api` @param routeDomain number @param unit for the findings' subject */
export function chooseRouting(
  facts: RoutingFacts,
  wanted: RoutingApi | undefined,
  { routeDomain, unit }: { readonly routeDomain: number; readonly unit: string },
): RoutingChoice {
  throw new Error(`not written yet: ${facts.tmos} ${wanted} ${routeDomain} ${unit}`)
}
