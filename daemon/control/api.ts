/** What an agent's control API has: its resources and the parsing of their queries. What the agent is it asks of a ControlSource. */
import { InputFault } from '../../lib/base/failure.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { type Api, apiOf, NotFound, ok, type Resource } from './dispatch.ts'
import type { FamilyName, PeerStatus, RouteTableName } from './document.ts'
import { type MonitorType, monitorTypes } from './message-document.ts'
import type { ControlSource, DrainTerms, Listening, RouteListing } from './source.ts'

export function agentApi(source: ControlSource): Api {
  return apiOf('agent', source, RESOURCES)
}

const RESOURCES: readonly Resource<ControlSource>[] = [
  { method: 'GET', path: '/v1/status', query: [], answer: source => ok(source.status()) },
  { method: 'GET', path: '/v1/peers', query: [], answer: source => ok({ peers: source.peers() }) },
  { method: 'GET', path: '/v1/peers/', query: [], answer: (source, _, name) => ok(peerOf(source, name)) },
  {
    method: 'GET',
    path: '/v1/routes',
    query: ['table', 'peer', 'prefix', 'family'],
    answer: (source, query) => ({ status: 200, rows: source.routes(parseListing(source, query)) }),
  },
  { method: 'GET', path: '/v1/mrt', query: [], answer: source => ({ status: 200, octets: source.dump() }) },
  {
    method: 'GET',
    path: '/v1/messages',
    query: ['peer'],
    answer: (source, query) => ok(source.messages(peerOf(source, query.get('peer') ?? '').name)),
  },
  {
    method: 'GET',
    path: '/v1/monitor',
    query: ['peer', 'type', 'octets'],
    answer: (source, query) => ({ status: 200, feed: source.monitor(parseListening(source, query)) }),
  },
  {
    method: 'GET',
    path: '/v1/explain',
    query: ['target'],
    answer: async (source, query) => {
      const target = query.get('target')
      if (!target) throw new InputFault('target', 'it is missing', 'name a prefix or an address')
      return ok({ ...(await source.explain(parsePrefix(target, 'target'))), target })
    },
  },
  {
    method: 'GET',
    path: '/v1/journeys',
    query: ['pod'],
    answer: (source, query) => ok(source.journeys(parseAddress(query.get('pod') ?? '', 'pod'))),
  },
  { method: 'GET', path: '/v1/config', query: [], answer: source => ok(source.config()) },
  { method: 'GET', path: '/v1/bfd', query: [], answer: async source => ok(await source.bfd()) },
  { method: 'GET', path: '/v1/vxlan', query: [], answer: source => ok(source.vxlan()) },
  {
    method: 'POST',
    path: '/v1/vxlan/probe',
    query: ['vtep'],
    answer: async (source, query) => ok({ probes: await source.probeVteps(vtepOf(source, query.get('vtep'))) }),
  },
  {
    method: 'POST',
    path: '/v1/vxlan/take-over',
    query: [],
    answer: async source => ok(await source.takeOver()),
  },
  {
    method: 'POST',
    path: '/v1/refresh',
    query: ['peer', 'direction', 'family'],
    answer: (source, query) => {
      const { name } = peerOf(source, query.get('peer') ?? '')
      const direction = query.get('direction') ?? 'in'
      if (direction !== 'in' && direction !== 'out')
        throw new InputFault('direction', `there is no direction "${direction}"`, 'use in or out')
      source.refresh(name, direction, parseFamily(query))
      return ok(peerOf(source, name))
    },
  },
  {
    method: 'POST',
    path: '/v1/reset',
    query: ['peer', 'text'],
    answer: (source, query) => {
      const { name } = peerOf(source, query.get('peer') ?? '')
      source.reset(name, query.get('text') ?? undefined)
      return ok(peerOf(source, name))
    },
  },
  {
    method: 'POST',
    path: '/v1/drain',
    query: ['wait', 'text'],
    answer: (source, query) => {
      source.drain(parseDrainTerms(query))
      return ok(source.status())
    },
  },
  {
    method: 'POST',
    path: '/v1/undrain',
    query: [],
    answer: source => {
      source.undrain()
      return ok(source.status())
    },
  },
]

