/** Documents that are computed and only read: version, licence, devices, failover and sync state. */
import type { JsonObject } from '../kube/json.ts'
import type { Box } from './box.ts'
import { link } from './representation.ts'
import type { Unit } from './unit.ts'

/** Undefined where the path is none. @param path below `/mgmt` */
export function readDocument(unit: Unit, path: string): JsonObject | undefined {
  const [, , area, name, id] = path.split('/')
  switch (`/${area}/${name}`) {
    case '/sys/version':
      return version(unit.box)
    case '/sys/license':
      return licence(unit.box)
    case '/sys/global-settings':
      return { kind: 'tm:sys:global-settings:global-settingsstate', hostname: unit.box.machine.hostName }
    case '/sys/failover':
      return { kind: 'tm:sys:failover:failoverstats', apiRawValues: { apiAnonymous: failoverText(unit.box) } }
    case '/cm/device':
      return devices(unit, id)
    case '/cm/device-group':
      return deviceGroups(unit)
    case '/cm/sync-status':
      return syncStatus(unit)
    case '/cm/failover-status':
      return entries('cm/failover-status', 'tm:cm:failover-status:failover-statusstats', {
        status: { description: unit.box.active ? 'ACTIVE' : 'STANDBY' },
        color: { description: unit.box.active ? 'green' : 'gray' },
      })
    default:
      return undefined
  }
}

/** `{ entries: { URL: { nestedStats: { entries } } } }`, the form of all statistics. */
export function entries(path: string, kind: string, inner: JsonObject): JsonObject {
  const url = `https://localhost/mgmt/tm/${path}`
  return { kind, selfLink: url, entries: { [`${url}/0`]: { nestedStats: { entries: inner } } } }
}

function version({ machine }: Box): JsonObject {
  return entries('sys/version', 'tm:sys:version:versionstats', {
    Build: { description: '0.0.1' },
    Date: { description: 'Thu Oct 12 05:03:48 PDT 2023' },
    Edition: { description: 'Final' },
    Product: { description: 'BIG-IP' },
    Title: { description: 'Main Package' },
    Version: { description: machine.version },
  })
}

const ROUTING_BUNDLE = 'Routing Bundle, VE'

function modulesOf({ machine }: Box): string[] {
  const modules = ['Local Traffic Manager, VE (ABCDEF-GHIJKLM)|Rate Shaping|SSL, VE']
  return machine.routingBundle ? [...modules, `${ROUTING_BUNDLE} (NOPQRST-UVWXYZA)|BGP|OSPF|RIP|BFD`] : modules
}

function licence(box: Box): JsonObject {
  const base = 'https://localhost/mgmt/tm/sys/license/0'
  const modules = modulesOf(box).map((text, at) => {
    const [name = '', ...features] = text.split('|')
    const key = `${base}/active-modules/${at}`
    const description = { description: name.replace(/ \(.*/, '') }
    const inner = {
      [`${key}/feature`]: { nestedStats: { entries: { features: { description: features.join(', ') } } } },
    }
    return [`${key}:${description.description}`, { nestedStats: { entries: { ...inner, name: description } } }]
  })
  return entries('sys/license', 'tm:sys:license:licensestats', {
    [`${base}/active-modules`]: { nestedStats: { entries: Object.fromEntries(modules) } },
    licensedVersion: { description: box.machine.version },
    platformId: { description: 'Z100' },
    registrationKey: { description: 'ABCDE-FGHIJ-KLMNO-PQRST-UVWXYZA' },
  })
}

function devices(unit: Unit, id: string | undefined): JsonObject | undefined {
  const all = (unit.group?.units ?? [unit]).map(one => device(one, one === unit))
  const chosen = all.find(({ name }) => id === name || id === `~Common~${name}`)
  if (id !== undefined && id !== '') return chosen
  return { kind: 'tm:cm:device:devicecollectionstate', selfLink: link(unit.box, '/cm/device'), items: all }
}

function device({ box, group }: Unit, self: boolean): JsonObject {
  const { hostName, version } = box.machine
  return {
    kind: 'tm:cm:device:devicestate',
    name: hostName,
    partition: 'Common',
    fullPath: box.device,
    selfLink: link(box, `/cm/device/~Common~${hostName}`),
    hostname: hostName,
    managementIp: group === undefined ? '192.0.2.1' : `192.0.2.${group.units.findIndex(one => one.box === box) + 1}`,
    product: 'BIG-IP',
    version,
    activeModules: modulesOf(box),
    failoverState: box.active ? 'active' : 'standby',
    selfDevice: String(self),
    configsyncIp: group === undefined ? 'none' : group.configSyncAddress(box),
  }
}

function deviceGroups({ box, group }: Unit): JsonObject {
  const kind = 'tm:cm:device-group:device-groupcollectionstate'
  const selfLink = link(box, '/cm/device-group')
  if (group === undefined) return { kind, selfLink }
  const { name, autoSync } = group
  const one = { name, partition: 'Common', fullPath: `/Common/${name}`, type: 'sync-failover' }
  return { kind, selfLink, items: [{ ...one, autoSync: autoSync ? 'enabled' : 'disabled' }] }
}

function syncStatus({ group }: Unit): JsonObject {
  const { status, color } = group?.state() ?? { status: 'Standalone', color: 'green' }
  return entries('cm/sync-status', 'tm:cm:sync-status:sync-statusstats', {
    color: { description: color },
    mode: { description: group === undefined ? 'standalone' : 'high-availability' },
    status: { description: status },
    summary: { description: ' ' },
  })
}

function failoverText({ active }: Box): string {
  return `Failover ${active ? 'active' : 'standby'} for 0d 00:10:00\n`
}
