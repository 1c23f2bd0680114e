/** Static ARP and NDP entries, routes, and the journal's data-group as rows ↔ bodies (reference: §3.7). Pure. */
import { readAddress, readMac, readNetwork, writeAddress, writeNetwork } from './normal.ts'
import type { Row } from './row.ts'
import { type Body, descriptionOf, Item, placeOf, type RowCodec } from './row-codec.ts'

type ForwardingKind = 'ARP' | 'NDP' | 'route' | 'data group'

/** @param routeDomain the default one of our partition */
export function forwardingCodecs(routeDomain: number): { readonly [K in ForwardingKind]: RowCodec<K> } {
  const neighbor = <K extends 'ARP' | 'NDP'>(kind: K, collection: string): RowCodec<K> => ({
    collection: () => collection,
    decode(body) {
      const item = new Item(kind, body)
      const fields = {
        ipAddress: readAddress(item.text('ipAddress'), routeDomain),
        macAddress: readMac(item.text('macAddress')),
      }
      return { kind, ...item.head, fields } as Row<K>
    },
    create: row => ({
      ...placeOf(row.name),
      ...descriptionOf(row),
      ipAddress: writeAddress(row.fields.ipAddress, routeDomain),
      macAddress: row.fields.macAddress,
    }),
    change: row => ({ ...descriptionOf(row), macAddress: row.fields.macAddress }),
  })
  const nextHop = ({ fields: { gateway, interface: tunnel } }: Row<'route'>): Body => ({
    ...(gateway !== undefined && { gw: writeAddress(gateway, routeDomain) }),
    ...(tunnel !== undefined && { tmInterface: tunnel }),
  })

  return {
    ARP: neighbor('ARP', 'net/arp'),
    NDP: neighbor('NDP', 'net/ndp'),
    route: {
      collection: () => 'net/route',
      decode(body) {
        const item = new Item('route', body)
        const [gateway, through] = [item.optional('gw', 'none'), item.optional('tmInterface', 'none')]
        return {
          kind: 'route',
          ...item.head,
          fields: {
            network: readNetwork(item.text('network'), routeDomain),
            ...(gateway !== undefined && { gateway: readAddress(gateway, routeDomain) }),
            ...(through !== undefined && { interface: through }),
          },
        }
      },
      create: row => ({
        ...placeOf(row.name),
        ...descriptionOf(row),
        network: writeNetwork(row.fields.network, routeDomain),
        ...nextHop(row),
      }),
      change: row => ({ ...descriptionOf(row), ...nextHop(row) }),
    },
    'data group': {
      collection: () => 'ltm/data-group/internal',
      decode(body) {
        const item = new Item('data group', body)
        const records = item.value('records')
        const names = Array.isArray(records) ? records.map(record => new Item('data group', record).text('name')) : []
        return { kind: 'data group', ...item.head, fields: { records: names.sort() } }
      },
      create: row => ({
        ...placeOf(row.name),
        ...descriptionOf(row),
        type: 'string',
        records: row.fields.records.map(name => ({ name })),
      }),
      change: row => ({ ...descriptionOf(row), records: row.fields.records.map(name => ({ name })) }),
    },
  }
}
