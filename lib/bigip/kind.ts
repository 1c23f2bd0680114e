/**
 * The table of kinds: what the plan needs to know of each beside its fields. Pure; how rows look on the wire is in the codecs.
 * A new kind is one entry here, one codec, and its fields in row.ts.
 */
import { restCodecs } from './routing/rest.ts'
import type { Kind, Row, RowFields, RowName } from './row.ts'

export interface KindFacts<K extends Kind> {
  /** Place in the order of creation: everything that a row refers to has a lower one. Rows of one level go side by side. */
  readonly level: number
  /**
   * How ours are told: by `name and tag`; by `tag` where names are addresses; by `journal` where there is no description; or
   * it is a `field` of somebody else's object, which is set but never created nor deleted.
   */
  readonly owner: 'name and tag' | 'tag' | 'journal' | 'field'
  /** The kind of the object that holds it. */
  readonly parent?: Kind
  /** Whether a change of it is saved on the device at once. */
  readonly structural: boolean
  /** How a change that no PATCH can make is made: at once, or only with an operator's word, for it interrupts traffic. */
  readonly recreate: 'at once' | 'by word'
  /** What a device has only one of, beside the name. */
  unique?(row: Row<K>): string
  /** Whether a row of ours that has the unique text of a wanted one under another name keeps its name. */
  readonly keepsName: boolean
  /** The objects that it needs. */
  references(row: Row<K>): readonly RowName[]
  /** Why no PATCH can make this change; undefined: one can. */
  fixed(row: Row<K>, before: Row<K>): string | undefined
  /** As tmsh calls it: `net arp`. */
  readonly tmsh: string
}

const none: readonly RowName[] = []
const never = () => undefined

const neighbor = {
  level: 3,
  owner: 'name and tag',
  structural: false,
  recreate: 'at once',
  keepsName: true,
  references: () => none,
} as const
const uniqueAddress = ({ fields }: Row<'ARP'> | Row<'NDP'>) => fields.ipAddress

const routing = {
  owner: 'name and tag',
  structural: true,
  recreate: 'by word',
  keepsName: false,
} as const

