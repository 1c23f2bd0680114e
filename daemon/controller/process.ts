/**
 * The controller as a process: what `podpeer controller` runs. It opens log, control socket, metrics and health around one
 * Controller, and lives until a signal ends it.
 */
import { InputFault } from '../../lib/base/failure.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { Controller } from '../../lib/controller/controller.ts'
import { serveControl } from '../control/server.ts'
import type { HealthServer } from '../health.ts'
import { type Log, type LogLevel, openLog } from '../log.ts'
import { version } from '../version.ts'
import { controllerApi } from './api.ts'
import { logEvents } from './event-log.ts'
import { openParts } from './parts.ts'
import { ControllerView } from './view.ts'

export interface ControllerOptions {
  /** Path of a YAML file with BIGIP objects; absent: they are watched in the cluster. */
  readonly bigIp?: string
  /** Absent: $KUBECONFIG, ~/.kube/config, else the pod's service account. */
  readonly kubeconfig?: string
  /** Of the Lease, the Secrets; absent: $POD_NAMESPACE, the service account's, else `podpeer`. */
  readonly namespace?: string
  /** Of the control socket; absent: /run/podpeer/controller.sock. */
  readonly socket?: string
  /** `ADDRESS:PORT` of /metrics, /healthz and /readyz; absent: $PODPEER_METRICS, else none. */
  readonly metrics?: string
  readonly logLevel?: LogLevel
  /** false: the only one there is, no Lease is asked for; absent: asked for unless the objects are those of a file. */
  readonly leaderElection?: boolean
}

const SOCKET = '/run/podpeer/controller.sock'
/** Milliseconds that the last words to the log may take. */
const FAREWELL = 1000
/** Milliseconds that writes under way, the Lease and the logouts may take: Kubernetes kills after 30 s by default. */
const PARTING = 15_000

/**
 * Resolves with the exit code when the controller has stopped (SIGTERM, SIGINT): the Lease is given up, the devices are logged
 * out of. SIGHUP: read the file with BIGIP objects again.
 * @throws InputFault for what cannot be used, WorldFault when the process cannot run at all
 */
export async function runController(options: ControllerOptions): Promise<number> {
  const { leaderElection = options.bigIp === undefined, metrics = process.env['PODPEER_METRICS'] } = options
  const endpoint = metrics ? parseEndpoint(metrics) : undefined
  const { parts, file, close } = openParts({ ...options, election: leaderElection, environment: process.env })
  const log = openLog(options.logLevel ?? 'info')
  const report = (bug: unknown) => log.error('bug', { error: bug instanceof Error ? bug.stack : String(bug) })
  const controller = new Controller(parts)
  logEvents(controller, log)
  const socket = options.socket ?? SOCKET
  const controlServer = await serveControl({ socket, api: controllerApi(new ControllerView(controller)), report })
  let healthServer: HealthServer | undefined
  process.on('SIGHUP', () => file?.reload())
  try {
    healthServer = endpoint && (await openHealth(endpoint, controller, log, report))
    log.info('controller started', { version, pid: process.pid, bigIps: options.bigIp ?? 'cluster' })
    controller.start()
    log.info('controller stopping', { signal: await ending() })
  } finally {
    healthServer?.close()
    await Promise.race([controller.close().then(close), patience(PARTING)])
    await controlServer.close()
    await log.close(FAREWELL)
    // what still waits for an answer does not keep the process
    setTimeout(() => process.exit(), FAREWELL).unref()
  }
  return 0
}

function ending(): Promise<string> {
  return new Promise(resolve => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name))
  })
}

function patience(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds).unref())
}

interface Endpoint {
  readonly address: string
  readonly port: number
}

/** `192.0.2.1:9180`, `[::]:9180` */
function parseEndpoint(text: string): Endpoint {
  const { 1: host = '', 2: port = '' } = /^(.+):(\d{1,5})$/.exec(text) ?? []
  if (port === '' || Number(port) > 65535)
    throw new InputFault('metrics', `"${text}" is no address and port`, 'write one such as 0.0.0.0:9180 or [::]:9180')
  return { address: parseAddress(host.replace(/^\[(.*)\]$/, '$1'), 'metrics').toString(), port: Number(port) }
}

async function openHealth(
  endpoint: Endpoint,
  controller: Controller,
  log: Log,
  report: (thrown: unknown) => void,
): Promise<HealthServer> {
  const [{ controllerMetrics }, { serveHealth }] = await Promise.all([import('./metrics.ts'), import('../health.ts')])
  // a follower is ready, too: it knows all that it needs to take over
  const unready = () => (controller.synced ? undefined : (controller.troubles[0] ?? 'the cluster is not known yet'))
  return await serveHealth({ ...endpoint, metrics: controllerMetrics(controller, log), unready, report })
}
