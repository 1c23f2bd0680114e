/** `podpeer peers [ADDR]`: the sessions, a row per peer and family, or all about one. */
import type { ControlClient } from '../control/client.ts'
import type { AgentStatus, PeerFamilyStatus, PeerStatus, SessionState } from '../control/document.ts'
import { bfdTone, renderBfdStatus } from './bfd.ts'
import { renderDuration, renderSince } from './duration.ts'
import type { TextOptions, View } from './output.ts'
import type { Look, Tone } from './screen.ts'
import { termFields } from './session-terms.ts'
import { type Column, layOut, renderFields, renderNote, renderRow, renderTable, renderTitles, uncut } from './table.ts'

export interface PeersValue {
  readonly peers: readonly PeerStatus[]
  readonly phase: AgentStatus['phase']
  readonly problems: AgentStatus['problems']
}

export interface PeerValue {
  readonly peer: PeerStatus
}

export function peersView(client: ControlClient): View<PeersValue> {
  return {
    ask: async () => {
      const [peers, { phase, problems }] = await Promise.all([client.peers(), client.status()])
      return { peers, phase, problems }
    },
    text: renderPeers,
    steady: value => ({ ...value, peers: value.peers.map(steadyPeer) }),
  }
}

export function peerView(client: ControlClient, name: string): View<PeerValue> {
  return {
    ask: async () => ({ peer: await client.peer(name) }),
    text: ({ peer }, options) => renderPeer(peer, options),
    steady: ({ peer }) => steadyPeer(peer),
  }
}

/** A sentence about the peers that are not Established; undefined: all are, and there is at least one. */
export function complaintAbout(peers: readonly PeerStatus[]): string | undefined {
  if (peers.length === 0) return 'no peer is configured'
  const down = peers.filter(peer => peer.state !== 'Established')
  if (down.length === 0) return undefined
  return `not Established: ${down.map(peer => `${peer.name} (${peer.state})`).join(', ')}`
}

export function toneOf(state: SessionState): Tone {
  if (state === 'Established') return 'good'
  return state === 'Idle' ? 'bad' : 'warn'
}

export function renderPeers({ peers, phase, problems }: PeersValue, { look, wide, now }: TextOptions): string {
  const columns = wide ? WIDE : NARROW
  const rows = peers.map(peer => rowsOf(peer, now))
  const layout = layOut(columns, rows.flat(), wide ? uncut(look) : look)
  const text = peers.map((peer, at) => rows[at]!.map(row => renderRow(layout, row)).join('') + notes(peer, look, now))
  const listing = peers.length === 0 ? 'No peer is configured.\n' : renderTitles(layout) + text.join('')
  const drained = phase === 'drained' ? renderNote(look, 'warn', DRAINED, '') : ''
  return listing + drained + problems.map(problem => renderNote(look, 'bad', problem, '')).join('')
}

const DRAINED = 'This node is drained: no session is set up until `podpeer undrain`.'

interface PeerRow {
  readonly peer: PeerStatus
  /** Only the first row of a peer tells what is the same for all its families. */
  readonly first: boolean
  readonly family: PeerFamilyStatus
  readonly now: number
}

function rowsOf(peer: PeerStatus, now: number): PeerRow[] {
  return peer.families.map((family, at) => ({ peer, family, first: at === 0, now }))
}

function ofPeer(title: string, cell: Column<PeerStatus>['cell']): Column<PeerRow> {
  return { title, cell: ({ first, peer }) => (first ? cell(peer) : '') }
}

function count(title: string, key: 'received' | 'accepted' | 'advertised'): Column<PeerRow> {
  return { title, align: 'right', cell: ({ family }) => String(family[key]) }
}

const NAME = ofPeer('PEER', peer => ({ text: peer.name, tone: 'strong' }))
const ADDRESS = ofPeer('ADDRESS', peer => (peer.port === 179 ? zoned(peer) : `${zoned(peer)} port ${peer.port}`))
const AS = ofPeer('AS', peer => (peer.asNumber === 0 ? 'any' : String(peer.asNumber)))
const STATE = ofPeer('STATE', peer => ({ text: peer.state, tone: toneOf(peer.state) }))
const SINCE: Column<PeerRow> = {
  title: 'FOR',
  cell: ({ first, peer, now }) => (first ? renderSince(peer.since, now) : ''),
}
const FAMILY: Column<PeerRow> = { title: 'FAMILY', cell: ({ family }) => family.family }
const COUNTS = [count('RECV', 'received'), count('ACC', 'accepted'), count('SENT', 'advertised')]

const NARROW: readonly Column<PeerRow>[] = [NAME, ADDRESS, AS, STATE, SINCE, FAMILY, ...COUNTS]
const WIDE: readonly Column<PeerRow>[] = [
  ...NARROW,
  ofPeer('TYPE', peer => peer.type),
  ofPeer('LOCAL', peer => peer.localAddress ?? ''),
  ofPeer('ROUTER ID', peer => peer.routerId ?? ''),
  ofPeer('HOLD', peer => (peer.holdTime === undefined ? '' : `${peer.holdTime}s`)),
  ofPeer('IMPORT', peer => peer.importPolicy),
  ofPeer('EXPORT', peer => peer.exportPolicy),
]