export const KINDS: { readonly [K in Kind]: KindFacts<K> } = {
  'vxlan profile': {
    level: 0,
    owner: 'name and tag',
    structural: true,
    recreate: 'by word',
    keepsName: false,
    references: () => none,
    fixed: (row, before) => changed(row, before, ['floodingType', 'port']),
    tmsh: 'net tunnels vxlan',
  },
  'data group': {
    level: 0,
    owner: 'name and tag',
    structural: true,
    recreate: 'at once',
    keepsName: false,
    references: () => none,
    fixed: never,
    tmsh: 'ltm data-group internal',
  },
  tunnel: {
    level: 1,
    owner: 'name and tag',
    structural: true,
    recreate: 'by word',
    unique: ({ fields }) => `${fields.localAddress} ${fields.key}`,
    keepsName: false,
    references: ({ fields }) => [{ kind: 'vxlan profile', name: fields.profile }],
    fixed: (row, before) => changed(row, before, ['profile', 'key', 'localAddress', 'remoteAddress']),
    tmsh: 'net tunnels tunnel',
  },
  'self IP': {
    level: 2,
    owner: 'name and tag',
    structural: true,
    recreate: 'at once',
    unique: ({ fields }) => fields.address.slice(0, fields.address.indexOf('/')),
    keepsName: true,
    // or a VLAN, which is never among rows
    references: ({ fields }) => [{ kind: 'tunnel', name: fields.vlan }],
    fixed: (row, before) => changed(row, before, ['address', 'vlan']),
    tmsh: 'net self',
  },
  'FDB record': {
    level: 3,
    owner: 'journal',
    parent: 'tunnel',
    structural: false,
    recreate: 'at once',
    keepsName: false,
    references: ({ parent }) => holder('tunnel', parent),
    fixed: never,
    tmsh: 'net fdb tunnel',
  },
  ARP: {
    ...neighbor,
    unique: uniqueAddress,
    fixed: (row, before) => changed(row, before, ['ipAddress']),
    tmsh: 'net arp',
  },
  NDP: {
    ...neighbor,
    unique: uniqueAddress,
    fixed: (row, before) => changed(row, before, ['ipAddress']),
    tmsh: 'net ndp',
  },
  route: {
    level: 3,
    owner: 'name and tag',
    structural: false,
    recreate: 'at once',
    unique: ({ fields }) => fields.network,
    keepsName: true,
    references: ({ fields }) => (fields.interface === undefined ? none : [{ kind: 'tunnel', name: fields.interface }]),
    fixed: fixedOfRoute,
    tmsh: 'net route',
  },
  'prefix list': {
    ...routing,
    level: 4,
    references: () => none,
    fixed: (row, before) => restCodecs['prefix list'].fixed(row, before),
    tmsh: 'net routing prefix-list',
  },
  'route map': {
    ...routing,
    level: 5,
    references: ({ fields }) =>
      fields.entries.flatMap(({ destination }) =>
        destination === undefined ? [] : [{ kind: 'prefix list', name: destination.prefixList }],
      ),
    fixed: (row, before) => restCodecs['route map'].fixed(row, before),
    tmsh: 'net routing route-map',
  },
  BGP: {
    ...routing,
    level: 6,
    references: ({ fields }) =>
      fields.redistribute.flatMap(({ routeMap }) =>
        routeMap === undefined ? [] : [{ kind: 'route map', name: routeMap }],
      ),
    fixed: (row, before) => restCodecs.BGP.fixed(row, before),
    tmsh: 'net routing bgp',
  },
  'BGP peer group': {
    ...routing,
    level: 7,
    parent: 'BGP',
    references: ({ parent }) => holder('BGP', parent),
    fixed: (row, before) => restCodecs['BGP peer group'].fixed(row, before),
    tmsh: 'net routing bgp',
  },
  'BGP neighbor': {
    ...routing,
    level: 8,
    owner: 'tag',
    parent: 'BGP',
    references: ({ parent, fields: { peerGroup } }) => [
      ...holder('BGP', parent),
      ...(peerGroup === undefined || parent === undefined
        ? none
        : ([{ kind: 'BGP peer group', name: peerGroup, parent }] as const)),
    ],
    fixed: (row, before) => restCodecs['BGP neighbor'].fixed(row, before),
    tmsh: 'net routing bgp',
  },
  'route advertisement': {
    level: 9,
    owner: 'field',
    structural: false,
    recreate: 'by word',
    keepsName: false,
    references: () => none,
    fixed: never,
    tmsh: 'ltm virtual-address',
  },
}

/** In the order of creation. */
export const KIND_NAMES = (Object.keys(KINDS) as Kind[]).sort((one, other) => KINDS[one].level - KINDS[other].level)

/** The facts of a row's kind, for callers that do not know which one it is. */
export function factsOf(kind: Kind): KindFacts<Kind> {
  return KINDS[kind] as unknown as KindFacts<Kind>
}

export function isDescribable(kind: Kind): boolean {
  return KINDS[kind].owner === 'name and tag' || KINDS[kind].owner === 'tag'
}

function holder(kind: Kind, parent: string | undefined): readonly RowName[] {
  return parent === undefined ? none : [{ kind, name: parent }]
}

function changed<K extends Kind>(
  row: Row<K>,
  before: Row<K>,
  fields: readonly (keyof RowFields[K])[],
): string | undefined {
  const [wanted, found] = [row.fields as RowFields[K], before.fields as RowFields[K]]
  const field = fields.find(one => wanted[one] !== undefined && wanted[one] !== found[one])
  return field === undefined
    ? undefined
    : `${String(field)} is fixed when it is made: it is ${found[field]}, not ${wanted[field]}`
}

function fixedOfRoute(row: Row<'route'>, before: Row<'route'>): string | undefined {
  const way = ({ gateway, interface: through }: RowFields['route']) =>
    gateway !== undefined ? 'a gateway' : through !== undefined ? 'an interface' : 'neither gateway nor interface'
  const [wanted, found] = [way(row.fields), way(before.fields)]
  if (wanted !== found) return `it leads through ${found}, not ${wanted}`
  return changed(row, before, ['network'])
}
