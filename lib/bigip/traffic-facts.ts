/**
 * Virtual servers, their addresses and SNAT pools, as far as the network has to do with them: decoded from their collections.
 * Pure. `domainOf` gives a partition's default route domain, whose addresses go without `%id`.
 */
import { isIP } from 'node:net'
import { parseAddress } from '../base/ip.ts'
import type { JsonObject } from './exchange.ts'
import { nonsenseOf } from './fault.ts'
import { readAddress } from './normal.ts'
import type { Row } from './row.ts'
import { objectOf } from './stats.ts'

export interface VirtualAddress {
  readonly path: string
  /** Without `%id`. */
  readonly address: string
  readonly routeDomain: number
  /** Of the prefix. */
  readonly length: number
  readonly routeAdvertisement: Row<'route advertisement'>['fields']['mode']
  readonly trafficGroup: string
}

export interface VirtualServer {
  readonly path: string
  /** `10.1.10.100:80`, `[2001:db8::1]:80`; any port is `0`. */
  readonly destination: string
  readonly enabled: boolean
  readonly pool?: string
  readonly snat: 'none' | 'automap' | { readonly pool: string }
}

export type DomainOf = (path: string) => number

export const VIRTUAL_ADDRESS_FIELDS = ['fullPath', 'address', 'mask', 'routeAdvertisement', 'trafficGroup']
export const VIRTUAL_SERVER_FIELDS = ['fullPath', 'destination', 'disabled', 'pool', 'sourceAddressTranslation']

/** @throws DeviceFault, as all here */
export function decodeVirtualAddress(body: JsonObject, domainOf: DomainOf): VirtualAddress {
  const path = textOf(body, 'fullPath')
  const [text = '', domain] = textOf(body, 'address').split('%')
  const address = concrete(readAddress(text, 0))
  return {
    path,
    address,
    routeDomain: domain === undefined ? domainOf(path) : Number(domain),
    length: lengthOf(address, optional(body, 'mask')),
    routeAdvertisement: (optional(body, 'routeAdvertisement') ?? 'disabled') as VirtualAddress['routeAdvertisement'],
    trafficGroup: optional(body, 'trafficGroup') ?? 'none',
  }
}

export function decodeVirtualServer(body: JsonObject, domainOf: DomainOf): VirtualServer {
  const path = textOf(body, 'fullPath')
  const pool = optional(body, 'pool')
  return {
    path,
    destination: decodeDestination(textOf(body, 'destination'), domainOf(path)),
    enabled: body['disabled'] !== true,
    ...(pool === undefined ? {} : { pool }),
    snat: decodeSnat(objectOf(body['sourceAddressTranslation'])),
  }
}

/** Members are paths of SNAT translations, named after their addresses (`/Common/10.1.20.5%1`) unless a person named them. */
export function decodeSnatPool(body: JsonObject): { readonly path: string; readonly members: readonly string[] } {
  const path = textOf(body, 'fullPath')
  const { members = [] } = body
  if (!Array.isArray(members)) throw nonsenseOf(`SNAT pool ${path}`, 'members are no list')
  return { path, members: members.map(String) }
}

/** The address of a SNAT translation; undefined where its path does not tell it. */
export function addressOfMember(path: string, domainOf: DomainOf): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return isIP(name.split('%')[0]!) === 0 ? undefined : readAddress(name, domainOf(path))
}

export function textOf(body: JsonObject, field: string): string {
  const value = body[field]
  if (typeof value !== 'string') throw nonsenseOf(String(body['fullPath'] ?? body['kind'] ?? 'object'), `no ${field}`)
  return value
}

function optional(body: JsonObject, field: string): string | undefined {
  const value = body[field]
  return typeof value === 'string' ? value : undefined
}

function decodeSnat({ type, pool }: JsonObject): VirtualServer['snat'] {
  if (type === 'automap') return type
  return typeof pool === 'string' ? { pool } : 'none'
}

/** `/Common/10.1.1.1%20:80`, `/Common/2001:db8::1.80`: an address with colons has its port after a dot. */
function decodeDestination(text: string, domain: number): string {
  const [, host = text, port = '0'] = /^(?:.*\/)?([^/]+)[.:](\w+)$/.exec(text) ?? []
  const address = concrete(readAddress(host, domain))
  return `${address.includes(':') ? `[${address}]` : address}:${port === 'any' ? 0 : port}`
}

function concrete(address: string): string {
  return address.replace(/^any6/, '::').replace(/^any(?!\w)/, '0.0.0.0')
}

function lengthOf(address: string, mask: string | undefined): number {
  const [head = ''] = address.split('%')
  const most = head.includes(':') ? 128 : 32
  if (mask === undefined || mask.startsWith('any')) return head === '::' || head === '0.0.0.0' ? 0 : most
  const bits = Array.from(parseAddress(mask).bytes, octet => octet.toString(2).padStart(8, '0')).join('')
  return bits.lastIndexOf('1') + 1
}
