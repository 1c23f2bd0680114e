/** Which way a device sends a packet: self IPs and routes as rows in, the one that it follows out. Pure. */
import { type Address, bitsOf, parseAddress } from '../base/ip.ts'
import { Prefix, parsePrefix } from '../base/prefix.ts'
import type { Row } from './row.ts'

export interface DeviceWay {
  readonly row: Row<'self IP'> | Row<'route'>
  readonly prefix: Prefix
  /** Full path of the VLAN or tunnel; undefined: no self IP is in the gateway's subnet. */
  readonly out: string | undefined
  /** Whose MAC address it needs: the gateway, or the address itself. */
  readonly hop: Address
}

/**
 * The longest prefix wins, and of equals what the device is in itself.
 * @param domain how addresses of the route domain end in rows: `%1`, or nothing
 */
export function deviceWay(rows: readonly Row[], address: Address, domain: string): DeviceWay | undefined {
  const ways = rows.flatMap(row => {
    if (row.kind === 'self IP') return connected(row, address, domain)
    return row.kind === 'route' ? routed(row, rows, address, domain) : []
  })
  return ways.toSorted((one, other) => rank(other) - rank(one))[0]
}

function rank({ row, prefix }: DeviceWay): number {
  return 2 * prefix.length + (row.kind === 'self IP' ? 1 : 0)
}

function connected(row: Row<'self IP'>, address: Address, domain: string): DeviceWay[] {
  const text = withoutDomain(row.fields.address, domain)
  if (text === undefined) return []
  const [head = '', length] = text.split('/')
  const own = parseAddress(head)
  const prefix = new Prefix(own.bytes, length === undefined ? bitsOf(own.family) : Number(length))
  return prefix.contains(address) ? [{ row, prefix, out: row.fields.vlan, hop: address }] : []
}

function routed(row: Row<'route'>, rows: readonly Row[], address: Address, domain: string): DeviceWay[] {
  const { network, gateway, interface: through } = row.fields
  const prefix = networkOf(network, address, domain)
  if (prefix?.contains(address) !== true) return []
  if (gateway === undefined) return [{ row, prefix, out: through, hop: address }]
  const text = withoutDomain(gateway, domain)
  if (text === undefined) return []
  const hop = parseAddress(text)
  const selfIPs = rows.filter(one => one.kind === 'self IP')
  return [{ row, prefix, out: deviceWay(selfIPs, hop, domain)?.out, hop }]
}

function networkOf(network: string, { family }: Address, domain: string): Prefix | undefined {
  const text = withoutDomain(network, domain)
  if (text === undefined) return undefined
  if (!text.startsWith('default')) return parsePrefix(text)
  const isSix = text === 'default-inet6'
  return isSix === (family === 6) ? parsePrefix(isSix ? '::/0' : '0.0.0.0/0') : undefined
}

/** `10.1.10.60%1/24` → `10.1.10.60/24`; undefined: it is of another route domain. */
export function withoutDomain(text: string, domain: string): string | undefined {
  const [, head = '', own = '', length = ''] = /^([^%/]+)(%\d+)?(\/\d+)?$/.exec(text) ?? []
  return head === '' || own !== domain ? undefined : head + length
}
