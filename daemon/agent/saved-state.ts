/**
 * What an agent leaves for the one after it: who it was, what it knew of its Node and of BIGIP objects, what it announced, to
 * whom, and from whom its kernel routes came. The document and its text; who writes and reads the file is state-file.ts. No secrets.
 */
import { InputFault } from '../../lib/base/failure.ts'
import type { NodeView } from '../../lib/kube/object.ts'
import type { BigIpView, ClusterNode } from '../config/index.ts'
import { parseEnd } from './peer-end.ts'

export interface SavedState {
  readonly version: 1
  /** Of the kernel: after a reboot nothing of this is true any more. */
  readonly bootId: string
  readonly identity: { readonly asNumber: number; readonly routerId: string } | undefined
  /** As the API had it last; of its annotations only ours. */
  readonly node: NodeView | undefined
  readonly admitted: string | undefined
  /** As they said last whom to peer with. */
  readonly bigips: readonly BigIpView[]
  /** Of a reflector: the nodes it peers with. */
  readonly nodes: readonly ClusterNode[]
  readonly drained: boolean
  readonly announced: readonly string[]
  /** Ends (peer-end.ts) of the peers that held a session. */
  readonly sessions: readonly string[]
  readonly nextHops: readonly NextHopSource[]
  /** Keys of overlay rows that a migration took over. */
  readonly taken: readonly string[]
}

/** Where a next hop of installed routes came from. */
export interface NextHopSource {
  readonly nextHop: string
  /** What the kernel's routes hold in its place. */
  readonly gateways: readonly string[]
  /** Their ends. */
  readonly peers: readonly string[]
}

export function renderState(state: SavedState): string {
  return `${JSON.stringify(state, undefined, 2)}\n`
}

/** @throws InputFault for anything that this version has not written */
export function parseState(text: string): SavedState {
  const document = parsed(text)
  if (document === undefined) throw new InputFault('', 'is not a JSON mapping')
  // what this program wrote before it knew of BIGIPs, or of migrations, says nothing of them
  const { bigips = [], nodes = [], taken = [] } = document
  const state: Partial<SavedState> = { ...document, bigips: withTunnels(bigips), nodes, taken }
  if (state.version !== 1)
    throw new InputFault('version', `${String(state.version)} is not one that this program knows`)
  const wrong = Object.entries(SHAPE).find(([key, fits]) => !fits(state[key as keyof SavedState]))
  if (wrong !== undefined) throw new InputFault(wrong[0], 'does not have the shape that this program writes')
  return state as SavedState
}

function parsed(text: string): Partial<SavedState> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isMapping(value) ? value : undefined
  } catch {
    return undefined
  }
}

function withTunnels(bigips: readonly BigIpView[]): readonly BigIpView[] {
  if (!Array.isArray(bigips)) return bigips
  return bigips.map(view => (isMapping(view) ? { ...view, tunnels: view.tunnels ?? UNKNOWN_TUNNELS } : view))
}

const UNKNOWN_TUNNELS = { units: [], complete: false }

type Check = (value: unknown) => boolean
const isText: Check = value => typeof value === 'string'
const isTexts: Check = value => Array.isArray(value) && value.every(isText)
const isAbsentOr =
  (check: Check): Check =>
  value =>
    value === undefined || check(value)

const SHAPE: Readonly<Record<Exclude<keyof SavedState, 'version'>, Check>> = {
  bootId: isText,
  identity: isAbsentOr(value => isMapping(value) && typeof value['asNumber'] === 'number' && isText(value['routerId'])),
  node: isAbsentOr(isNode),
  admitted: isAbsentOr(isText),
  bigips: value => Array.isArray(value) && value.every(isBigIp),
  nodes: value => Array.isArray(value) && value.every(isClusterNode),
  drained: value => typeof value === 'boolean',
  announced: isTexts,
  sessions: value => Array.isArray(value) && value.every(isEnd),
  nextHops: value => Array.isArray(value) && value.every(isSource),
  taken: isTexts,
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEnd(value: unknown): boolean {
  try {
    return typeof value === 'string' && parseEnd(value) !== undefined
  } catch (thrown) {
    if (thrown instanceof InputFault) return false
    throw thrown
  }
}

function isNode(value: unknown): boolean {
  if (!isMapping(value)) return false
  const { name, uid, labels, annotations, podCIDRs, addresses, ready } = value
  const isTextMapping: Check = map => isMapping(map) && isTexts(Object.values(map))
  const isAddress: Check = one => isMapping(one) && isText(one['type']) && isText(one['address'])
  return (
    [name, uid].every(isText) &&
    [labels, annotations].every(isTextMapping) &&
    isTexts(podCIDRs) &&
    Array.isArray(addresses) &&
    addresses.every(isAddress) &&
    typeof ready === 'boolean'
  )
}

function isBigIp(value: unknown): boolean {
  if (!isMapping(value)) return false
  const { name, peers, nodeASNumber, holdTime, keepaliveTime, units, reflectors, vips, tunnels } = value
  const isSpeakers: Check = list =>
    Array.isArray(list) && list.every(one => isClusterNode(one) && typeof one.asNumber === 'number')
  return (
    isText(name) &&
    (peers === 'per-node' || peers === 'reflector') &&
    [nodeASNumber, holdTime, keepaliveTime].every(value => typeof value === 'number') &&
    [units, reflectors].every(isSpeakers) &&
    isTexts(vips) &&
    isMapping(tunnels) &&
    Array.isArray(tunnels['units']) &&
    tunnels['units'].every(isTunnel) &&
    typeof tunnels['complete'] === 'boolean' &&
    [tunnels['own'], tunnels['flooding']].every(flag => flag === undefined || flag === true)
  )
}

function isTunnel(value: unknown): boolean {
  if (!isMapping(value)) return false
  const { name, standby, vni, port, ends, complete } = value
  const isEnd: Check = end =>
    isMapping(end) &&
    (end['family'] === 4 || end['family'] === 6) &&
    [end['endpoint'], end['mac']].every(isText) &&
    [end['selfIPs'], end['subnets']].every(isTexts)
  return (
    isText(name) &&
    [standby, complete].every(flag => typeof flag === 'boolean') &&
    [vni, port].every(number => typeof number === 'number') &&
    Array.isArray(ends) &&
    ends.every(isEnd)
  )
}

function isClusterNode(value: unknown): boolean {
  if (!isMapping(value)) return false
  return (
    isText(value['name']) && isTexts(value['addresses']) && ['number', 'undefined'].includes(typeof value['asNumber'])
  )
}

function isSource(value: unknown): boolean {
  return isMapping(value) && isText(value['nextHop']) && isTexts(value['gateways']) && isTexts(value['peers'])
}
