/**
 * The BGP kinds as rows ↔ bodies of `/mgmt/tm/net/routing/…` (tmos mode), and the one field of virtual addresses. Normal form
 * on read: the family `all` is both, what is at its default is filled in or absent, names of others are full paths, neighbours
 * go without `%id`. Pure; who asks and writes is elsewhere.
 */
import { nonsenseOf } from '../fault.ts'
import { readAddress } from '../normal.ts'
import { subcollectionPath } from '../path.ts'
import type { Kind, Row, RowFields } from '../row.ts'
import { type Body, descriptionOf, placeOf, type RowCodec } from '../row-codec.ts'
import { described, inPartitionOf, integer, itemsOf, nameOf, pathOf, routeDomainOf, text, within } from './body.ts'
import { type BgpFamily, FAMILIES } from './family.ts'
import { prefixList, routeMap } from './rest-lists.ts'

export type RoutingKind = Extract<
  Kind,
  'prefix list' | 'route map' | 'BGP' | 'BGP peer group' | 'BGP neighbor' | 'route advertisement'
>

export interface RestCodec<K extends Kind> extends RowCodec<K> {
  /** Why no PATCH can make this change, as a sentence with its cost; undefined: one can. */
  fixed(row: Row<K>, before: Row<K>): string | undefined
}

const ROUTING = 'net/routing'
/** Seconds, as the next: where the device says nothing. */
export const HOLD_TIME = 90
export const KEEPALIVE_TIME = 30

const bgp: RestCodec<'BGP'> = {
  collection: () => `${ROUTING}/bgp`,
  decode(body: Body) {
    const routerId = text(body, 'routerId')
    const gracefulRestartTime = integer(within(body, 'gracefulRestart'), 'restartTime')
    const asNumber = integer(body, 'localAs')
    if (asNumber === undefined) throw nonsenseOf('bgp', `${pathOf(body)} has no localAs`)
    return {
      kind: 'BGP',
      name: pathOf(body),
      ...described(body),
      fields: {
        asNumber,
        // what the device chooses by itself is written so
        ...(routerId !== undefined && routerId !== 'any6' && routerId !== 'any' && { routerId }),
        routeDomain: routeDomainOf(body),
        holdTime: integer(body, 'holdTime') ?? HOLD_TIME,
        keepaliveTime: integer(body, 'keepAlive') ?? KEEPALIVE_TIME,
        ...(gracefulRestartTime !== undefined && gracefulRestartTime > 0 && { gracefulRestartTime }),
        redistribute: redistributionOf(body),
      },
    }
  },
  create: row => ({
    ...placeOf(row.name),
    ...descriptionOf(row),
    localAs: row.fields.asNumber,
    routeDomain: row.fields.routeDomain,
    ...processBody(row),
  }),
  change: row => ({ ...descriptionOf(row), ...processBody(row) }),
  fixed({ name, fields }, { fields: before }) {
    if (fields.asNumber !== before.asNumber)
      return `the AS number of ${name} is ${before.asNumber} and cannot become ${fields.asNumber}: the BGP process has to be deleted and made again, and all its sessions end`
    if (fields.routeDomain === before.routeDomain) return undefined
    return `${name} cannot move from route domain ${before.routeDomain} to ${fields.routeDomain}: it has to be deleted and made again, and all its sessions end`
  },
}

function processBody({ fields }: Row<'BGP'>): Body {
  const { routerId, holdTime, keepaliveTime, gracefulRestartTime = 0, redistribute } = fields
  return {
    ...(routerId !== undefined && { routerId }),
    keepAlive: keepaliveTime,
    holdTime,
    gracefulRestart: { restartTime: gracefulRestartTime },
    addressFamily: FAMILIES.map(name => {
      const told = redistribute.find(({ family }) => family === name)
      return { name, redistribute: told === undefined ? [] : [{ name: 'kernel', ...routeMapOf(told) }] }
    }),
  }
}

function routeMapOf({ routeMap }: { readonly routeMap?: string }): { routeMap?: string } {
  return routeMap === undefined ? {} : { routeMap }
}

function redistributionOf(body: Body): RowFields['BGP']['redistribute'] {
  const found = new Map<BgpFamily, string | undefined>()
  for (const { family, entry } of familyEntries(body))
    for (const source of itemsOf(entry, 'redistribute')) {
      const routeMap = text(source, 'routeMap')
      const isKernel = text(source, 'name') === 'kernel'
      if (isKernel) found.set(family, routeMap === undefined ? undefined : inPartitionOf(body, routeMap))
    }
  return FAMILIES.filter(family => found.has(family)).map(family => {
    const routeMap = found.get(family)
    return { family, ...(routeMap !== undefined && { routeMap }) }
  })
}

