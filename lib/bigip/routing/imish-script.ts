/**
 * One operation → the lines that imish has to be told, from the configuration mode on. Pure. Rules: a line is built from
 * values of a known form alone (addresses, numbers, short plain names), so that none can carry another command; an operation
 * touches one neighbour, and no line ends the sessions of others.
 */
import { InputFault } from '../../base/failure.ts'
import { parseAddress } from '../../base/ip.ts'
import { parsePrefix } from '../../base/prefix.ts'
import { DeviceFault } from '../fault.ts'
import type { RowOperation } from '../operation.ts'
import { hasTag, type Identity, tagOf } from '../ownership.ts'
import type { Row } from '../row.ts'
import { type BgpFamily, FAMILIES } from './family.ts'
import type { ZebosPeer, ZebosProcess } from './zebos-config.ts'
import { markerOf } from './zebos-rows.ts'

export interface ScriptContext {
  readonly identity: Identity
  /** As it was read last; undefined: there is none. */
  readonly process: ZebosProcess | undefined
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/
const DESCRIPTION = /^[A-Za-z0-9][A-Za-z0-9 ._:/=@+-]{0,79}$/

/** @throws InputFault for a value that has no place in a line; DeviceFault where the process that holds the row is not there */
export function renderScript(operation: RowOperation, context: ScriptContext): string[] {
  switch (operation.verb) {
    case 'create':
      return lines(operation.row, undefined, context)
    case 'update':
      return lines(operation.row, operation.before, context)
    case 'replace':
      return [...removal(operation.before, context), ...lines(operation.row, undefined, context)]
    case 'delete':
      return removal(operation.row, context)
  }
}

function lines(row: Row, before: Row | undefined, context: ScriptContext): string[] {
  switch (row.kind) {
    case 'prefix list':
      return prefixList(row, before as typeof row | undefined)
    case 'route map':
      return routeMap(row, before as typeof row | undefined)
    case 'BGP':
      return processLines(row, before as typeof row | undefined, context)
    case 'BGP peer group':
      return [...inProcess(context), ...peerGroup(row)]
    case 'BGP neighbor':
      return [...inProcess(context), ...neighbor(row, before as typeof row | undefined)]
    default:
      throw new TypeError(`imish has no ${row.kind}`)
  }
}

function removal(row: Row, context: ScriptContext): string[] {
  switch (row.kind) {
    case 'prefix list':
      return [`no ${keyword(row)} prefix-list ${lastName(row.name)}`]
    case 'route map':
      return [`no route-map ${lastName(row.name)}`]
    case 'BGP':
      return processRemoval(row, context)
    case 'BGP peer group':
      return [...inProcess(context), `no neighbor ${plain(row.name)} peer-group`]
    case 'BGP neighbor':
      return [...inProcess(context), `no neighbor ${address(row.name)}`]
    default:
      throw new TypeError(`imish has no ${row.kind}`)
  }
}

function processLines(row: Row<'BGP'>, before: Row<'BGP'> | undefined, { identity }: ScriptContext): string[] {
  const { asNumber, routerId, holdTime, keepaliveTime, gracefulRestartTime, redistribute } = row.fields
  const was = before?.fields
  const marker = markerOf(identity)
  const timers = was?.holdTime !== holdTime || was.keepaliveTime !== keepaliveTime
  return [
    `router bgp ${number(asNumber)}`,
    ...(routerId === undefined || routerId === was?.routerId ? [] : [`bgp router-id ${address(routerId)}`]),
    ...(timers ? [`timers bgp ${number(keepaliveTime)} ${number(holdTime)}`] : []),
    ...(gracefulRestartTime === undefined || gracefulRestartTime === was?.gracefulRestartTime
      ? []
      : [`bgp graceful-restart restart-time ${number(gracefulRestartTime)}`]),
    `neighbor ${marker} peer-group`,
    `neighbor ${marker} description ${tagOf(identity)}`,
    ...FAMILIES.flatMap(family => redistribution(family, redistribute, was?.redistribute ?? [])),
  ]
}

type Redistribution = Row<'BGP'>['fields']['redistribute']

function redistribution(family: BgpFamily, wanted: Redistribution, before: Redistribution): string[] {
  const of = (list: Redistribution) => {
    const found = list.find(one => one.family === family)
    return found && `redistribute kernel${found.routeMap === undefined ? '' : ` route-map ${lastName(found.routeMap)}`}`
  }
  const [line, old] = [of(wanted), of(before)]
  if (line === old) return []
  const change = [...(old === undefined ? [] : ['no redistribute kernel']), ...(line === undefined ? [] : [line])]
  return inFamily(family, change)
}

/** The process goes with all that is ours in it; while something of others is there, only what is ours goes. */
function processRemoval({ fields }: Row<'BGP'>, { identity, process }: ScriptContext): string[] {
  const as = `router bgp ${number(fields.asNumber)}`
  const peers = [...(process?.peers ?? [])]
  const own = peers.filter(([name, peer]) => isOurs(name, peer, identity))
  if (own.length === peers.length) return [`no ${as}`]
  // groups last, for they cannot go before their members
  const names = own.sort(([, one], [, other]) => Number(one.isGroup) - Number(other.isGroup))
  return [
    as,
    ...names.map(([name, { isGroup }]) => `no neighbor ${isGroup ? `${plain(name)} peer-group` : address(name)}`),
    ...fields.redistribute.flatMap(({ family }) => inFamily(family, ['no redistribute kernel'])),
  ]
}

function isOurs(name: string, { description }: ZebosPeer, identity: Identity): boolean {
  return name === markerOf(identity) || (description !== undefined && hasTag({ description }, identity))
}

function inProcess({ process }: ScriptContext): string[] {
  if (process === undefined)
    throw new DeviceFault('BIGIP_NOT_FOUND', 'imish: there is no BGP process', { retry: false, applied: 'no' })
  return [`router bgp ${number(process.asNumber)}`]
}

function peerGroup({ name, description, fields }: Row<'BGP peer group'>): string[] {
  const peer = `neighbor ${plain(name)}`
  return [
    `${peer} peer-group`,
    `${peer} remote-as ${number(fields.asNumber)}`,
    ...(description === undefined ? [] : [`${peer} description ${words(description)}`]),
    ...activation(plain(name), fields.families),
  ]
}

function neighbor(row: Row<'BGP neighbor'>, before: Row<'BGP neighbor'> | undefined): string[] {
  const { name, description } = row
  const { peerGroup, asNumber, ebgpMultihop, families } = row.fields
  const peer = `neighbor ${address(name)}`
  // a member cannot change its group, nor a neighbour become one: it is made anew
  const anew = before !== undefined && before.fields.peerGroup !== peerGroup
  const was = anew ? undefined : before?.fields
  const hops = ebgpMultihop !== was?.ebgpMultihop
  return [
    ...(anew ? [`no ${peer}`] : []),
    ...(peerGroup === undefined || was !== undefined ? [] : [`${peer} peer-group ${plain(peerGroup)}`]),
    ...(asNumber === undefined || asNumber === was?.asNumber ? [] : [`${peer} remote-as ${number(asNumber)}`]),
    ...(description === undefined ? [] : [`${peer} description ${words(description)}`]),
    ...(hops && ebgpMultihop !== undefined ? [`${peer} ebgp-multihop ${number(ebgpMultihop)}`] : []),
    ...(hops && ebgpMultihop === undefined ? [`no ${peer} ebgp-multihop`] : []),
    ...(String(families) === String(was?.families) ? [] : activation(address(name), families)),
  ]
}

/** IPv4 is active unless it is said otherwise, IPv6 the other way round. */
function activation(peer: string, families: readonly BgpFamily[]): string[] {
  return FAMILIES.flatMap(family =>
    inFamily(family, [`${families.includes(family) ? '' : 'no '}neighbor ${peer} activate`]),
  )
}

function inFamily(family: BgpFamily, change: readonly string[]): string[] {
  return family === 'ipv4' || change.length === 0
    ? [...change]
    : ['address-family ipv6', ...change, 'exit-address-family']
}

function prefixList(row: Row<'prefix list'>, before: Row<'prefix list'> | undefined): string[] {
  const list = `${keyword(row)} prefix-list ${lastName(row.name)}`
  const [wanted, found] = [entriesOf(row, list), before === undefined ? [] : entriesOf(before, list)]
  return [
    // a number has one entry: what has it gives way first
    ...found.filter(line => !wanted.includes(line)).map(line => `no ${line}`),
    ...wanted.filter(line => !found.includes(line)),
    ...(row.description === undefined ? [] : [`${list} description ${words(row.description)}`]),
  ]
}

function entriesOf({ fields }: Row<'prefix list'>, list: string): string[] {
  return fields.entries.map(({ sequence, action, prefix, lengths }) => {
    const [from, to] = lengths?.split(':') ?? []
    const range = lengths === undefined ? '' : ` ge ${number(Number(from))} le ${number(Number(to))}`
    return `${list} seq ${number(sequence)} ${action} ${parsePrefix(prefix, 'prefix')}${range}`
  })
}

function routeMap(row: Row<'route map'>, before: Row<'route map'> | undefined): string[] {
  const name = lastName(row.name)
  const entry = ({ sequence, action, destination }: Row<'route map'>['fields']['entries'][number]) => [
    `route-map ${name} ${action} ${number(sequence)}`,
    ...(destination === undefined
      ? []
      : [`match ${ipWord(destination.family)} address prefix-list ${lastName(destination.prefixList)}`]),
  ]
  const [wanted, found] = [row.fields.entries.map(entry), (before?.fields.entries ?? []).map(entry)]
  const isIn = (list: string[][]) => (one: string[]) => list.some(other => String(other) === String(one))
  return [
    ...found.filter(one => !isIn(wanted)(one)).map(([head]) => `no ${head}`),
    ...wanted.filter(one => !isIn(found)(one)).flat(),
  ]
}

function keyword({ fields }: Row<'prefix list'>): 'ip' | 'ipv6' {
  return ipWord(fields.entries[0]?.prefix.includes(':') === true ? 'ipv6' : 'ipv4')
}

function ipWord(family: BgpFamily): 'ip' | 'ipv6' {
  return family === 'ipv4' ? 'ip' : 'ipv6'
}

function address(text: string): string {
  return parseAddress(text, 'neighbor').toString()
}

function number(value: number): string {
  if (Number.isInteger(value) && value >= 0 && value <= 4294967295) return String(value)
  throw new InputFault('', `${value} is no whole number from 0 to 4294967295`)
}

/** ZebOS knows no partitions. */
function lastName(path: string): string {
  return plain(path.slice(path.lastIndexOf('/') + 1))
}

function plain(name: string): string {
  if (NAME.test(name)) return name
  throw new InputFault('', `"${name}" is no name for ZebOS`, 'use letters, digits, and . _ -')
}

function words(description: string): string {
  if (DESCRIPTION.test(description)) return description
  throw new InputFault(
    '',
    `"${description}" is no description for ZebOS`,
    'use letters, digits, blanks and . _ : / = @ + -',
  )
}
