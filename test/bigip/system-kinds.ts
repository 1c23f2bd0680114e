/** Rows of the machine itself: folders, partitions, traffic groups, database variables. */
import type { Box } from './box.ts'
import { description, integer, oneOf, text } from './field.ts'
import type { Entry, Kind } from './kind.ts'
import { configurationError, invalidValue, notFound, refused } from './rest-error.ts'
import { checkTmosRouting, dropRouting, ROUTING_VARIABLE } from './routing-mode.ts'

const ALL = ['create', 'modify', 'delete'] as const

const folder: Kind = {
  collection: '/sys/folder',
  title: 'folder',
  naming: 'folder',
  verbs: ALL,
  fields: {
    description,
    deviceGroup: text(),
    trafficGroup: text({ preset: '/Common/traffic-group-1' }),
    inheritedDevicegroup: oneOf(['true', 'false'], { preset: 'true' }),
    inheritedTrafficGroup: oneOf(['true', 'false'], { preset: 'true' }),
    noRefCheck: oneOf(['true', 'false'], { preset: 'false' }),
    hidden: oneOf(['true', 'false'], { preset: 'false' }),
  },
  synced: (_, { path }) => !path.startsWith('/LOCAL_ONLY'),
  checkDeletion: (box, { path }) => checkEmpty(box, path),
  changed: (box, before, after) => {
    const one = (before ?? after)!
    const isTop = one.path.lastIndexOf('/') === 0
    const view = box.store.get('/auth/partition', one.name)
    if (isTop && after === undefined && view !== undefined) box.store.remove(view)
    if (isTop && after !== undefined && view === undefined) {
      const values = { defaultRouteDomain: 0 }
      box.store.put({ ...after, kind: partition, path: after.name, partition: '', values })
    }
  },
}

function checkEmpty(box: Box, path: string): void {
  const inside = box.store
    .snapshot()
    .find(({ kind, path: other }) => kind.naming === 'folder' && other.startsWith(`${path}/`))
  if (inside !== undefined)
    throw refused(
      '01070829:5',
      `Input error: All objects must be removed from a partition before it is removed (${path})`,
    )
}

const partition: Kind = {
  collection: '/auth/partition',
  title: 'Partition',
  naming: 'name',
  verbs: ALL,
  fields: { description, defaultRouteDomain: integer(0, 65_534, { preset: 0 }) },
  synced: (_, { path }) => path !== 'LOCAL_ONLY',
  check: (box, entry) => {
    const id = Number(entry.values['defaultRouteDomain'])
    if (box.routeDomain(id) === undefined) throw notFound('route domain', String(id))
    return entry
  },
  checkDeletion: (box, { path }) => checkEmpty(box, `/${path}`),
  changed: (box, before, after) => {
    const path = `/${(before ?? after)!.name}`
    const known = box.store.get('/sys/folder', path)
    if (after === undefined && known !== undefined) box.store.remove(known)
    if (after !== undefined && known === undefined) box.store.put(topFolder(after.name, after.generation))
  },
}

export function topFolder(name: string, generation: number): Entry {
  const values = { inheritedDevicegroup: 'true', inheritedTrafficGroup: 'true', noRefCheck: 'false', hidden: 'false' }
  return { kind: folder, parent: '', path: `/${name}`, name, partition: '/', values, generation }
}

const trafficGroup: Kind = {
  collection: '/cm/traffic-group',
  title: 'Traffic Group',
  naming: 'folder',
  verbs: ['modify'],
  fields: { description, isFloating: text({ preset: 'true' }), unitId: integer(0, 15, { preset: 1 }) },
}

const variable: Kind = {
  collection: '/sys/db',
  title: 'DB variable',
  naming: 'name',
  verbs: ['modify'],
  fields: { value: text(), defaultValue: text(), valueRange: text() },
  check: (box, entry, before) => {
    const { value, valueRange = '' } = entry.values
    const values = String(valueRange).split(' ')
    if (valueRange !== '' && !values.includes(String(value))) throw invalidValue('value', value)
    if (entry.name === ROUTING_VARIABLE && value === 'enable' && before?.values['value'] !== 'enable') {
      if (!box.machine.routingBundle) throw configurationError('dynamic routing is not licensed')
      checkTmosRouting(box)
    }
    return entry
  },
  changed: (box, before, after) => {
    const [was, is] = [before?.values['value'], after?.values['value']]
    if (after?.name === ROUTING_VARIABLE && was === 'enable' && is === 'disable') dropRouting(box)
  },
}

export const systemKinds: readonly Kind[] = [folder, partition, trafficGroup, variable]

/** Database variables that there are, with their defaults. */
export const VARIABLES: readonly { readonly name: string; readonly values: Readonly<Record<string, string>> }[] = [
  { name: ROUTING_VARIABLE, values: { value: 'disable', defaultValue: 'disable', valueRange: 'disable enable' } },
  { name: 'iptunnel.configsync', values: { value: 'enable', defaultValue: 'enable', valueRange: 'disable enable' } },
  { name: 'provision.extramb', values: { value: '0', defaultValue: '0' } },
  { name: 'restjavad.useextramb', values: { value: 'false', defaultValue: 'false', valueRange: 'false true' } },
]
