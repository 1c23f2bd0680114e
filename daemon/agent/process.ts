/**
 * The agent as a process: what `podpeer agent --config FILE` runs. It reads the file, opens log, control socket and
 * metrics around one Agent, and lives until a signal ends it.
 */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { Bfd } from '../../bgp/io/bfd.ts'
import { systemClock } from '../../bgp/io/clock.ts'
import { tcpTransport } from '../../bgp/io/transport.ts'
import { rehearse } from '../../bgp/rehearsal.ts'
import { InputFault, reasonOf, WorldFault } from '../../lib/base/failure.ts'
import { watchObjects } from '../../lib/kube/watch.ts'
import { EventMonitor } from '../../lib/linux/events/monitor.ts'
import { OverlayTable } from '../../lib/linux/overlay/overlay-table.ts'
import { makeTunnel, mendTunnel, removeTunnel } from '../../lib/linux/overlay/tunnel.ts'
import { KernelWays } from '../../lib/linux/overlay/way.ts'
import { portHolders } from '../../lib/linux/port-holder.ts'
import { RouterWatch } from '../../lib/linux/router-watch.ts'
import { KeptSysctls, readSysctl } from '../../lib/linux/sysctl.ts'
import { RouteTable } from '../../lib/linux/table/route-table.ts'
import { openEchoer, probeVtep } from '../../vxlan/probe/probe.ts'
import { parseFile } from '../config/index.ts'
import { agentApi } from '../control/api.ts'
import { serveControl } from '../control/server.ts'
import type { HealthServer } from '../health.ts'
import { IdleCollection } from '../idle-collection.ts'
import { type Log, openLog } from '../log.ts'
import { version } from '../version.ts'
import { Agent } from './agent.ts'
import { ConfigSource } from './config-source.ts'
import { bootId } from './state-file.ts'
import { AgentView } from './view.ts'
import type { AgentWorld } from './world.ts'

export interface AgentOptions {
  /** Path of the configuration file. */
  readonly config: string
}

/** Milliseconds that the last words to peers and log may take. */
const FAREWELL = 1000

/**
 * Resolves with the exit code when the agent has stopped (SIGTERM, SIGINT). SIGHUP: read the configuration again.
 * @throws InputFault when the configuration cannot be used at the start, WorldFault when the process cannot run at all
 */
export async function runAgent({ config: path }: AgentOptions): Promise<number> {
  const text = readConfig(path)
  const file = parseConfig(path, text)
  const log = openLog(file.log?.level ?? 'info')
  const node = nodeName(file.node, process.env)
  const world = realWorld(log)
  const agent = new Agent({ file, node, world })
  const view = new AgentView(agent, path)
  const report = (bug: unknown) => log.error('bug', { error: bug instanceof Error ? bug.stack : String(bug) })
  const { control, metrics } = agent.desired.config
  const controlServer = await serveControl({ socket: control.socket, api: agentApi(view), report })
  let healthServer: HealthServer | undefined
  let source: ConfigSource | undefined
  const idleCollection = new IdleCollection()
  // also before the file is watched: without a listener the signal would end the process
  process.on('SIGHUP', () => source?.check(true))
  try {
    healthServer = metrics && (await openHealth(metrics, agent, view, log, report))
    log.info('agent started', { version, node: node.name, pid: process.pid, config: path })
    agent.start()
    // what reading the file has left goes first: with what the compilers take it would be the most memory ever held
    idleCollection.collect()
    rehearse(systemClock)
      .then(() => idleCollection.collect())
      .catch(report)
    const watched = new ConfigSource(path, text, {
      changed: changed => agent.reload(changed),
      unreadable: reason => agent.hear({ type: 'fileRejected', reason }),
    })
    source = watched
    log.info('agent stopping', { signal: await ending() })
  } finally {
    idleCollection.close()
    source?.close()
    healthServer?.close()
    await Promise.all([agent.stop(), controlServer.close()])
    await world.close()
    await log.close(FAREWELL)
    // what still waits for a peer's FIN does not keep the process
    setTimeout(() => process.exit(), FAREWELL).unref()
  }
  return 0
}

function ending(): Promise<string> {
  return new Promise(resolve => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name))
  })
}

/** Both tables of the kernel hear its events through one socket and one thread. */
function realWorld(log: Log): AgentWorld & { close(): Promise<void> } {
  let monitor: EventMonitor | undefined
  let closed: Promise<void> | undefined
  const closeMonitor = () => {
    closed = monitor?.close() ?? closed
    monitor = undefined
    return closed
  }
  const events = () => {
    monitor ??= new EventMonitor({
      onNotice: text => log.warn('kernel', { text }),
      onUnused: closeMonitor,
    })
    return monitor
  }
  return {
    transport: tcpTransport,
    clock: systemClock,
    log,
    environment: process.env,
    bootId: bootId(),
    openTable: options => new RouteTable({ ...options, events: events() }),
    openOverlay: options => new OverlayTable({ ...options, events: events() }),
    openBfd: observer => new Bfd(observer),
    openEchoer: target => openEchoer(target).echoer,
    probe: probeVtep,
    tunnels: { make: makeTunnel, mend: mendTunnel, remove: removeTunnel },
    sysctls: { open: path => new KeptSysctls(path), read: readSysctl },
    openWays: () => new KernelWays(),
    watchObjects,
    portHolders,
    watchRouters: (interfaceName, watcher) => new RouterWatch(interfaceName, watcher),
    close: async () => await closeMonitor(),
  }
}

async function openHealth(
  address: { readonly address: string; readonly port: number },
  agent: Agent,
  view: AgentView,
  log: Log,
  report: (thrown: unknown) => void,
) {
  const [{ agentMetrics }, { serveHealth }] = await Promise.all([import('../metrics.ts'), import('../health.ts')])
  const unready = () => {
    const { desired, routing, problems } = agent
    const speaks = routing !== undefined && desired.speaking && desired.announced !== undefined
    // on an overlay there may be nobody to speak to
    const ready = speaks || (desired.config.peers.length === 0 && desired.overlays.length > 0)
    return ready ? undefined : (problems[0] ?? 'the agent is starting')
  }
  return await serveHealth({ ...address, metrics: agentMetrics(agent, view, log), unready, report })
}

function readConfig(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (thrown) {
    const { code = 'CONFIG_FILE' } = thrown as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new InputFault(path, 'there is no such file')
    throw new WorldFault(code, `${path} cannot be read: ${reasonOf(thrown)}`, { retry: false })
  }
}

function parseConfig(path: string, text: string) {
  try {
    return parseFile(text)
  } catch (thrown) {
    throw thrown instanceof InputFault ? new InputFault(path, thrown.message) : thrown
  }
}

function nodeName(fromFile: string | undefined, environment: NodeJS.ProcessEnv): { name: string; origin: string } {
  if (fromFile !== undefined) return { name: fromFile, origin: 'file' }
  const name = environment['NODE_NAME']
  return name ? { name, origin: 'environment NODE_NAME' } : { name: hostname(), origin: 'host name' }
}
