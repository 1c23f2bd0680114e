/**
 * Metrics and health over HTTP, for Prometheus and the kubelet. `/healthz`: the event loop turns. `/readyz`: the agent knows
 * what to announce, and may speak; sessions that are down do not make a node unready, for a router at rest is no reason
 * to restart anything.
 */
import { reasonOf, WorldFault } from '../lib/base/failure.ts'
import { createServer } from './http.ts'
import type { Metrics } from './metric-board.ts'

export interface HealthOptions {
  readonly address: string
  readonly port: number
  readonly metrics: Metrics
  /** Undefined: ready; else why not. */
  readonly unready: () => string | undefined
  /** Takes what only a bug of ours throws, and what happens to the server later. */
  readonly report: (thrown: unknown) => void
}

export interface HealthServer {
  close(): void
}

/** @throws WorldFault when the address cannot be had */
export async function serveHealth({ address, port, metrics, unready, report }: HealthOptions): Promise<HealthServer> {
  const answers: Readonly<Record<string, () => Promise<Answer> | Answer>> = {
    '/metrics': async () => ({ status: 200, type: metrics.contentType, text: await metrics.render() }),
    '/healthz': () => ({ status: 200, type: TEXT, text: 'ok\n' }),
    '/readyz': () => {
      const reason = unready()
      return { status: reason === undefined ? 200 : 503, type: TEXT, text: `${reason ?? 'ok'}\n` }
    },
  }
  const answerTo = async (path: string): Promise<Answer> => {
    if (!Object.hasOwn(answers, path)) return { status: 404, type: TEXT, text: `there is no ${path} here\n` }
    try {
      return await answers[path]!()
    } catch (bug) {
      // no scrape is worth a session
      report(bug)
      return { status: 500, type: TEXT, text: 'a bug of ours: see the log\n' }
    }
  }
  const server = createServer(async (request, response) => {
    const path = request.url?.split('?')[0] ?? ''
    const { status, type, text } = await answerTo(path)
    response.writeHead(status, { 'content-type': type }).end(text)
  })
  server.on('clientError', (_, connection) => connection.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(refusal(address, port, error)))
    server.listen(port, address, resolve)
  })
  // descriptors may run out later
  server.on('error', report)
  return {
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
}

const TEXT = 'text/plain; charset=utf-8'

function refusal(address: string, port: number, error: NodeJS.ErrnoException): WorldFault {
  const message = `metrics cannot be served on ${address} port ${port}: ${reasonOf(error)}`
  return new WorldFault(error.code ?? 'METRICS_PORT', message, { retry: true })
}
