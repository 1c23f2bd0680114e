/** `podpeer monitor`: what happens, as it happens: an event a line, until somebody ends it. */
import type { ControlClient } from '../control/client.ts'
import type { MonitorEvent, MonitorQuery } from '../control/message-document.ts'
import { exitCode } from './exit-code.ts'
import { messageName, messageTone, renderMessage, renderOctets, renderTime } from './messages.ts'
import { FORMAT, type OutputFormat, renderYaml } from './output.ts'
import { type Look, paint, type Screen, type Tone } from './screen.ts'

export interface MonitorOptions {
  readonly query: MonitorQuery
  readonly output: OutputFormat
  /** Octets below each message. */
  readonly hex: boolean
}

/** Until Ctrl-C, which is a good end. @throws WorldFault when the agent goes */
export async function monitor(client: ControlClient, screen: Screen, options: MonitorOptions): Promise<void> {
  process.once('SIGINT', () => process.exit(exitCode.ok))
  const line = lineOf(screen, options)
  for await (const events of await client.monitor(options.query))
    await screen.write((await Promise.all(events.map(line))).join(''))
}

function lineOf(look: Look, { output, hex }: MonitorOptions): (event: MonitorEvent) => string | Promise<string> {
  if (output === 'json') return event => `${JSON.stringify({ format: FORMAT, ...event })}\n`
  if (output === 'yaml') return async event => `---\n${await renderYaml({ format: FORMAT, ...event })}`
  let width = 0
  return event => {
    const peer = 'peer' in event ? (event.peer ?? '') : ''
    width = Math.max(width, peer.length)
    const octets = hex && event.event === 'message' ? renderOctets(event, look) : ''
    return renderEvent(event, peer.padEnd(width), look, output === 'wide') + octets
  }
}

function renderEvent(event: MonitorEvent, peer: string, look: Look, wide: boolean): string {
  const { name, tone, text } = told(event, wide)
  const head = [renderTime(event.at, Date.now()), peer, ''].join('  ')
  const room = wide ? Infinity : (look.columns ?? Infinity) - head.length - name.length - 2
  return `${head}${paint(look, tone, name)}${text === '' ? '' : `  ${cut(text, room)}`}\n`
}

function cut(text: string, room: number): string {
  const characters = [...text]
  return characters.length <= room ? text : `${characters.slice(0, Math.max(0, room - 1)).join('')}…`
}

function told(event: MonitorEvent, wide: boolean): { name: string; tone: Tone; text: string } {
  switch (event.event) {
    case 'session': {
      const tone = event.to === 'Established' ? 'good' : event.from === 'Established' ? 'bad' : 'plain'
      const reason = event.reason === '' ? '' : `: ${event.reason}`
      return { name: 'session', tone, text: `${event.from} → ${event.to}${reason}` }
    }
    case 'notice':
      return { name: event.code, tone: 'warn', text: event.text }
    case 'endOfRib':
      return { name: 'End-of-RIB', tone: 'good', text: `all ${event.family} routes of the peer are here` }
    case 'bfd':
      return { name: `BFD ${event.state}`, tone: event.state === 'Up' ? 'good' : 'bad', text: event.reason }
    case 'message': {
      const name = `${event.direction} ${messageName(event.message)}`
      return { name, tone: messageTone(event.message), text: renderMessage(event.message, wide) }
    }
    case 'lost':
      return { name: 'lost', tone: 'bad', text: `${event.count} events: they came faster than they could be read` }
  }
}
