/** `podpeer bfd`: the BFD sessions, a line each, and what was heard and counted for nothing. */
import type { BfdDocument, BfdSessionDocument, BfdStateName, BfdStatus } from '../control/bfd-document.ts'
import type { ControlClient } from '../control/client.ts'
import { renderSince } from './duration.ts'
import type { TextOptions, View } from './output.ts'
import type { Tone } from './screen.ts'
import { type Column, renderNote, renderTable, uncut } from './table.ts'

export function bfdView(client: Pick<ControlClient, 'bfd'>): View<BfdDocument> {
  return { ask: () => client.bfd(), text: renderBfd, steady: steadyBfd }
}

export function bfdTone(state: BfdStateName): Tone {
  if (state === 'Up') return 'good'
  return state === 'Init' ? 'warn' : 'bad'
}

/** One session in a sentence: `Up for 2m04s, the peer says Up; a packet every 300ms, gone after 900ms`. */
export function renderBfdStatus({ state, since, remote, ...status }: BfdStatus, now: number): string {
  const theirs = remote === undefined ? 'nothing is heard of the peer' : `the peer says ${remote.state}`
  const why = state === 'Up' || status.diagnostic === 'none' ? '' : ` (${status.diagnostic})`
  return `${state}${why} for ${renderSince(since, now)}, ${theirs}; ${renderTimers(status)}`
}

function renderTimers({ transmitInterval, detectionTime }: Pick<BfdStatus, 'transmitInterval' | 'detectionTime'>) {
  const pace = transmitInterval === 0 ? 'the peer wants no packets' : `a packet every ${transmitInterval}ms`
  return detectionTime === undefined ? pace : `${pace}, gone after ${detectionTime}ms`
}

export function renderBfd({ sessions, discarded }: BfdDocument, { look, wide, now }: TextOptions): string {
  if (sessions.length === 0) return 'No peer has a BFD session.\n'
  const table = renderTable(wide ? [...columns(now), ...WIDE] : columns(now), sessions, wide ? uncut(look) : look)
  const errors = sessions.flatMap(({ peer, sendError }) =>
    sendError === undefined ? [] : [renderNote(look, 'bad', `${peer}: ${sendError}`, '  ')],
  )
  const dropped = Object.entries(discarded).map(([reason, count]) => `${count} ${WORDS[reason] ?? reason}`)
  const note = dropped.length === 0 ? '' : renderNote(look, 'warn', `packets discarded: ${dropped.join(', ')}`, '')
  return table + errors.join('') + note
}

/** By reason of the control API. */
const WORDS: Readonly<Record<string, string>> = {
  tooShort: 'too short',
  badVersion: 'of another version',
  badLength: 'of a wrong length',
  zeroMultiplier: 'with multiplier 0',
  multipoint: 'multipoint',
  zeroDiscriminator: 'without a discriminator',
  stateWithoutDiscriminator: 'in a state that takes our discriminator, without it',
  authentication: 'with authentication, which is not supported',
  ttl: 'from too far away (TTL)',
  unknownDiscriminator: 'for a session that is no more',
  otherPeer: 'for the session of another peer',
  unknownPeer: 'from where no session is configured',
}

function columns(now: number): Column<BfdSessionDocument>[] {
  return [
    { title: 'PEER', cell: ({ peer }) => ({ text: peer, tone: 'strong' }) },
    { title: 'ADDRESS', cell: ({ address, interface: link }) => (link === undefined ? address : `${address}%${link}`) },
    { title: 'HOPS', optional: true, cell: ({ multihop }) => (multihop ? 'multi' : 'single') },
    { title: 'STATE', cell: ({ state }) => ({ text: state, tone: bfdTone(state) }) },
    { title: 'FOR', cell: ({ since }) => renderSince(since, now) },
    { title: 'REMOTE', cell: ({ remote }) => remote?.state ?? '' },
    { title: 'SENDS', align: 'right', cell: ({ transmitInterval }) => `${transmitInterval}ms` },
    {
      title: 'GONE AFTER',
      align: 'right',
      cell: ({ detectionTime }) => (detectionTime === undefined ? '' : `${detectionTime}ms`),
    },
    { title: 'DOWNS', align: 'right', optional: true, cell: ({ downs }) => String(downs) },
    { title: 'LAST DOWN', least: 12, optional: true, cell: ({ lastDown }) => lastDown?.reason ?? '' },
  ]
}

const WIDE: readonly Column<BfdSessionDocument>[] = [
  { title: 'SENT', align: 'right', cell: ({ packets }) => String(packets.sent) },
  { title: 'RECEIVED', align: 'right', cell: ({ packets }) => String(packets.received) },
  { title: 'DISCRIMINATOR', align: 'right', cell: ({ discriminator }) => String(discriminator) },
  { title: 'REMOTE', align: 'right', cell: ({ remote }) => (remote === undefined ? '' : String(remote.discriminator)) },
  { title: 'C BIT', cell: ({ remote }) => (remote?.controlPlaneIndependent === true ? 'yes' : 'no') },
]

/** What changes with every packet is left out. */
function steadyBfd({ sessions }: BfdDocument): unknown {
  return sessions.map(({ packets: _, ...session }) => session)
}
