/** `podpeer mrt replay`: a recording played into a speaker in this process, for a look at it or for a router in a lab. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ACCEPT,
  type PeerView,
  REJECT,
  type Speaker,
  type SpeakerObserver,
  type SpeakerPeer,
  silence,
} from '../../bgp/index.ts'
import { systemClock } from '../../bgp/io/clock.ts'
import { tcpTransport } from '../../bgp/io/transport.ts'
import { Replay } from '../../bgp/mrt/replay.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { exitCode } from './exit-code.ts'
import { readMrt } from './mrt-file.ts'
import { FORMAT, type OutputFormat, renderYaml } from './output.ts'
import type { Screen } from './screen.ts'
import { type Column, renderTable } from './table.ts'

export interface ReplayTarget {
  readonly address: string
  readonly asNumber: number
  readonly port: number
}

/** Of the speaker in this process; from the block for documentation, so that no router has it. */
const ROUTER_ID = parseAddress('192.0.2.179').uint32

/** Records that are played between two turns of the event loop. */
const SLICE = 256
/** Milliseconds in which recorded peers have their sessions; those that cannot have one are left out. */
const MEETING = 3000
/** Milliseconds between two looks at the router's session, and that the last words to it may take. */
const LOOK = 100

/** @param target absent: nobody is told @throws InputFault, WorldFault of the file */
export async function replay(
  path: string,
  screen: Screen,
  output: OutputFormat,
  asNumber: number,
  target: ReplayTarget | undefined,
): Promise<void> {
  const observer: SpeakerObserver = {
    ...silence,
    stateChanged: (peer, from, to, reason) => {
      const isNews = to === 'Established' || to === 'Idle' || from === 'Established'
      if (peer === TARGET && isNews) screen.complain(`${target?.address}: ${to}: ${reason}`)
    },
  }
  const config = target && targetConfig(target, asNumber)
  const world = { asNumber, routerId: ROUTER_ID, clock: systemClock, transport: tcpTransport, observer }
  const played = new Replay({ ...world, ...(config && { target: config }) })
  const records = await feed(path, played)
  await settled(played.speaker)
  const value = await summary(played, records)
  await screen.write(await render(value, screen, output))
  if (target === undefined) return
  await keepTelling(played.speaker, screen, target)
}

const TARGET = 'the router'

function targetConfig({ address, asNumber, port }: ReplayTarget, localAs: number): SpeakerPeer {
  return {
    name: TARGET,
    address: parseAddress(address),
    port,
    localAs,
    remoteAs: asNumber,
    holdTime: 90,
    connectRetryTime: 5,
    sendHoldTime: 240,
    passive: false,
    families: [4, 6],
    gracefulRestart: { enabled: false, restartTime: 0 },
    nextHop: 'auto',
    routeReflectorClient: false,
    importPolicy: REJECT,
    exportPolicy: ACCEPT,
  }
}

async function feed(path: string, played: Replay): Promise<number> {
  let count = 0
  for await (const record of readMrt(path)) {
    if (played.meet(record)) await until(() => played.isReady, MEETING)
    played.play(record)
    if (++count % SLICE === 0) await settled(played.speaker)
  }
  played.finish()
  return count
}

function settled(speaker: Speaker): Promise<void> {
  return until(() => !speaker.busy, Infinity)
}

async function until(isSo: () => boolean, patience: number): Promise<void> {
  const deadline = performance.now() + patience
  do await new Promise(setImmediate)
  while (!isSo() && performance.now() < deadline)
}

export interface ReplayValue {
  readonly records: number
  /** Records, paths and messages that could not be replayed. */
  readonly leftOut: number
  /** Those of the file. */
  readonly peers: readonly { readonly address: string; readonly asNumber: number; readonly received: number }[]
  /** Prefixes with a route that is used. */
  readonly best: { readonly ipv4: number; readonly ipv6: number }
}

async function summary({ speaker, recorded, leftOut }: Replay, records: number): Promise<ReplayValue> {
  const views = new Map(speaker.peers().map(view => [view.config.name, view]))
  const received = (view: PeerView | undefined) =>
    view?.families.reduce((sum, { received: count }) => sum + count, 0) ?? 0
  const peers = recorded.map(({ address, asNumber }) => ({
    address: address.toString(),
    asNumber,
    received: received(views.get(address.toString())),
  }))
  return { records, leftOut, peers, best: { ipv4: await countBest(speaker, 4), ipv6: await countBest(speaker, 6) } }
}

async function countBest(speaker: Speaker, family: 4 | 6): Promise<number> {
  let count = 0
  for (const cursor = speaker.routes({ family, table: 'best' }); !cursor.done; ) {
    count += cursor.next(SLICE).length
    await new Promise(setImmediate)
  }
  return count
}

const COLUMNS: readonly Column<ReplayValue['peers'][number]>[] = [
  { title: 'PEER', cell: ({ address }) => address },
  { title: 'AS', align: 'right', cell: ({ asNumber }) => String(asNumber) },
  { title: 'RECV', align: 'right', cell: ({ received }) => String(received) },
]

async function render(value: ReplayValue, screen: Screen, output: OutputFormat): Promise<string> {
  const document = { format: FORMAT, ...value }
  if (output === 'json') return `${JSON.stringify(document, undefined, 2)}\n`
  if (output === 'yaml') return await renderYaml(document)
  const { records, leftOut, peers, best } = value
  const lost = leftOut === 0 ? '' : `; ${leftOut} paths or messages left out`
  const total = `${records} records; best routes: ${best.ipv4} of IPv4, ${best.ipv6} of IPv6${lost}\n`
  return renderTable(COLUMNS, peers, screen) + total
}

/** Until Ctrl-C, which takes leave. */
async function keepTelling(speaker: Speaker, screen: Screen, { address }: ReplayTarget): Promise<never> {
  process.once('SIGINT', () => {
    speaker.stop(true)
    setTimeout(() => process.exit(exitCode.ok), LOOK)
  })
  for (let told = -1; ; await sleep(LOOK)) {
    const view = speaker.peers().find(({ config }) => config.name === TARGET)
    if (view?.session.state !== 'Established' || speaker.busy) continue
    const count = view.families.reduce((sum, { advertised }) => sum + advertised, 0)
    if (count !== told) screen.complain(`${address} has been told ${count} routes; Ctrl-C withdraws them`)
    told = count
  }
}
