/** Rows of local traffic, as far as networking has to do with it: virtual addresses and servers, SNAT pools, data-groups. */
import type { Json } from '../kube/json.ts'
import { parseRouted, renderRouted, routedOf, shown, withoutDomain } from './address.ts'
import { address, description, type Field, integer, list, oneOf, record, reference, text } from './field.ts'
import type { Entry, Kind } from './kind.ts'
import { invalidValue, refused } from './rest-error.ts'

const ALL = ['create', 'modify', 'delete'] as const
const synced: NonNullable<Kind['synced']> = (_, { partition }) => partition !== 'LOCAL_ONLY'

const virtualAddress: Kind = {
  collection: '/ltm/virtual-address',
  title: 'Virtual Address',
  naming: 'folder',
  verbs: ALL,
  synced,
  fields: {
    description,
    address: address({ words: ['any', 'any6'], required: true, fixed: 'changed' }),
    mask: text(),
    routeAdvertisement: oneOf(['disabled', 'enabled', 'always', 'selective', 'any', 'all'], { preset: 'disabled' }),
    serverScope: oneOf(['any', 'all', 'none'], { preset: 'any' }),
    arp: oneOf(['enabled', 'disabled'], { preset: 'enabled' }),
    icmpEcho: oneOf(['enabled', 'disabled', 'selective', 'always', 'any', 'all'], { preset: 'enabled' }),
    spanning: oneOf(['enabled', 'disabled'], { preset: 'disabled' }),
    enabled: oneOf(['yes', 'no'], { preset: 'yes' }),
    autoDelete: oneOf(['true', 'false'], { preset: 'true' }),
    trafficGroup: reference(['/cm/traffic-group'], { preset: '/Common/traffic-group-1' }),
    unit: integer(0, 15, { preset: 1 }),
  },
  unique: ({ values }) => [`virtual address ${values['address']}`],
  clash: ({ values }) =>
    refused(
      '0107176c:3',
      `Invalid Virtual Address, the IP address ${withoutDomain(values['address'])} already exists.`,
    ),
  checkDeletion: (box, entry) => {
    const user = box.store
      .list('/ltm/virtual')
      .find(({ values }) => destinationOf(values['destination']) === entry.values['address'])
    if (user !== undefined)
      throw refused('01070321:3', `Virtual address ${entry.path} is still referenced by virtual server ${user.path}.`)
  },
}

const truth: Field = {
  parse: (value, property) => {
    if (typeof value !== 'boolean') throw invalidValue(property, value)
    return value
  },
}

const DESTINATION = /^(\/[^/]+(?:\/[^/]+)*\/)?([^/]+?)[.:](\d+|any)$/

/** `/Common/10.1.1.1%20:80`, `/Common/2001:db8::1.80`: the id is there in the stored form. */
const destination: Field = {
  required: true,
  parse: (value, property, { partition, routeDomain }) => {
    const [, folder = `/${partition}/`, host = '', port] = DESTINATION.exec(String(value)) ?? []
    const routed = parseRouted(host, routeDomain)
    if (routed === undefined) throw invalidValue(property, value)
    return `${folder}${renderRouted(routed)}${routed.family === 4 ? ':' : '.'}${port}`
  },
  render: (stored, { routeDomain }) => shown(stored, routeDomain),
}

/** The address in stored form. */
export function destinationOf(stored: Json | undefined): string {
  return DESTINATION.exec(String(stored))?.[2] ?? ''
}

