/**
 * The control API on a unix socket of mode 0600: whoever may open it is root or the daemon's own user, and that is all the
 * authentication there is. Speaks HTTP; what is answered the daemon's table of resources decides.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import { createServer } from '../http.ts'
import { version } from '../version.ts'
import { type Api, errorDocument } from './dispatch.ts'
import { VERSION_HEADER } from './document.ts'
import { streamFeed } from './feed-stream.ts'
import { streamOctets, streamRows } from './row-stream.ts'
import { prepareSocketFile } from './socket-file.ts'

export interface ControlOptions {
  /** Path of the unix socket; its folder is made where it is missing. */
  readonly socket: string
  readonly api: Api
  /** Gets what was thrown while answering: a bug of ours, worth a line in the log. */
  readonly report: (bug: unknown) => void
}

export interface ControlServer {
  /** Ends open answers too, and removes the socket. */
  close(): Promise<void>
}

/**
 * Listens; a socket left behind by a daemon that is gone is replaced.
 * @throws InputFault, WorldFault as prepareSocketFile does
 */
export async function serveControl({ socket, api, report }: ControlOptions): Promise<ControlServer> {
  await prepareSocketFile(socket)
  const server = createServer((request, response) => void respond(api, request, response, report))
  server.on('clientError', refuseUnreadable)
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(refusal(socket, error)))
    // the file is made within listen(): with this mask it never has another mode, not for a moment
    const mask = process.umask(0o177)
    try {
      server.listen(socket, resolve)
    } finally {
      process.umask(mask)
    }
  })
  server.removeAllListeners('error')
  server.on('error', report)
  return {
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function refusal(socket: string, error: NodeJS.ErrnoException): Error {
  const message = `the control socket ${socket} cannot be made: ${reasonOf(error)}`
  return new WorldFault(error.code ?? 'CONTROL_SOCKET', message, { retry: true })
}

/** What is no HTTP request, or one whose head is longer than HTTP servers take (16 KiB). */
function refuseUnreadable(error: NodeJS.ErrnoException, connection: Duplex): void {
  if (!connection.writable || error.code === 'ECONNRESET') return void connection.destroy()
  const tooLong = error.code === 'HPE_HEADER_OVERFLOW'
  const status = tooLong ? '431 Request Header Fields Too Large' : '400 Bad Request'
  const message = tooLong ? 'the head of the request is too long' : `not a request that can be read: ${reasonOf(error)}`
  const body = `${JSON.stringify(errorDocument('BAD_REQUEST', message))}\n`
  const head = [
    `HTTP/1.1 ${status}`,
    `${VERSION_HEADER}: ${version}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  connection.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

async function respond(
  api: Api,
  request: IncomingMessage,
  response: ServerResponse,
  report: (bug: unknown) => void,
): Promise<void> {
  request.resume()
  response.setHeader(VERSION_HEADER, version)
  response.setHeader('cache-control', 'no-store')
  const result = await api({ method: request.method ?? '', target: request.url ?? '' }, report)
  response.statusCode = result.status
  if ('rows' in result || 'feed' in result || 'octets' in result) {
    response.setHeader('content-type', 'octets' in result ? 'application/octet-stream' : 'application/x-ndjson')
    // a feed may have nothing to say for hours
    response.flushHeaders()
    if ('feed' in result) streamFeed(result.feed, response, report)
    else if ('octets' in result) streamOctets(result.octets, response, report)
    else streamRows(result.rows, response, report)
    if (request.method === 'HEAD') response.end()
    return
  }
  if (result.allow !== undefined) response.setHeader('allow', result.allow)
  response.setHeader('content-type', 'application/json')
  response.end(`${JSON.stringify(result.document)}\n`)
}
