/** BFD without packets: the test says what the sessions find out. */

import type { BfdSessionConfig, BfdSessionStatus } from '../../../bgp/index.ts'
import type { BfdObserver } from '../../../bgp/io/bfd.ts'
import type { BfdSessions } from '../../../daemon/agent/world.ts'

export class PlayedBfd {
  wanted: readonly BfdSessionConfig[] = []
  #statuses = new Map<string, BfdSessionStatus>()
  #observer: BfdObserver | undefined

  open(observer: BfdObserver): BfdSessions {
    this.#observer = observer
    return {
      want: sessions => {
        this.wanted = sessions
        for (const { name } of sessions)
          if (!this.#statuses.has(name)) this.#statuses.set(name, statusOf(name, false, 0))
      },
      status: () => [...this.#statuses.values()],
      problems: [],
      counters: async () => ({ sessions: new Map(), discarded: {} }),
      close: async () => {},
    }
  }

  /** @param failure whether the path failed, or a person ended the session */
  change(name: string, up: boolean, { failure = !up, at = 0 } = {}): void {
    this.#statuses.set(name, statusOf(name, up, at))
    const reason = up ? 'the session is up' : 'control detection time expired'
    this.#observer?.changed({ name, up, failure, independent: false, reason })
  }
}

function statusOf(name: string, up: boolean, since: number): BfdSessionStatus {
  const heard = {
    remote: {
      state: 'Up',
      diagnostic: 0,
      discriminator: 42,
      controlPlaneIndependent: false,
      demand: false,
      multiplier: 3,
      desiredTransmit: 300,
      requiredReceive: 300,
    },
    detectionTime: 900,
  } as const
  return {
    name,
    state: up ? 'Up' : 'Down',
    since,
    localDiscriminator: 17,
    diagnostic: up ? 0 : 1,
    ...(up && heard),
    transmitInterval: up ? 300 : 1000,
    ups: 1,
    downs: up ? 0 : 1,
  }
}
