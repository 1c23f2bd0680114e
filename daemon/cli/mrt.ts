/** `podpeer mrt dump`, `record` and `show`: the routes of an agent and the messages of its sessions as MRT files, and such files of anybody as text. */
import { digestMessage } from '../../bgp/message-digest.ts'
import { decodeBgp4mp, encodeBgp4mp, type RecordedChange, type RecordedMessage } from '../../bgp/mrt/bgp4mp.ts'
import { encodeMrtRecord, type MrtRecord, mrtType } from '../../bgp/mrt/record.ts'
import { type DumpIndex, decodeDumpIndex, decodeDumpPrefix, isDumpIndex } from '../../bgp/mrt/table-dump.ts'
import { digestAttributes } from '../../bgp/update-digest.ts'
import { InputFault } from '../../lib/base/failure.ts'
import { Address, parseAddress } from '../../lib/base/ip.ts'
import type { ControlClient } from '../control/client.ts'
import type { MonitorEvent, MonitorQuery, PassingSession, UpdateContent } from '../control/message-document.ts'
import { exitCode } from './exit-code.ts'
import { messageName, renderMessage, renderTime } from './messages.ts'
import { MrtFile, readMrt, type Turning } from './mrt-file.ts'
import { FORMAT, type OutputFormat, renderYaml } from './output.ts'
import type { Screen } from './screen.ts'

/** @param out absent: standard output, which must be no terminal */
export async function dump(client: ControlClient, screen: Screen, out: string | undefined): Promise<void> {
  if (out === undefined && screen.isTerminal)
    throw new InputFault('--out', 'an MRT file is not for terminals', 'name a file, or redirect the output')
  const pieces = await client.dump()
  const file = out === undefined ? undefined : await MrtFile.create(out)
  for await (const octets of pieces)
    if (file === undefined) await screen.write(octets)
    else await file.append(octets)
}

/** Until Ctrl-C, which is a good end. What was lost is said on standard error. */
export async function record(
  client: ControlClient,
  screen: Screen,
  path: string,
  turning: Turning,
  peer: string | undefined,
): Promise<void> {
  const query: MonitorQuery = {
    ...(peer !== undefined && { peer }),
    type: 'session,open,update,notification,keepalive,routeRefresh',
    octets: 'all',
  }
  const passing = await client.monitor(query)
  const file = await MrtFile.open(path, turning)
  let writing: Promise<void> = Promise.resolve()
  process.once('SIGINT', () => void writing.finally(() => process.exit(exitCode.ok)))
  for await (const events of passing) {
    for (const event of events)
      if (event.event === 'lost')
        screen.complain(`${event.count} messages are missing: they came faster than they could be written`)
    const records = events.flatMap(event => recordOf(event) ?? [])
    writing = file.append(Buffer.concat(records.map(encodeMrtRecord)))
    await writing
  }
}

const STATES = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established']

function recordOf(event: MonitorEvent): MrtRecord | undefined {
  if ((event.event !== 'message' && event.event !== 'session') || event.session === undefined) return undefined
  const { session } = event
  const at = Date.parse(event.at)
  const between = betweenOf(session)
  if (event.event === 'session')
    return encodeBgp4mp(
      { kind: 'state', ...between, from: STATES.indexOf(event.from) + 1, to: STATES.indexOf(event.to) + 1 },
      at,
    )
  const { fourOctetAs, addPath } = session
  const sent = event.direction === 'sent'
  const octets = Buffer.from(event.octets, 'hex')
  return encodeBgp4mp({ kind: 'message', ...between, fourOctetAs, addPath: addPath.length > 0, sent, octets }, at)
}

function betweenOf({ address, localAddress, asNumber, localAs }: PassingSession) {
  const peerAddress = parseAddress(address)
  const local = localAddress === undefined ? undefined : parseAddress(localAddress)
  const known = local?.family === peerAddress.family ? local : new Address(new Uint8Array(peerAddress.bytes.length))
  return { peerAs: asNumber, localAs, peerAddress, localAddress: known }
}

