/** VXLAN profiles, tunnels, their self IPs and FDB records as rows ↔ bodies of iControl REST (reference: §3.6, §4.9). Pure. */
import { readMac } from './normal.ts'
import { subcollectionPath } from './path.ts'
import type { RouteDomains } from './route-domains.ts'
import type { Row, RowFields } from './row.ts'
import { type Body, descriptionOf, Item, placeOf, type RowCodec } from './row-codec.ts'

type TunnelKind = 'vxlan profile' | 'tunnel' | 'self IP' | 'FDB record'

/** As the device words an address that is not set. */
const NOWHERE = ['any', 'any6', 'none', '::', '0.0.0.0']

/** The tunnels of all kinds, as the table of their FDB records knows them. */
export const FDB_TUNNELS = 'net/fdb/tunnel'

export function tunnelCodecs(domains: RouteDomains): { readonly [K in TunnelKind]: RowCodec<K> } {
  const address = (item: Item, field: string): string | undefined => {
    const text = item.optional(field)
    const found = text === undefined ? undefined : domains.address(text, item.head.name)
    return found === undefined || NOWHERE.includes(found.split('%')[0]!) ? undefined : found
  }
  const write = (text: string, path: string) => domains.writtenAddress(text, path)
  const tunnel = ({ name, fields }: Row<'tunnel'>): Body => ({
    ...(fields.secondaryAddress !== undefined && { secondaryAddress: write(fields.secondaryAddress, name) }),
    ...(fields.remoteAddress !== undefined && { remoteAddress: write(fields.remoteAddress, name) }),
    ...(fields.mtu !== undefined && { mtu: fields.mtu }),
    ...(fields.trafficGroup !== undefined && { trafficGroup: fields.trafficGroup }),
  })

  return {
    'vxlan profile': {
      collection: () => 'net/tunnels/vxlan',
      decode(body) {
        const item = new Item('vxlan profile', body)
        const floodingType = item.text('floodingType') as RowFields['vxlan profile']['floodingType']
        return { kind: 'vxlan profile', ...item.head, fields: { floodingType, port: item.number('port') } }
      },
      create: row => ({
        ...placeOf(row.name),
        ...descriptionOf(row),
        defaultsFrom: '/Common/vxlan',
        ...row.fields,
      }),
      change: descriptionOf,
    },
    tunnel: {
      collection: () => 'net/tunnels/tunnel',
      decode(body) {
        const item = new Item('tunnel', body)
        const [secondaryAddress, remoteAddress] = [address(item, 'secondaryAddress'), address(item, 'remoteAddress')]
        const trafficGroup = item.optional('trafficGroup', 'none', '/Common/none')
        const mtu = item.value('mtu') === undefined ? 0 : item.number('mtu')
        const key = item.value('key') === undefined ? 0 : item.number('key')
        return {
          kind: 'tunnel',
          ...item.head,
          fields: {
            profile: item.text('profile'),
            key,
            localAddress: address(item, 'localAddress') ?? 'any',
            ...(secondaryAddress !== undefined && { secondaryAddress }),
            ...(remoteAddress !== undefined && { remoteAddress }),
            ...(mtu !== 0 && { mtu }),
            ...(trafficGroup !== undefined && { trafficGroup }),
          },
        }
      },
      create(row) {
        const { profile, key } = row.fields
        const localAddress = write(row.fields.localAddress, row.name)
        return {
          ...placeOf(row.name),
          ...descriptionOf(row),
          profile,
          key,
          localAddress,
          // outside of route domain 0 it has to be said (reference: §3.5)
          ...(localAddress.includes('%') && { remoteAddress: localAddress.includes(':') ? 'any6' : 'any' }),
          ...tunnel(row),
        }
      },
      change: row => ({ ...descriptionOf(row), ...tunnel(row) }),
    },
    'self IP': {
      collection: () => 'net/self',
      decode(body) {
        const item = new Item('self IP', body)
        const trafficGroup = item.optional('trafficGroup', 'none')
        return {
          kind: 'self IP',
          ...item.head,
          fields: {
            address: domains.network(item.text('address'), item.head.name),
            vlan: item.text('vlan'),
            ...(trafficGroup !== undefined && { trafficGroup }),
            allowService: readServices(item.value('allowService')),
          },
        }
      },
      create(row) {
        const { address, vlan, trafficGroup, allowService } = row.fields
        return {
          ...placeOf(row.name),
          ...descriptionOf(row),
          address: domains.writtenNetwork(address, row.name),
          vlan,
          ...(trafficGroup !== undefined && { trafficGroup }),
          allowService: writeServices(allowService),
        }
      },
      change(row) {
        const { trafficGroup, allowService } = row.fields
        return {
          ...descriptionOf(row),
          ...(trafficGroup !== undefined && { trafficGroup }),
          allowService: writeServices(allowService),
        }
      },
    },
    'FDB record': {
      collection: parent => subcollectionPath(FDB_TUNNELS, parent ?? '', 'records'),
      decode(body, parent = '') {
        const item = new Item('FDB record', body)
        const endpoint = domains.address(item.text('endpoint'), parent)
        return { kind: 'FDB record', name: readMac(item.text('name')), parent, fields: { endpoint } }
      },
      create: row => ({ name: row.name, endpoint: write(row.fields.endpoint, row.parent ?? '') }),
      change: row => ({ endpoint: write(row.fields.endpoint, row.parent ?? '') }),
    },
  }
}

function readServices(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(String).sort()
  return typeof value === 'string' ? [value] : ['none']
}

function writeServices(services: readonly string[]): unknown {
  return services.length === 1 && (services[0] === 'all' || services[0] === 'none') ? services[0] : services
}
