/** Prefix lists and route maps of tmos mode as rows ↔ bodies (reference: §6.2): what lets the VIPs through, and nothing else. Pure. */
import { nonsenseOf } from '../fault.ts'
import type { Row } from '../row.ts'
import { type Body, descriptionOf, placeOf } from '../row-codec.ts'
import { described, inPartitionOf, itemsOf, pathOf, routeDomainOf, text, within } from './body.ts'
import { type BgpFamily, FAMILIES } from './family.ts'
import type { RestCodec } from './rest.ts'

export const prefixList: RestCodec<'prefix list'> = {
  collection: () => 'net/routing/prefix-list',
  expanded: true,
  decode: (body: Body) => ({
    kind: 'prefix list',
    name: pathOf(body),
    ...described(body),
    fields: {
      routeDomain: routeDomainOf(body),
      entries: itemsOf(body, 'entries').map(entry => {
        const lengths = text(entry, 'prefixLenRange')
        const prefix = text(entry, 'prefix')
        if (prefix === undefined) throw nonsenseOf('prefix-list', `an entry of ${pathOf(body)} has no prefix`)
        return { ...actionOf(entry, body), prefix, ...(lengths !== undefined && { lengths }) }
      }),
    },
  }),
  create: row => ({
    ...placeOf(row.name),
    ...descriptionOf(row),
    routeDomain: row.fields.routeDomain,
    ...prefixListBody(row),
  }),
  change: row => ({ ...descriptionOf(row), ...prefixListBody(row) }),
  fixed: sameRouteDomain,
}

function prefixListBody({ fields }: Row<'prefix list'>): Body {
  return {
    entries: fields.entries.map(({ sequence, action, prefix, lengths }) => ({
      name: String(sequence),
      action,
      prefix,
      ...(lengths !== undefined && { prefixLenRange: lengths }),
    })),
  }
}

export const routeMap: RestCodec<'route map'> = {
  collection: () => 'net/routing/route-map',
  expanded: true,
  decode: (body: Body) => ({
    kind: 'route map',
    name: pathOf(body),
    ...described(body),
    fields: {
      routeDomain: routeDomainOf(body),
      entries: itemsOf(body, 'entries').map(entry => ({ ...actionOf(entry, body), ...destinationOf(entry, body) })),
    },
  }),
  create: row => ({
    ...placeOf(row.name),
    ...descriptionOf(row),
    routeDomain: row.fields.routeDomain,
    ...routeMapBody(row),
  }),
  change: row => ({ ...descriptionOf(row), ...routeMapBody(row) }),
  fixed: sameRouteDomain,
}

function routeMapBody({ fields }: Row<'route map'>): Body {
  return {
    entries: fields.entries.map(({ sequence, action, destination }) => ({
      name: String(sequence),
      action,
      ...(destination && { match: { [destination.family]: { address: { prefixList: destination.prefixList } } } }),
    })),
  }
}

function destinationOf(entry: Body, map: Body): { destination?: { family: BgpFamily; prefixList: string } } {
  for (const family of FAMILIES) {
    const prefixList = text(within(entry, 'match', family, 'address'), 'prefixList')
    if (prefixList !== undefined) return { destination: { family, prefixList: inPartitionOf(map, prefixList) } }
  }
  return {}
}

function sameRouteDomain(
  { name, fields }: Row<'prefix list'> | Row<'route map'>,
  { fields: before }: Row<'prefix list'> | Row<'route map'>,
): string | undefined {
  if (fields.routeDomain === before.routeDomain) return undefined
  return `${name} cannot move from route domain ${before.routeDomain} to ${fields.routeDomain}: delete it first`
}

function actionOf(entry: Body, of: Body): { sequence: number; action: 'permit' | 'deny' } {
  const sequence = Number(text(entry, 'name'))
  const action = text(entry, 'action')
  if (!Number.isInteger(sequence) || (action !== 'permit' && action !== 'deny'))
    throw nonsenseOf('routing', `an entry of ${pathOf(of)} has no number or action`)
  return { sequence, action }
}