const virtual: Kind = {
  collection: '/ltm/virtual',
  title: 'Virtual Server',
  naming: 'folder',
  verbs: ALL,
  synced,
  fields: {
    description,
    destination,
    mask: text(),
    source: text({ preset: '0.0.0.0/0' }),
    ipProtocol: oneOf(['tcp', 'udp', 'any', 'sctp'], { preset: 'tcp' }),
    pool: text(),
    profiles: list(text()),
    sourceAddressTranslation: record(
      { type: oneOf(['none', 'automap', 'snat'], { preset: 'none' }), pool: reference(['/ltm/snatpool']) },
      { preset: {} },
    ),
    translateAddress: oneOf(['enabled', 'disabled'], { preset: 'enabled' }),
    translatePort: oneOf(['enabled', 'disabled'], { preset: 'enabled' }),
    enabled: truth,
    disabled: truth,
  },
  // one of the two is there, and always true
  check: (_, entry, before) => {
    const { enabled, disabled, ...values } = entry.values
    const isOff = before?.values['disabled'] === true ? enabled !== true : disabled === true
    return { ...entry, values: { ...values, ...(isOff ? { disabled: true } : { enabled: true }) } }
  },
  references: ({ values }) => {
    const { pool } = (values['sourceAddressTranslation'] ?? {}) as { pool?: string }
    return pool === undefined ? [] : [{ collections: ['/ltm/snatpool'], path: pool }]
  },
  unique: ({ values }) => [`virtual ${values['destination']} ${values['ipProtocol']}`],
  clash: (entry, other) =>
    refused('01070333:3', `Virtual Server ${entry.path} illegally shares destination address with ${other.path}.`),
  changed: (box, _, after) => {
    const address = destinationOf(after?.values['destination'])
    if (after === undefined || box.store.owner(`virtual address ${address}`) !== undefined) return
    const name = shown(address, box.defaultRouteDomain(after.partition))
    box.store.put(virtualAddressOf(after, name, address))
  },
}

/** The one that a virtual server brings along. */
function virtualAddressOf(server: Entry, name: string, address: string): Entry {
  const { family } = routedOf(address)
  const values: Record<string, Json> = { address, mask: family === 4 ? '255.255.255.255' : 'any6' }
  for (const [property, { preset }] of Object.entries(virtualAddress.fields))
    if (preset !== undefined) values[property] = preset
  return { ...server, kind: virtualAddress, path: `/${server.partition}/${name}`, name, values }
}

const snatPool: Kind = {
  collection: '/ltm/snatpool',
  title: 'SNAT Pool',
  naming: 'folder',
  verbs: ALL,
  synced,
  fields: { description, members: list(reference(['/ltm/snat-translation']), { required: true }) },
  changed: (box, _, after) => {
    // a member that is an address brings its translation along
    for (const path of (after?.values['members'] ?? []) as string[]) {
      const routed = parseRouted(path.split('/').at(-1)!)
      if (routed === undefined || box.store.get('/ltm/snat-translation', path) !== undefined) continue
      const values = { address: renderRouted(routed), enabled: true }
      box.store.put({ ...after!, kind: snatTranslation, path, name: path.split('/').at(-1)!, values })
    }
  },
}

const snatTranslation: Kind = {
  collection: '/ltm/snat-translation',
  title: 'SNAT Translation',
  naming: 'folder',
  verbs: ALL,
  synced,
  fields: { description, address: address({ required: true, fixed: 'changed' }), enabled: truth },
}

const dataGroup: Kind = {
  collection: '/ltm/data-group/internal',
  title: 'Data Group',
  naming: 'folder',
  verbs: ALL,
  synced,
  fields: {
    description,
    type: oneOf(['string', 'ip', 'integer'], { required: true, fixed: 'changed' }),
    records: list(record({ name: text({ required: true }), data: text() })),
  },
  check: (_, entry) => {
    const records = entry.values['records'] as { name: string }[] | undefined
    if (records === undefined) return entry
    const names = new Set(records.map(({ name }) => name))
    if (names.size < records.length) throw invalidValue('records', 'a name is there twice')
    return { ...entry, values: { ...entry.values, records: records.toSorted((a, b) => (a.name < b.name ? -1 : 1)) } }
  },
}

export const ltmKinds: readonly Kind[] = [virtualAddress, snatTranslation, snatPool, virtual, dataGroup]