/** Seconds of a drain's wait, and octets of its text (RFC 9003 §2). */
const LONGEST_WAIT = 3600
const LONGEST_TEXT = 255

function parseDrainTerms(query: URLSearchParams): DrainTerms {
  const wait = query.get('wait')
  const text = query.get('text')
  if (wait !== null && !(/^\d{1,4}$/.test(wait) && Number(wait) <= LONGEST_WAIT))
    throw new InputFault('wait', `"${wait}" is no number of seconds`, `write one from 0 to ${LONGEST_WAIT}`)
  if (text !== null && Buffer.byteLength(text) > LONGEST_TEXT)
    throw new InputFault('text', `it has ${Buffer.byteLength(text)} octets`, `write at most ${LONGEST_TEXT}`)
  return { ...(wait !== null && { wait: Number(wait) * 1000 }), ...(text !== null && { text }) }
}

/** @param text null: all of them are meant */
function vtepOf(source: ControlSource, text: string | null): string | undefined {
  if (text === null) return undefined
  const names = [...new Set(source.vxlan().overlays.flatMap(({ vteps }) => vteps.map(({ name }) => name)))]
  if (names.includes(text)) return text
  throw new NotFound(`there is no VTEP ${text}; VTEPs: ${names.join(', ') || 'none is known'}`)
}

/** By name or address; an address may be written in any form. */
function peerOf(source: ControlSource, text: string): PeerStatus {
  const peers = source.peers()
  const address = canonicalAddress(text)
  const peer = peers.find(({ name }) => name === text) ?? peers.find(one => one.address === address)
  if (peer !== undefined) return peer
  const known = peers.map(one => one.name).join(', ') || 'none is configured'
  throw new NotFound(`there is no peer ${text}; peers: ${known}`)
}

function canonicalAddress(text: string): string {
  try {
    return parseAddress(text).toString()
  } catch {
    return text
  }
}

function parseListing(source: ControlSource, query: URLSearchParams): RouteListing {
  const table = query.get('table') ?? 'best'
  const family = parseFamily(query)
  const peer = query.get('peer') ?? undefined
  const within = query.get('prefix') ?? undefined
  if (!isTable(table)) throw new InputFault('table', `there is no table "${table}"`, 'use best, received or advertised')
  return {
    table,
    ...(family && { family }),
    ...(peer !== undefined && { peer: peerOf(source, peer).name }),
    ...(within !== undefined && { within: parsePrefix(within, 'prefix') }),
  }
}

function parseListening(source: ControlSource, query: URLSearchParams): Listening {
  const peer = query.get('peer')
  const octets = query.get('octets')
  if (octets !== null && octets !== 'all')
    throw new InputFault('octets', `there is no choice "${octets}"`, 'use all, or leave it out')
  return {
    ...(peer !== null && { peer: peerOf(source, peer).name }),
    types: parseTypes(query.get('type')),
    octets: octets ?? 'first',
  }
}

function parseTypes(text: string | null): ReadonlySet<MonitorType> {
  if (text === null) return new Set(monitorTypes.filter(type => type !== 'keepalive'))
  return new Set(
    text.split(',').map(name => {
      const type = monitorTypes.find(one => one === name)
      if (type === undefined)
        throw new InputFault('type', `there is no type "${name}"`, `use some of ${monitorTypes.join(', ')}`)
      return type
    }),
  )
}

function parseFamily(query: URLSearchParams): FamilyName | undefined {
  const family = query.get('family') ?? undefined
  if (family === undefined || isFamily(family)) return family
  throw new InputFault('family', `there is no family "${family}"`, 'use ipv4 or ipv6')
}

function isTable(text: string): text is RouteTableName {
  return text === 'best' || text === 'received' || text === 'advertised'
}

function isFamily(text: string): text is FamilyName {
  return text === 'ipv4' || text === 'ipv6'
}
