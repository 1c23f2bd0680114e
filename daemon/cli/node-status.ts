/**
 * `podpeer node status`: what `calicoctl node status` prints, for this agent. The words of its columns are kept: PEER TYPE
 * of Calico's resources, STATE of BIRD's protocols, SINCE as time of day or date.
 */
import { readdir, readFile } from 'node:fs/promises'
import type { ControlClient } from '../control/client.ts'
import type { AgentStatus, EffectiveConfig, PeerStatus } from '../control/document.ts'
import { renderBoxed } from './boxed-table.ts'
import { originOf } from './config.ts'
import type { TextOptions, View } from './output.ts'
import type { Look } from './screen.ts'
import { renderFields } from './table.ts'

/** A row of the table; also its JSON shape. */
export interface NodePeer {
  readonly peerAddress: string
  readonly peerType: 'node-to-node mesh' | 'node specific' | 'global'
  readonly state: 'up' | 'start' | 'down'
  /** Local time: of day when today, else the date. */
  readonly since: string
  readonly info: string
}

export interface NodeStatusValue {
  /** Whose process the heading names. */
  readonly process: 'Calico' | 'podpeer'
  readonly ipv4: readonly NodePeer[]
  readonly ipv6: readonly NodePeer[]
  readonly agent: AgentStatus
}

export function nodeStatusView(client: ControlClient): View<NodeStatusValue> {
  return {
    ask: async () => {
      const [agent, peers, config, calico] = await Promise.all([
        client.status(),
        client.peers(),
        client.config(),
        calicoRuns(),
      ])
      return nodeStatus(agent, peers, config, calico, new Date())
    },
    text: renderNodeStatus,
    steady: value => value,
  }
}

export function nodeStatus(
  agent: AgentStatus,
  peers: readonly PeerStatus[],
  config: EffectiveConfig,
  calico: boolean,
  now: Date,
): NodeStatusValue {
  const rows = (ipv6: boolean): NodePeer[] =>
    peers
      .filter(peer => peer.address.includes(':') === ipv6)
      .map(peer => ({
        peerAddress: peer.address,
        peerType: typeOf(peer, config),
        state: stateOf(peer, agent),
        since: renderTime(new Date(peer.since), now),
        info: infoOf(peer),
      }))
  return { process: calico ? 'Calico' : 'podpeer', ipv4: rows(false), ipv6: rows(true), agent }
}

function typeOf(peer: PeerStatus, config: EffectiveConfig): NodePeer['peerType'] {
  if (peer.type === 'internal') return 'node-to-node mesh'
  const origin = originOf(`peers[${peer.name}].address`, config.origins)
  return /^(nodes\[|annotation)/.test(origin) ? 'node specific' : 'global'
}

/** BIRD's word for the protocol that the peer would be. */
function stateOf(peer: PeerStatus, agent: AgentStatus): NodePeer['state'] {
  if (peer.state === 'Established') return 'up'
  return agent.phase === 'drained' ? 'down' : 'start'
}

function infoOf(peer: PeerStatus): string {
  if (peer.state === 'Established' || peer.lastError === undefined) return peer.state
  return `${peer.state} ${peer.lastError}`
}

function renderTime(since: Date, now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const date = (day: Date): string => `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`
  if (date(since) !== date(now)) return date(since)
  return [since.getHours(), since.getMinutes(), since.getSeconds()].map(two).join(':')
}

const TITLES = ['PEER ADDRESS', 'PEER TYPE', 'STATE', 'SINCE', 'INFO']

export function renderNodeStatus(value: NodeStatusValue, { look, wide }: TextOptions): string {
  const table = (family: 4 | 6, peers: readonly NodePeer[]): string => {
    const rows = peers.map(peer => [peer.peerAddress, peer.peerType, peer.state, peer.since, peer.info])
    return `\nIPv${family} BGP status\n${rows.length > 0 ? renderBoxed(TITLES, rows) : `No IPv${family} peers found.\n`}`
  }
  const classic = `${value.process} process is running.\n${table(4, value.ipv4)}${table(6, value.ipv6)}\n`
  return wide ? classic + renderAgent(value.agent, look) : classic
}

/** What Calico's table has no place for. */
function renderAgent(agent: AgentStatus, look: Look): string {
  const fields: [string, string][] = [
    ['Node', agent.node],
    ['AS', String(agent.asNumber ?? 'not known')],
    ['Router id', agent.routerId ?? 'not known'],
    ['Agent', `podpeer ${agent.version}, ${agent.phase}, pid ${agent.pid}, since ${agent.startedAt}`],
    ['Listening', agent.listening.join(', ') || 'no'],
    ['Kubernetes', agent.kubernetes.state + (agent.kubernetes.reason ? `: ${agent.kubernetes.reason}` : '')],
    ['Announced', agent.announced.map(({ prefix, origin }) => `${prefix} (${origin})`).join(', ') || 'nothing'],
    ['Kernel', agent.kernel.install ? `${agent.kernel.routes} routes` : 'routes are not installed'],
    ...agent.kernel.conflicts.map(({ prefix, foreign }): [string, string] => ['Conflict', `${prefix}: ${foreign}`]),
    ...agent.problems.map((problem): [string, string] => ['Problem', problem]),
  ]
  return renderFields(look, fields)
}

/** As calicoctl finds it: by the names of processes. */
async function calicoRuns(): Promise<boolean> {
  const names = (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name))
  const lines = await Promise.all(names.map(pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return lines.some(isFelix)
}

/** @param commandLine arguments, each ended by NUL (proc(5)) */
export function isFelix(commandLine: string): boolean {
  const [program = '', ...args] = commandLine.split('\0')
  const name = program.slice(program.lastIndexOf('/') + 1)
  return name === 'calico-felix' || (name === 'calico-node' && args.includes('-felix'))
}
