/** `neighbor …` of ZebOS: neighbours and peer groups by line. */
import type { Json, JsonObject } from '../kube/json.ts'
import { parseRouted } from './address.ts'
import { targetOf as object } from './kinds.ts'
import { INVALID, LineError, type Prompt } from './prompt.ts'
import { NEIGHBORS, PEER_GROUPS } from './routing-kinds.ts'
import { familyOf } from './running-config.ts'
import { create, modify, remove } from './verbs.ts'
import { pathOf } from './zebos-names.ts'

type Setting = (words: readonly string[], prompt: Prompt) => JsonObject

const flag =
  (field: string): Setting =>
  () => ({ [field]: 'enabled' })
const text =
  (field: string): Setting =>
  words => ({ [field]: words.join(' ') })
const ALL_HOPS = '255'

/** What a line sets of a neighbour; its `no` takes the same properties away. */
const settings: Readonly<Record<string, Setting>> = {
  'remote-as': text('remoteAs'),
  description: text('description'),
  'ebgp-multihop': ([hops = ALL_HOPS]) => ({ ebgpMultihop: hops }),
  timers: ([keepAlive = '', holdTime = '']) => ({ keepAlive, holdTime }),
  passive: flag('passive'),
  shutdown: flag('shutdown'),
  password: text('password'),
  port: text('port'),
  'update-source': text('updateSource'),
  'fall-over': text('fallOver'),
}

/** The same of one address family. */
const familySettings: Readonly<Record<string, Setting>> = {
  activate: flag('activate'),
  'next-hop-self': flag('nextHopSelf'),
  'soft-reconfiguration': flag('softReconfigurationInbound'),
  'route-reflector-client': flag('routeReflectorClient'),
  'as-override': flag('asOverride'),
  'maximum-prefix': ([value = '']) => ({ maximumPrefix: { value } }),
  'route-map': (words, prompt) => ({ routeMap: wayOf(words, prompt) }),
  'prefix-list': (words, prompt) => ({ prefixList: wayOf(words, prompt) }),
}

/** Lines that are taken and have no effect on what the stand-in does. */
const IGNORED = new Set(['capability', 'advertisement-interval', 'send-community', 'version'])

function wayOf([name = '', way = 'in']: readonly string[], { box, routeDomain }: Prompt): JsonObject {
  return { [way]: pathOf(box, routeDomain, name) }
}

/** @throws LineError, RestError */
export function neighborLine(prompt: Prompt, no: boolean, peer: string, rest: string): void {
  if (prompt.mode.name !== 'router') return
  const { process, family } = prompt.mode
  const address = parseRouted(peer)?.address
  const collection = address === undefined ? PEER_GROUPS : NEIGHBORS
  const name = address ?? peer
  const { store } = prompt.box
  const target = object(collection, name, process)
  const entry = store.get(collection, name, process)
  const [word = '', ...words] = rest.split(' ').filter(one => one !== '')
  if (no && (rest === '' || (address === undefined && rest === 'peer-group'))) return void remove(prompt.box, target)
  if (!no && word === 'peer-group') return void join(prompt, name, address, words[0])
  if (entry === undefined) {
    if (address === undefined || word !== 'remote-as' || no)
      throw new LineError('% Specify remote-as or peer-group commands first')
    create(prompt.box, object(NEIGHBORS, undefined, process), { name, remoteAs: words[0]! })
    return
  }
  const inFamily = familySettings[word]
  const setting = inFamily ?? settings[word]
  if (word === 'peer-group' && no) return void modify(prompt.box, target, { peerGroup: null }, false)
  if (setting === undefined) {
    if (IGNORED.has(word)) return
    throw new LineError(INVALID)
  }
  const given = setting(words, prompt)
  if (inFamily === undefined) {
    modify(prompt.box, target, no ? nulls(given) : given, false)
    return
  }
  const addressFamily = ((entry.values['addressFamily'] ?? []) as JsonObject[]).filter(one => one['name'] !== family)
  const own = { ...familyOf(entry.values, family), name: family }
  const off = word === 'activate' ? { activate: 'disabled' } : nulls(given)
  const after = no ? { ...own, ...off } : { ...own, ...merged(own, given) }
  // to say something of a family does not switch it on
  const activate = family === 'ipv4' ? 'enabled' : 'disabled'
  modify(prompt.box, target, { addressFamily: [...addressFamily, { activate, ...after }] }, false)
}

function nulls(given: JsonObject): JsonObject {
  return Object.fromEntries(Object.keys(given).map(field => [field, null]))
}

/** Lists of both ways stay beside each other. */
function merged(own: JsonObject, given: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(given).map(([field, value]): [string, Json] => {
      const before = own[field]
      const both = typeof before === 'object' && before !== null && typeof value === 'object' && value !== null
      return [field, both ? { ...(before as JsonObject), ...(value as JsonObject) } : value]
    }),
  )
}

/** `neighbor G peer-group` makes a group, `neighbor A peer-group G` a member. */
function join({ box, mode }: Prompt, name: string, address: string | undefined, group: string | undefined): void {
  if (mode.name !== 'router') return
  const parent = mode.process
  if (group === undefined) {
    if (address !== undefined) throw new LineError('% Malformed peer-group name')
    if (box.store.get(PEER_GROUPS, name, parent) === undefined)
      create(box, object(PEER_GROUPS, undefined, parent), { name })
    return
  }
  const entry = box.store.get(NEIGHBORS, name, parent)
  const before = entry?.values['peerGroup']
  if (before !== undefined && before !== group) throw new LineError('% Cannot change peer-group. Deconfigure first')
  if (entry !== undefined) modify(box, object(NEIGHBORS, name, parent), { peerGroup: group }, false)
  else create(box, object(NEIGHBORS, undefined, parent), { name, peerGroup: group })
}
