/**
 * Metrics and health over HTTP, for Prometheus and the kubelet. `/healthz`: the event loop turns. `/readyz`: the agent knows
 * what to announce, and may speak; sessions that are down do not make a node unready, for a router at rest is no reason
 * to restart anything.
 */
import { reasonOf, WorldFault } from '../lib/base/failure.ts'
import { createServer } from './http.ts'
import type { Metrics } from './metrics.ts'

export interface HealthOptions {
  readonly address: string
  readonly port: number
  readonly metrics: Metrics
  /** Undefined: ready; else why not. */
  readonly unready: () => string | undefined
}

export interface HealthServer {
  close(): void
}

/** @throws WorldFault when the address cannot be had */
export async function serveHealth({ address, port, metrics, unready }: HealthOptions): Promise<HealthServer> {
  const answers: Readonly<Record<string, () => Promise<Answer> | Answer>> = {
    '/metrics': async () => ({ status: 200, type: metrics.contentType, text: await metrics.render() }),
    '/healthz': () => ({ status: 200, type: TEXT, text: 'ok\n' }),
    '/readyz': () => {
      const reason = unready()
      return { status: reason === undefined ? 200 : 503, type: TEXT, text: `${reason ?? 'ok'}\n` }
    },
  }
  const server = createServer(async (request, response) => {
    const path = request.url?.split('?')[0] ?? ''
    const answer = Object.hasOwn(answers, path) ? answers[path] : undefined
    const { status, type, text } = (await answer?.()) ?? { status: 404, type: TEXT, text: `there is no ${path} here\n` }
    response.writeHead(status, { 'content-type': type }).end(text)
  })
  server.on('clientError', (_, connection) => connection.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(refusal(address, port, error)))
    server.listen(port, address, resolve)
  })
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