const peerGroup: RestCodec<'BGP peer group'> = {
  collection: parent => subcollectionPath(`${ROUTING}/bgp`, owner(parent), 'peer-group'),
  decode: (body: Body, parent) => ({
    kind: 'BGP peer group',
    name: nameOf(body),
    parent: owner(parent),
    ...described(body),
    fields: { asNumber: integer(body, 'remoteAs') ?? 0, families: activeFamilies(body) },
  }),
  create: row => ({ name: row.name, ...descriptionOf(row), remoteAs: row.fields.asNumber, ...activation(row.fields) }),
  change: row => ({ ...descriptionOf(row), remoteAs: row.fields.asNumber, ...activation(row.fields) }),
  fixed: ({ name, fields }, { fields: before }) =>
    fields.asNumber === before.asNumber && String(fields.families) === String(before.families)
      ? undefined
      : `peer group ${name} cannot be changed while it has members: they have to leave it first, and their sessions end`,
}

const neighbor: RestCodec<'BGP neighbor'> = {
  collection: parent => subcollectionPath(`${ROUTING}/bgp`, owner(parent), 'neighbor'),
  decode(body: Body, parent) {
    const group = text(body, 'peerGroup')
    const asNumber = integer(body, 'remoteAs')
    const ebgpMultihop = integer(body, 'ebgpMultihop')
    return {
      kind: 'BGP neighbor',
      name: readAddress(nameOf(body).replace(/%\d+$/, ''), 0),
      parent: owner(parent),
      ...described(body),
      fields: {
        ...(group !== undefined && group !== 'none' && { peerGroup: group.slice(group.lastIndexOf('/') + 1) }),
        // with a group the AS is the group's, and shown or not
        ...((group === undefined || group === 'none') && asNumber !== undefined && asNumber !== 0 && { asNumber }),
        ...(ebgpMultihop !== undefined && ebgpMultihop > 1 && { ebgpMultihop }),
        families: activeFamilies(body),
      },
    }
  },
  create: row => ({ name: row.name, ...descriptionOf(row), ...neighborBody(row) }),
  change: row => ({ ...descriptionOf(row), ...neighborBody(row) }),
  fixed: () => undefined,
}

function neighborBody({ fields }: Row<'BGP neighbor'>): Body {
  const { peerGroup, asNumber, ebgpMultihop = 1 } = fields
  return {
    ...(peerGroup !== undefined && { peerGroup }),
    ...(asNumber !== undefined && { remoteAs: asNumber }),
    ebgpMultihop,
    ...activation(fields),
  }
}

function activation({ families }: { readonly families: readonly BgpFamily[] }): Body {
  const entry = (name: BgpFamily) => ({ name, activate: families.includes(name) ? 'enabled' : 'disabled' })
  return { addressFamily: FAMILIES.map(entry) }
}

/** An entry without a word on it is active, and so is IPv4 without an entry. */
function activeFamilies(body: Body): BgpFamily[] {
  const entries = familyEntries(body)
  if (entries.length === 0) return ['ipv4']
  const active = entries.filter(({ entry }) => text(entry, 'activate') !== 'disabled').map(({ family }) => family)
  return FAMILIES.filter(family => active.includes(family))
}

function familyEntries(body: Body): { readonly family: BgpFamily; readonly entry: Body }[] {
  return itemsOf(body, 'addressFamily').flatMap(entry => {
    const name = text(entry, 'name')
    return FAMILIES.filter(family => name === family || name === 'all').map(family => ({ family, entry }))
  })
}

const MODES = ['disabled', 'enabled', 'always', 'selective', 'any', 'all'] as const

const advertisement: RestCodec<'route advertisement'> = {
  collection: () => 'ltm/virtual-address',
  decode(body: Body) {
    const mode = MODES.find(word => word === text(body, 'routeAdvertisement')) ?? 'disabled'
    return { kind: 'route advertisement', name: pathOf(body), ...described(body), fields: { mode } }
  },
  create({ name }) {
    throw new TypeError(`${name} is not ours to create`)
  },
  change: ({ fields }) => ({ routeAdvertisement: fields.mode }),
  fixed: () => undefined,
}

export const restCodecs: { readonly [K in RoutingKind]: RestCodec<K> } = {
  'prefix list': prefixList,
  'route map': routeMap,
  BGP: bgp,
  'BGP peer group': peerGroup,
  'BGP neighbor': neighbor,
  'route advertisement': advertisement,
}

function owner(parent: string | undefined): string {
  if (parent === undefined) throw new TypeError('peer groups and neighbours live in a BGP process')
  return parent
}
