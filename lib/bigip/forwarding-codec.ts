/** Static ARP and NDP entries, routes, and the journal's data-group as rows ↔ bodies (reference: §3.7). Pure. */
import { readMac } from './normal.ts'
import type { RouteDomains } from './route-domains.ts'
import type { Row } from './row.ts'
import { type Body, descriptionOf, Item, placeOf, type RowCodec } from './row-codec.ts'

type ForwardingKind = 'ARP' | 'NDP' | 'route' | 'data group'

export function forwardingCodecs(domains: RouteDomains): { readonly [K in ForwardingKind]: RowCodec<K> } {
  const neighbor = <K extends 'ARP' | 'NDP'>(kind: K, collection: string): RowCodec<K> => ({
    collection: () => collection,
    decode(body) {
      const item = new Item(kind, body)
      const { head } = item
      const fields = {
        ipAddress: domains.address(item.text('ipAddress'), head.name),
        macAddress: readMac(item.text('macAddress')),
      }
      return { kind, ...head, fields } as Row<K>
    },
    create: row => ({
      ...placeOf(row.name),
      ...descriptionOf(row),
      ipAddress: domains.writtenAddress(row.fields.ipAddress, row.name),
      macAddress: row.fields.macAddress,
    }),
    change: row => ({ ...descriptionOf(row), macAddress: row.fields.macAddress }),
  })
  const nextHop = ({ name, fields: { gateway, interface: tunnel } }: Row<'route'>): Body => ({
    ...(gateway !== undefined && { gw: domains.writtenAddress(gateway, name) }),
    ...(tunnel !== undefined && { tmInterface: tunnel }),
  })

  return {
    ARP: neighbor('ARP', 'net/arp'),
    NDP: neighbor('NDP', 'net/ndp'),
    route: {
      collection: () => 'net/route',
      decode(body) {
        const item = new Item('route', body)
        const { head } = item
        const [gateway, through] = [item.optional('gw', 'none'), item.optional('tmInterface', 'none')]
        return {
          kind: 'route',
          ...head,
          fields: {
            network: domains.network(item.text('network'), head.name),
            ...(gateway !== undefined && { gateway: domains.address(gateway, head.name) }),
            ...(through !== undefined && { interface: through }),
          },
        }
      },
      create: row => ({
        ...placeOf(row.name),
        ...descriptionOf(row),
        network: domains.writtenNetwork(row.fields.network, row.name),
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
