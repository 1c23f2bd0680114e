/**
 * The text of ZebOS's `show running-config`, as far as BGP goes: what is in it, as values. Knows no rows and no device. Rules:
 * a line that is not understood is left alone, and so is whatever it belongs to; a text without its `end` is no configuration.
 */
import type { BgpFamily } from './family.ts'

export interface ZebosConfig {
  /** `bgp extended-asn-cap`: 4-octet AS numbers. */
  readonly extendedAsNumbers: boolean
  readonly process: ZebosProcess | undefined
  /** By name. */
  readonly prefixLists: ReadonlyMap<string, ZebosPrefixList>
  readonly routeMaps: ReadonlyMap<string, readonly ZebosRouteMapEntry[]>
}

export interface ZebosProcess {
  asNumber: number
  routerId?: string
  /** Seconds, as the next two; absent: the default. */
  holdTime?: number
  keepaliveTime?: number
  gracefulRestartTime?: number
  readonly redistribute: { family: BgpFamily; routeMap?: string }[]
  /** Neighbours by address, peer groups by name. */
  readonly peers: Map<string, ZebosPeer>
}

export interface ZebosPeer {
  isGroup: boolean
  /** Of a neighbour: the group that it is in. */
  group?: string
  asNumber?: number
  description?: string
  ebgpMultihop?: number
  /** What is said of a family; nothing: as the group, or the default (IPv4). */
  readonly activated: Map<BgpFamily, boolean>
}

export interface ZebosPrefixList {
  family: BgpFamily
  description?: string
  readonly entries: { sequence: number; action: 'permit' | 'deny'; prefix: string; from?: number; to?: number }[]
}

export interface ZebosRouteMapEntry {
  readonly sequence: number
  readonly action: 'permit' | 'deny'
  destination?: { family: BgpFamily; prefixList: string }
}

/** `ebgp-multihop` without a number. */
const ALL_HOPS = 255
/** Seconds, where `bgp graceful-restart` says no more. */
const RESTART_TIME = 90

/** @returns undefined: the text is not a whole configuration */
export function parseZebos(text: string): ZebosConfig | undefined {
  const lines = text.split('\n').map(line => line.trimEnd())
  if (!lines.some(line => line === 'end')) return undefined
  const reading = new Reading()
  for (const line of lines) reading.line(line)
  return reading.config
}

class Reading {
  readonly config = {
    extendedAsNumbers: false,
    process: undefined as ZebosProcess | undefined,
    prefixLists: new Map<string, ZebosPrefixList>(),
    routeMaps: new Map<string, ZebosRouteMapEntry[]>(),
  }
  #section: 'router' | 'route-map' | 'other' = 'other'
  #family: BgpFamily | undefined = 'ipv4'
  #entry: ZebosRouteMapEntry | undefined

  line(line: string): void {
    const words = line.trim().split(/\s+/)
    if (!line.startsWith(' ')) this.#global(words)
    else if (this.#section === 'router') this.#router(words)
    else if (this.#section === 'route-map') this.#routeMap(words)
  }

  #global(words: readonly string[]): void {
    const [first, second, third, fourth] = words
    this.#section = 'other'
    if (first === 'bgp' && second === 'extended-asn-cap') this.config.extendedAsNumbers = true
    if (first === 'router' && second === 'bgp') this.#begin(Number(third))
    if ((first === 'ip' || first === 'ipv6') && second === 'prefix-list')
      this.#prefixList(first === 'ip' ? 'ipv4' : 'ipv6', words.slice(2))
    if (first !== 'route-map' || second === undefined || (third !== 'permit' && third !== 'deny')) return
    this.#section = 'route-map'
    this.#entry = { sequence: Number(fourth), action: third }
    this.config.routeMaps.set(second, [...(this.config.routeMaps.get(second) ?? []), this.#entry])
  }

  #begin(asNumber: number): void {
    this.#section = 'router'
    this.#family = 'ipv4'
    this.config.process ??= { asNumber, redistribute: [], peers: new Map() }
  }

  #router(words: readonly string[]): void {
    const process = this.config.process!
    const [first, second, third, fourth] = words
    if (first === 'address-family') this.#family = familyOf(words)
    else if (first === 'exit-address-family') this.#family = 'ipv4'
    else if (this.#family === undefined) return
    else if (first === 'bgp' && second === 'router-id' && third !== undefined) process.routerId = third
    else if (first === 'bgp' && second === 'graceful-restart') restart(process, third, fourth)
    else if (first === 'timers' && second === 'bgp') {
      process.keepaliveTime = Number(third)
      process.holdTime = Number(fourth)
    } else if (first === 'redistribute' && second === 'kernel')
      process.redistribute.push({
        family: this.#family,
        ...(third === 'route-map' && fourth !== undefined && { routeMap: fourth }),
      })
    else if (first === 'neighbor') this.#peer(process, words.slice(1), true)
    else if (first === 'no' && second === 'neighbor') this.#peer(process, words.slice(2), false)
  }

  #peer({ peers }: ZebosProcess, [name = '', what, ...values]: readonly string[], yes: boolean): void {
    const peer: ZebosPeer = peers.get(name) ?? { isGroup: false, activated: new Map() }
    peers.set(name, peer)
    const [value] = values
    if (what === 'activate') peer.activated.set(this.#family!, yes)
    if (!yes) return
    if (what === 'peer-group' && value === undefined) peer.isGroup = true
    if (what === 'peer-group' && value !== undefined) peer.group = value
    if (what === 'remote-as') peer.asNumber = Number(value)
    if (what === 'description') peer.description = values.join(' ')
    if (what === 'ebgp-multihop') peer.ebgpMultihop = value === undefined ? ALL_HOPS : Number(value)
  }

  #prefixList(family: BgpFamily, [name = '', what, ...values]: readonly string[]): void {
    const list = this.config.prefixLists.get(name) ?? { family, entries: [] }
    this.config.prefixLists.set(name, list)
    if (what === 'description') list.description = values.join(' ')
    const [sequence, action, prefix, ...lengths] = values
    if (what !== 'seq' || prefix === undefined || (action !== 'permit' && action !== 'deny')) return
    const length = (word: string) => {
      const at = lengths.indexOf(word)
      return at === -1 ? undefined : Number(lengths[at + 1])
    }
    const [from, to] = [length('ge'), length('le')]
    list.entries.push({
      sequence: Number(sequence),
      action,
      prefix: prefix === 'any' ? (family === 'ipv4' ? '0.0.0.0/0' : '::/0') : prefix,
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    })
  }

  #routeMap([first, family, address, kind, name]: readonly string[]): void {
    if (first !== 'match' || address !== 'address' || kind !== 'prefix-list' || name === undefined) return
    this.#entry!.destination = { family: family === 'ipv6' ? 'ipv6' : 'ipv4', prefixList: name }
  }
}

/** Undefined: one that is none of ours, such as a VRF's. */
function familyOf([, name, kind = 'unicast']: readonly string[]): BgpFamily | undefined {
  if (kind !== 'unicast') return undefined
  return name === 'ipv4' || name === 'ipv6' ? name : undefined
}

function restart(process: ZebosProcess, what: string | undefined, time: string | undefined): void {
  if (what === 'restart-time') process.gracefulRestartTime = Number(time)
  else if (what === undefined) process.gracefulRestartTime ??= RESTART_TIME
}
