/** `podpeer peers ADDR --messages`: the last messages of a peer, read for people. What a line says of one `podpeer monitor` says, too. */
import type { ControlClient } from '../control/client.ts'
import type {
  MessageContent,
  MessageRoute,
  MessageStatus,
  PeerMessages,
  UpdateContent,
} from '../control/message-document.ts'
import type { View } from './output.ts'
import { type Look, paint, type Tone } from './screen.ts'
import { type Column, layOut, renderRow, renderTitles, uncut } from './table.ts'

/** @param hex whether octets are shown below each message */
export function messagesView(client: ControlClient, name: string, hex: boolean): View<PeerMessages> {
  return {
    ask: () => client.messages(name),
    text: ({ peer, messages }, { look, wide, now }) => {
      if (messages.length === 0) return `No message has passed between this agent and ${peer}.\n`
      const layout = layOut(columns(now, wide), messages, wide ? uncut(look) : look)
      const rows = messages.map(one => renderRow(layout, one) + (hex ? renderOctets(one, look) : ''))
      return renderTitles(layout) + rows.join('')
    },
    steady: ({ messages }) => messages,
  }
}

const columns = (now: number, wide: boolean): readonly Column<MessageStatus>[] => [
  { title: 'TIME', cell: ({ at }) => renderTime(at, now) },
  { title: 'DIRECTION', cell: ({ direction }) => direction },
  { title: 'MESSAGE', cell: ({ message }) => ({ text: messageName(message), tone: messageTone(message) }) },
  { title: 'OCTETS', align: 'right', cell: ({ length }) => String(length) },
  {
    title: 'SAYS',
    least: 20,
    cell: one => (one.count === undefined ? renderMessage(one.message, wide) : row(one, now)),
  },
]

function row({ count, since = '' }: MessageStatus, now: number): string {
  return `${count} since ${renderTime(since, now)}`
}

/** The time of day here, behind the date where that is another one. */
export function renderTime(at: string, now: number): string {
  const [then, today] = [localParts(Date.parse(at)), localParts(now)]
  return then.date === today.date ? then.time : `${then.date} ${then.time}`
}

function localParts(moment: number): { date: string; time: string } {
  const local = new Date(moment - 60_000 * new Date(moment).getTimezoneOffset()).toISOString()
  return { date: local.slice(0, 10), time: local.slice(11, 23) }
}

const NAMES: Readonly<Record<Exclude<MessageContent['type'], 'unreadable'>, string>> = {
  open: 'OPEN',
  update: 'UPDATE',
  notification: 'NOTIFICATION',
  keepalive: 'KEEPALIVE',
  routeRefresh: 'ROUTE-REFRESH',
}

const BY_CODE = ['OPEN', 'UPDATE', 'NOTIFICATION', 'KEEPALIVE', 'ROUTE-REFRESH']

export function messageName(message: MessageContent): string {
  return message.type === 'unreadable' ? (BY_CODE[message.code - 1] ?? `type ${message.code}`) : NAMES[message.type]
}

export function messageTone({ type }: MessageContent): Tone {
  if (type === 'notification' || type === 'unreadable') return 'bad'
  return type === 'keepalive' ? 'faint' : 'plain'
}

/** What it says; `all`: however long that is. */
export function renderMessage(message: MessageContent, all: boolean): string {
  switch (message.type) {
    case 'open': {
      const { asNumber, holdTime, routerId, capabilities } = message
      const more = capabilities.length === 0 ? 'no capabilities' : capabilities.join(', ')
      return `AS ${asNumber}, router id ${routerId}, hold time ${holdTime}s; ${more}`
    }
    case 'update':
      return renderUpdate(message, all)
    case 'notification':
      return message.data === undefined ? message.text : `${message.text}; data ${message.data}`
    case 'keepalive':
      return ''
    case 'routeRefresh':
      return `${message.family}${REFRESH[message.subtype] ?? `, subtype ${message.subtype}`}`
    case 'unreadable':
      return `cannot be read: ${message.reason}`
  }
}

/** RFC 7313 §3.2. */
const REFRESH: Readonly<Record<number, string>> = { 0: '', 1: ': all routes follow', 2: ': all routes have been sent' }

function renderUpdate({ announced, withdrawn, nextHops, attributes, endOfRib, untold }: UpdateContent, all: boolean) {
  const said = [
    withdrawn.length > 0 ? `withdraws ${renderRoutes(withdrawn, all)}` : '',
    announced.length > 0 ? `announces ${renderRoutes(announced, all)}` : '',
    nextHops.length > 0 ? `next hop ${nextHops.join(', ')}` : '',
    ...Object.entries(attributes).map(([name, text]) => `${name} ${text}`.trimEnd()),
    untold === undefined ? '' : `${untold} octets more`,
  ]
  return endOfRib === undefined ? said.filter(text => text !== '').join('; ') : `End-of-RIB ${endOfRib}`
}

/** Prefixes that are named in the short form. */
const NAMED = 3

function renderRoutes(routes: readonly MessageRoute[], all: boolean): string {
  const named = (all ? routes : routes.slice(0, NAMED)).map(({ prefix, pathId }) =>
    pathId === undefined ? prefix : `${prefix} id ${pathId}`,
  )
  const rest = routes.length - named.length
  return rest === 0 ? named.join(', ') : `${named.join(', ')} and ${rest} more`
}

/** Sixteen octets a line, each line behind its offset. */
export function renderOctets({ octets, length }: Pick<MessageStatus, 'octets' | 'length'>, look: Look): string {
  const lines = octets.match(/.{1,32}/g) ?? []
  const text = lines.map((line, at) => {
    const offset = (16 * at).toString(16).padStart(4, '0')
    return `  ${paint(look, 'faint', offset)}  ${line.match(/../g)!.join(' ')}\n`
  })
  const missing = length - octets.length / 2
  return text.join('') + (missing > 0 ? `  ${paint(look, 'faint', `${missing} octets more were not kept`)}\n` : '')
}