/** What an operator would ask next, under the rows of a peer. */
function notes(peer: PeerStatus, look: Look, now: number): string {
  const said: [Tone, string][] = []
  if (peer.state !== 'Established') {
    if (peer.lastError !== undefined) said.push(['bad', peer.lastError])
    const retry = nextAttempt(peer, now)
    if (peer.heldBack !== undefined) said.push(['warn', `held back: ${peer.heldBack}`])
    if (retry !== undefined) said.push(['faint', `next attempt ${retry}`])
  }
  if (peer.bfd !== undefined && peer.bfd.state !== 'Up')
    said.push([bfdTone(peer.bfd.state), `BFD is ${renderBfdStatus(peer.bfd, now)}`])
  const stale = peer.families.reduce((sum, family) => sum + family.stale, 0)
  if (stale > 0)
    said.push(['warn', `${stale} stale ${stale === 1 ? 'route is' : 'routes are'} kept (graceful restart)`])
  for (const { family, limit, received, prefixes = received, dropped = 0 } of peer.families)
    if (limit !== undefined && dropped > 0 && prefixes >= limit.count)
      said.push(['bad', `it sends more than ${limit.count} prefixes of ${family}: no further one is taken`])
  return said.map(([tone, text]) => renderNote(look, tone, text, '  ')).join('')
}

/** A link-local address says little without its link. */
function zoned({ address, interface: link }: PeerStatus): string {
  return link === undefined ? address : `${address}%${link}`
}

function nextAttempt(peer: PeerStatus, now: number): string | undefined {
  if (peer.nextAttempt !== undefined) {
    const seconds = Math.ceil((Date.parse(peer.nextAttempt) - now) / 1000)
    return seconds > 0 ? `in ${renderDuration(seconds)}` : 'is due'
  }
  return peer.passive && peer.state === 'Active' ? 'when the peer connects' : undefined
}

function renderPeer(peer: PeerStatus, { look, now }: TextOptions): string {
  const { received, sent } = peer.messages
  const fields: (readonly [string, string | undefined])[] = [
    ['Peer', peer.name],
    ['Address', peer.port === 179 ? zoned(peer) : `${zoned(peer)}, port ${peer.port}`],
    ['Range', peer.range],
    [
      'Distance',
      peer.gtsm === undefined ? undefined : `at most ${peer.gtsm} ${peer.gtsm === 1 ? 'hop' : 'hops'} (GTSM)`,
    ],
    ['AS', `${peer.asNumber === 0 ? 'any' : peer.asNumber} (${peer.type}), ours ${peer.localAs}`],
    ['State', `${peer.state} for ${renderSince(peer.since, now)}`],
    ['Next attempt', peer.state === 'Established' ? undefined : nextAttempt(peer, now)],
    ['Last error', peer.lastError],
    ['Held back', peer.heldBack],
    ['Local address', peer.localAddress],
    ['Router id', peer.routerId],
    ['Timers', peer.holdTime === undefined ? undefined : `hold ${peer.holdTime}s, keepalive ${peer.keepaliveTime}s`],
    ['Capabilities', peer.capabilities?.join(', ')],
    ['Left out', peer.withheldCapabilities?.length ? `${peer.withheldCapabilities.join(', ')} (refused)` : undefined],
    ...termFields(peer),
    ['BFD', peer.bfd && renderBfdStatus(peer.bfd, now)],
    ['BFD was lost', peer.bfd?.lastDown && renderLoss(peer.bfd.lastDown, now)],
    ['Import policy', peer.importPolicy],
    ['Export policy', peer.exportPolicy],
  ]
  const messages = (Object.keys(received) as (keyof typeof received)[]).map(type => ({ type, received, sent }))
  return [
    renderFields(
      look,
      fields.flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as const])),
    ),
    '\n',
    renderTable(FAMILIES, peer.families, look),
    '\n',
    renderTable(MESSAGES, messages, look),
  ].join('')
}

function renderLoss({ at, reason }: { readonly at: string; readonly reason: string }, now: number): string {
  return `${renderSince(at, now)} ago: ${reason}`
}

const FAMILIES: readonly Column<PeerFamilyStatus>[] = [
  { title: 'FAMILY', cell: row => row.family },
  { title: 'RECEIVED', align: 'right', cell: row => String(row.received) },
  { title: 'ACCEPTED', align: 'right', cell: row => String(row.accepted) },
  { title: 'SENT', align: 'right', cell: row => String(row.advertised) },
  { title: 'STALE', align: 'right', cell: row => String(row.stale) },
  { title: 'EOR RECEIVED', cell: row => (row.endOfRib.received ? 'yes' : 'no') },
  { title: 'EOR SENT', cell: row => (row.endOfRib.sent ? 'yes' : 'no') },
]

type MessageRow = PeerStatus['messages'] & { readonly type: keyof PeerStatus['messages']['sent'] }

const MESSAGES: readonly Column<MessageRow>[] = [
  { title: 'MESSAGES', cell: row => (row.type === 'routeRefresh' ? 'route refresh' : row.type) },
  { title: 'RECEIVED', align: 'right', cell: row => String(row.received[row.type]) },
  { title: 'SENT', align: 'right', cell: row => String(row.sent[row.type]) },
]

function steadyPeer({ uptimeSeconds: _, nextAttempt: __, messages: ___, ...peer }: PeerStatus): unknown {
  return peer
}
