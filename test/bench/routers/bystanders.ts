/**
 * A thread with the sessions of those who only listen for KEEPALIVEs: the thread that plays the others judges tables between two
 * looks at its sockets, and would see them late. Posts the lateness when it is told to end.
 */
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { CLONE_NEWNET, setNamespace } from '../../../lib/linux/libc.ts'
import type { Lateness } from '../row.ts'
import { latenessFrom } from '../timer-lateness.ts'
import { PlayedSession } from './player.ts'
import { KEEPALIVE_TIME, type PlayedPeer } from './workload.ts'

interface ThreadData {
  /** Path. */
  readonly namespace: string
  readonly peers: readonly PlayedPeer[]
  /** ms from now on. */
  readonly deadline: number
}

interface Report {
  readonly lateness: Lateness
  readonly ended: string | undefined
}

export class Bystanders {
  readonly #worker: Worker

  private constructor(worker: Worker) {
    this.#worker = worker
  }

  /** Resolves when all are in Established. */
  static async open(data: ThreadData): Promise<Bystanders> {
    const worker = new Worker(new URL(import.meta.url), { workerData: data })
    await once(worker, 'message')
    return new Bystanders(worker)
  }

  /** Ends the sessions. How much later than a third of the hold time each KEEPALIVE came; with jitter most come earlier. */
  async end(): Promise<Report> {
    this.#worker.postMessage('end')
    const [report] = (await once(this.#worker, 'message')) as [Report]
    await this.#worker.terminate()
    return report
  }
}

async function play({ namespace, peers, deadline }: ThreadData): Promise<void> {
  const there = openSync(namespace, 'r')
  setNamespace(there, CLONE_NEWNET)
  closeSync(there)
  const until = performance.now() + deadline
  const sessions = await Promise.all(peers.map(peer => PlayedSession.open(peer, [4], 'path', until)))
  parentPort!.postMessage('open')
  await once(parentPort!, 'message')
  const late = sessions.flatMap(({ silences }) => silences.map(silence => Math.max(0, silence - KEEPALIVE_TIME)))
  const ended = sessions.find(session => session.ended !== undefined)?.ended
  parentPort!.postMessage({ lateness: latenessFrom(late), ended } satisfies Report)
  for (const session of sessions) session.close()
}

if (!isMainThread) await play(workerData as ThreadData)