/** A document for each path, message and change of state; `other` for records of kinds that are not read. */
export type MrtDocument = { readonly at: string } & (
  | {
      readonly record: 'route'
      readonly prefix: string
      readonly pathId?: number
      readonly peer: string
      readonly asNumber: number
      readonly nextHops: readonly string[]
      readonly attributes: Readonly<Record<string, string>>
      readonly untold?: number
    }
  | {
      readonly record: 'message'
      readonly direction: 'received' | 'sent'
      readonly peer: string
      readonly asNumber: number
      readonly message: ReturnType<typeof digestMessage>
    }
  | {
      readonly record: 'state'
      readonly peer: string
      readonly asNumber: number
      readonly from: string
      readonly to: string
    }
  | { readonly record: 'other'; readonly type: number; readonly subtype: number }
)

/** Written while the file is read, however long it is. */
export async function showMrt(path: string, screen: Screen, output: OutputFormat): Promise<void> {
  for await (const document of documentsOf(path)) await screen.write(await render(document, output))
}

async function* documentsOf(path: string): AsyncGenerator<MrtDocument> {
  let index: DumpIndex | undefined
  for await (const one of readMrt(path)) {
    const at = new Date(one.at).toISOString()
    if (isDumpIndex(one)) index = decodeDumpIndex(one.body)
    else yield* documents(one, at, index)
  }
}

function documents(one: MrtRecord, at: string, index: DumpIndex | undefined): MrtDocument[] {
  const { type, subtype, body } = one
  if (type === mrtType.tableDumpV2) {
    const routes = routesOf(subtype, body, at, index)
    if (routes !== undefined) return routes
  }
  if (type === mrtType.bgp4mp || type === mrtType.bgp4mpEt) {
    const recorded = decodeBgp4mp(subtype, body)
    if (recorded !== undefined) return [recordedDocument(recorded, at)]
  }
  return [{ record: 'other', at, type, subtype }]
}

function routesOf(
  subtype: number,
  body: Uint8Array,
  at: string,
  index: DumpIndex | undefined,
): MrtDocument[] | undefined {
  const dumped = decodeDumpPrefix(subtype, body)
  return dumped?.entries.map(({ peer, pathId, attributes }) => {
    const { address, asNumber } = index?.peers[peer] ?? {}
    return {
      record: 'route',
      at,
      prefix: dumped.prefix.toString(),
      ...(pathId !== undefined && { pathId }),
      peer: address?.toString() ?? `peer ${peer}`,
      asNumber: asNumber ?? 0,
      ...digestAttributes(attributes),
    }
  })
}

function recordedDocument(recorded: RecordedMessage | RecordedChange, at: string): MrtDocument {
  const { peerAs: asNumber } = recorded
  const peer = recorded.peerAddress.toString()
  if (recorded.kind === 'state') {
    const [from, to] = [recorded.from, recorded.to].map(number => STATES[number - 1] ?? `state ${number}`)
    return { record: 'state', at, peer, asNumber, from: from!, to: to! }
  }
  const { octets, fourOctetAs, addPath, sent } = recorded
  const message = digestMessage(octets, octets.length, { fourOctetAs, addPath: addPath ? [4, 6] : [] })
  return { record: 'message', at, direction: sent ? 'sent' : 'received', peer, asNumber, message }
}

async function render(document: MrtDocument, output: OutputFormat): Promise<string> {
  if (output === 'json') return `${JSON.stringify({ format: FORMAT, ...document })}\n`
  if (output === 'yaml') return `---\n${await renderYaml({ format: FORMAT, ...document })}`
  return `${renderLine(document, output === 'wide')}\n`
}

function renderLine(document: MrtDocument, wide: boolean): string {
  const time = renderTime(document.at, Date.now())
  switch (document.record) {
    case 'route': {
      const { prefix, pathId, peer, asNumber, nextHops, attributes } = document
      const id = pathId === undefined ? '' : ` id ${pathId}`
      const said: UpdateContent = { type: 'update', announced: [], withdrawn: [], nextHops, attributes }
      return `${prefix}${id}  from ${peer} AS ${asNumber}  ${renderMessage(said, wide)}`
    }
    case 'message': {
      const { direction, peer, message } = document
      return `${time}  ${peer}  ${direction} ${messageName(message)}  ${renderMessage(message, wide)}`.trimEnd()
    }
    case 'state':
      return `${time}  ${document.peer}  session  ${document.from} → ${document.to}`
    case 'other':
      return `${time}  record of type ${document.type}, subtype ${document.subtype}`
  }
}
