/**
 * `kubectl exec`: a WebSocket of channels in front of a function that runs the command. Knows no pods' insides: where a
 * command runs, and as what, is for the function to say.
 * Channels of v5.channel.k8s.io: 0 stdin, 1 stdout, 2 stderr, 3 the Status at the end, 4 terminal size, 255 closes another.
 */
import type { ChildProcessByStdio } from 'node:child_process'
import type { IncomingMessage } from 'node:http'
import { type Duplex, PassThrough, type Readable, Writable } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { KubeObject } from '../../lib/kube/object.ts'
import { listAt, textAt } from './json.ts'
import type { Target } from './request.ts'
import { ApiError, badRequest, notFound } from './status.ts'
import type { Store } from './store.ts'

export interface ExecSession {
  readonly pod: KubeObject
  readonly container: string
  readonly command: readonly string[]
  /** Ends at once where the client sends none. */
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal
}

/** Runs a command in a pod. @returns its exit code @throws when it cannot be started: the client is told why */
export type Exec = (session: ExecSession) => Promise<number>

const PROTOCOL = 'v5.channel.k8s.io'
const STDIN = 0
const STDOUT = 1
const STDERR = 2
const STATUS = 3
const CLOSE = 255

const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => PROTOCOL })

/** @throws ApiError before the connection is taken over */
export function openExec(
  exec: Exec | undefined,
  store: Store,
  { kind, namespace = '', name = '' }: Target,
  query: URLSearchParams,
  { request, head }: { request: IncomingMessage; head: Buffer | undefined },
): void {
  const pod = store.get('pods', `${namespace}/${name}`)
  if (pod === undefined) throw notFound(kind, name)
  if (head === undefined) throw badRequest('Upgrade request required')
  if (textAt(pod, ['spec', 'nodeName']) === '') throw badRequest(`pod ${name} does not have a host assigned`)
  const container = containerOf(pod, query.get('container'))
  if (exec === undefined) throw new ApiError(500, 'InternalError', 'no command can be run in pods here')
  // last: a client that speaks SPDY only asks again after every other no
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map(protocol => protocol.trim())
  if (!offered.includes(PROTOCOL)) throw badRequest(`unable to upgrade: only ${PROTOCOL} is spoken here`)
  sockets.handleUpgrade(request, request.socket as Duplex, head, socket => {
    void converse(socket, exec, { pod, container, command: query.getAll('command') }, query.get('stdin') === 'true')
  })
}

function containerOf(pod: KubeObject, wanted: string | null): string {
  const names = listAt(pod, ['spec', 'containers']).map(container => textAt(container, ['name']))
  if (wanted !== null && !names.includes(wanted))
    throw badRequest(`container ${wanted} is not valid for pod ${pod.metadata.name}`)
  return wanted ?? names[0] ?? ''
}

async function converse(
  socket: WebSocket,
  exec: Exec,
  what: Pick<ExecSession, 'pod' | 'container' | 'command'>,
  hasInput: boolean,
): Promise<void> {
  const stdin = new PassThrough()
  if (!hasInput) stdin.end()
  socket.on('message', (message: Buffer) => {
    if (message[0] === STDIN && !stdin.writableEnded) stdin.write(message.subarray(1))
    if (message[0] === CLOSE && message[1] === STDIN) stdin.end()
  })
  const gone = new AbortController()
  socket.on('close', () => gone.abort())
  socket.on('error', () => gone.abort())
  const [stdout, stderr] = [output(socket, STDOUT), output(socket, STDERR)]
  const status = await exec({ ...what, stdin, stdout, stderr, signal: gone.signal }).then(
    code => exited(code, what.command),
    (thrown: unknown) => ({ status: 'Failure', reason: 'InternalError', message: `${thrown}`, code: 500 }),
  )
  await Promise.all([stdout, stderr].map(stream => new Promise<void>(resolve => stream.end(() => resolve()))))
  socket.send(Buffer.concat([Buffer.of(STATUS), Buffer.from(JSON.stringify({ metadata: {}, ...status }))]))
  socket.close(1000)
}

function output(socket: WebSocket, channel: number): Writable {
  return new Writable({
    // a client that has gone misses nothing
    write: (chunk: Buffer, _, done) => socket.send(Buffer.concat([Buffer.of(channel), chunk]), () => done()),
  })
}

function exited(code: number, command: readonly string[]): object {
  if (code === 0) return { status: 'Success' }
  const said = `error executing command [${command.join(' ')}], exit code ${code}`
  return {
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: ${said}`,
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  }
}

/** Joins a process to a session: its streams, its end, and the client's going. */
export function attach(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  session: ExecSession,
): Promise<number> {
  session.stdin.pipe(child.stdin)
  // a process need not read what it is sent
  child.stdin.on('error', () => {})
  child.stdout.pipe(session.stdout)
  child.stderr.pipe(session.stderr)
  session.signal.addEventListener('abort', () => child.kill())
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? (signal === null ? 1 : 137)))
  })
}
