/** `podpeer drain` and `undrain`: take this node out of service, and back. Waits until the agent has done it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { WorldFault } from '../../lib/base/failure.ts'
import type { ControlClient } from '../control/client.ts'
import type { AgentStatus } from '../control/document.ts'
import type { View } from './output.ts'

/** Milliseconds: withdrawals go out within the second unless a peer has stopped reading. */
const PATIENCE = 60_000
const PERIOD = 100

export interface DrainOptions {
  /** Seconds. */
  readonly wait?: string
  readonly message?: string
}

export function drainView(client: ControlClient, { wait, message }: DrainOptions): View<AgentStatus> {
  return {
    ask: async () => {
      await client.drain({ ...(wait !== undefined && { wait }), ...(message !== undefined && { text: message }) })
      const deadline = Date.now() + 1000 * Number(wait ?? 0) + PATIENCE
      for (;;) {
        const status = await client.status()
        if (status.phase === 'drained') return status
        if (Date.now() > deadline)
          throw new WorldFault(
            'DRAIN_TAKES_LONG',
            `the routes have not been withdrawn after ${PATIENCE / 1000} s more`,
            {
              retry: true,
            },
          )
        await sleep(PERIOD)
      }
    },
    text: ({ node }) => `${node} is drained: nothing is announced and no session is up, until \`podpeer undrain\`.\n`,
    steady: status => status,
  }
}

export function undrainView(client: ControlClient): View<AgentStatus> {
  return {
    ask: () => client.undrain(),
    text: ({ node }) => `${node} is in service: sessions that are not up are being set up.\n`,
    steady: status => status,
  }
}
