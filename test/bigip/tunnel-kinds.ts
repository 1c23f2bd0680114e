/** Rows of tunnels: profiles, tunnels, and the FDB that each tunnel has. */
import { isObject, type JsonObject } from '../kube/json.ts'
import { parseMac } from './address.ts'
import type { Box } from './box.ts'
import { address, description, integer, oneOf, reference } from './field.ts'
import type { Entry, Kind } from './kind.ts'
import { keepRouteDomain } from './net-kinds.ts'
import { configurationError, invalidValue, missing, refused } from './rest-error.ts'

const ALL = ['create', 'modify', 'delete'] as const
const VXLAN = '/net/tunnels/vxlan'
const PROFILES = [VXLAN, '/net/tunnels/geneve', '/net/tunnels/tcp-forward']
const FLOODING = ['none', 'multicast', 'multipoint', 'replicator'] as const

const profile = (collection: string, title: string, fields: Kind['fields'] = {}): Kind => ({
  collection,
  title,
  naming: 'folder',
  verbs: ALL,
  synced: (_, { partition }) => partition !== 'LOCAL_ONLY',
  fields: { description, defaultsFrom: reference([collection]), ...fields },
})

const vxlan: Kind = {
  ...profile(VXLAN, 'VXLAN profile', {
    floodingType: oneOf(FLOODING),
    port: integer(1, 65_535),
    encapsulationType: oneOf(['vxlan', 'vxlan-gpe']),
  }),
  check: (box, entry, before) => {
    const base = box.store.get(VXLAN, String(entry.values['defaultsFrom'] ?? '/Common/vxlan'))
    const defaultsFrom: JsonObject = entry.path === '/Common/vxlan' ? {} : { defaultsFrom: '/Common/vxlan' }
    const preset = base?.values ?? { floodingType: 'multicast', port: 4789, encapsulationType: 'vxlan' }
    const { description: _, ...inherited } = preset
    const values: JsonObject = { ...inherited, ...defaultsFrom, ...entry.values }
    const differs = (property: string) => before !== undefined && before.values[property] !== values[property]
    if (differs('floodingType') || differs('port')) {
      const user = box.store.referrers(VXLAN, entry.path).find(({ kind }) => kind === tunnel)
      if (user !== undefined)
        throw configurationError(`profile (${entry.path}) cannot be changed while tunnel (${user.path}) uses it`)
    }
    return { ...entry, values }
  },
}

const ANY = ['any', 'any6']

const tunnel: Kind = {
  collection: '/net/tunnels/tunnel',
  title: 'Tunnel',
  naming: 'folder',
  verbs: ALL,
  fields: {
    description,
    profile: reference(PROFILES, { required: true, fixed: 'changed' }),
    key: integer(0, 0xff_ff_ff, { preset: 0, fixed: 'changed' }),
    localAddress: address({ words: ANY, required: true, fixed: 'changed' }),
    remoteAddress: address({ words: ANY, preset: 'any6', fixed: 'changed' }),
    secondaryAddress: address({ words: ANY, preset: 'any6' }),
    mode: oneOf(['bidirectional', 'inbound', 'outbound'], { preset: 'bidirectional' }),
    mtu: integer(0, 65_535, { preset: 0 }),
    usePmtu: oneOf(['enabled', 'disabled'], { preset: 'enabled' }),
    transparent: oneOf(['enabled', 'disabled'], { preset: 'disabled' }),
    autoLasthop: oneOf(['default', 'enabled', 'disabled'], { preset: 'default' }),
    tos: oneOf(['preserve'], { preset: 'preserve' }),
    trafficGroup: reference(['/cm/traffic-group']),
  },
  synced: (box, { partition }) => box.db('iptunnel.configsync') === 'enable' && partition !== 'LOCAL_ONLY',
  check: (box, entry, before) => ({
    ...entry,
    values: { ...entry.values, mac: before?.values['mac'] ?? box.nextMac() },
  }),
  unique: ({ values }) => {
    const { profile, localAddress, remoteAddress, key } = values
    return ANY.includes(String(localAddress)) ? [] : [`tunnel ${profile} ${localAddress} ${remoteAddress} ${key}`]
  },
  clash: (entry, other) =>
    configurationError(`tunnel (${entry.path}) has the profile, addresses and key of (${other.path})`),
  checkDeletion: (box, entry) => {
    const rows = box.store.count(RECORDS, entry.path)
    if (rows > 0) throw refused('01070712:3', `Tunnel (${entry.path}) cannot be deleted: its FDB has ${rows} records.`)
  },
  changed: (box, before, after) => {
    keepRouteDomain(box, before, after)
    const fdb = before && box.store.get(FDB, before.path)
    if (after === undefined && fdb !== undefined) box.store.remove(fdb)
    if (before === undefined && after !== undefined) box.store.put({ ...after, kind: fdbTunnel, values: {} })
  },
}

const FDB = '/net/fdb/tunnel'
export const RECORDS = '/net/fdb/tunnel/records'

const fdbTunnel: Kind = {
  collection: FDB,
  title: 'FDB of tunnel',
  naming: 'folder',
  verbs: ['modify'],
  fields: { description },
}

const record: Kind = {
  collection: RECORDS,
  title: 'FDB record',
  naming: 'name',
  parent: FDB,
  inline: 'records',
  verbs: ALL,
  fields: { endpoint: address({ explicit: true }) },
  name: name => {
    const mac = parseMac(name)
    if (mac === undefined) throw invalidValue('name', name)
    return mac
  },
  check: (_, entry) => {
    if (entry.values['endpoint'] === undefined)
      throw configurationError(`the FDB record (${entry.path}) of tunnel (${entry.parent}) has an empty entry`)
    return entry
  },
}

export const tunnelKinds: readonly Kind[] = [
  vxlan,
  profile(PROFILES[1]!, 'Geneve profile'),
  profile(PROFILES[2]!, 'TCP forward profile'),
  tunnel,
  fdbTunnel,
  record,
]

/** Flooding and port of the profile that a tunnel has; undefined for tunnels of another kind. */
export function vxlanOf(
  box: Box,
  { values }: Entry,
): { flooding: (typeof FLOODING)[number]; port: number } | undefined {
  const profile = box.store.get(VXLAN, String(values['profile']))
  if (!isObject(profile?.values)) return undefined
  const flooding = FLOODING.find(one => one === profile.values['floodingType'])
  if (flooding === undefined) throw missing('flooding-type')
  return { flooding, port: Number(profile.values['port']) }
}
