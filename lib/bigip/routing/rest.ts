/**
 * The BGP kinds as rows ↔ bodies of `/mgmt/tm/net/routing/…` (tmos mode). Normal form on read: the family `all` is both,
 * defaults are filled in, names of the route domain and route maps are full paths. Pure; who asks and writes is elsewhere.
 */
import type { Kind, Row } from '../row.ts'

export type RoutingKind = Extract<
  Kind,
  'prefix list' | 'route map' | 'BGP' | 'BGP peer group' | 'BGP neighbor' | 'route advertisement'
>

export interface RestCodec<K extends RoutingKind> {
  /** Path of the collection under `/mgmt/tm`: `net/routing/bgp`, `net/routing/bgp/~Common~x/neighbor`. */
  collection(parent: string | undefined): string
  /** @throws DeviceFault for what is not an object of this kind */
  decode(body: unknown, parent: string | undefined): Row<K>
  /** The body of a POST. */
  create(row: Row<K>): Readonly<Record<string, unknown>>
  /** The body of a PATCH of what is there. */
  change(row: Row<K>, before: Row<K>): Readonly<Record<string, unknown>>
  /** Why no PATCH can make this change, as a sentence with its cost; undefined: one can. The engine tells it, and does not recreate. */
  fixed(row: Row<K>, before: Row<K>): string | undefined
}

export const restCodecs: { readonly [K in RoutingKind]: RestCodec<K> } = {} as never
