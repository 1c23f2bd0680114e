/** Pings each VTEP, seldom and for ever, and knows what became of the last ones. */
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import type { Address } from '../../lib/base/ip.ts'
import type { Echoer } from '../../vxlan/probe/echo.ts'
import { Health, type HealthView } from '../../vxlan/probe/health.ts'
import type { AgentWorld } from './world.ts'

/** Milliseconds between two pings of one VTEP, and until one is lost. */
const PERIOD = 10_000
const TIMEOUT = 2000
/** Milliseconds until the first: rows that were wanted just now are there by then. */
const FIRST = 1000
const WINDOW = 30
/** Octets of the whole packet. */
const SIZE = 64

/** A VTEP, and which of its addresses. */
export interface Asked {
  readonly name: string
  readonly address: Address
}

interface Followed {
  readonly asked: Asked
  readonly health: Health
  echoer: Echoer | undefined
  /** Why none can be sent. */
  fault: string | undefined
  cancel: () => void
}

export class VtepHealth {
  readonly #world: Pick<AgentWorld, 'clock' | 'openEchoer'>
  #followed = new Map<string, Followed>()

  constructor(world: Pick<AgentWorld, 'clock' | 'openEchoer'>) {
    this.#world = world
  }

  /** All that are pinged from now on. */
  follow(all: readonly Asked[]): void {
    const before = this.#followed
    this.#followed = new Map(all.map(asked => [keyOf(asked), before.get(keyOf(asked)) ?? this.#start(asked)]))
    for (const [key, followed] of before) if (!this.#followed.has(key)) end(followed)
  }

  /** Undefined: none was sent yet. */
  of(asked: Asked): HealthView | undefined {
    const { health, fault } = this.#followed.get(keyOf(asked)) ?? {}
    const view = health?.view
    if (fault !== undefined) return { sent: 0, lost: 0, last: undefined, median: undefined, reason: fault }
    return view === undefined || view.sent === 0 ? undefined : view
  }

  close(): void {
    for (const followed of this.#followed.values()) end(followed)
    this.#followed.clear()
  }

  #start(asked: Asked): Followed {
    const followed: Followed = {
      asked,
      health: new Health(WINDOW),
      echoer: undefined,
      fault: undefined,
      cancel: () => {},
    }
    this.#wait(followed, FIRST)
    return followed
  }

  #wait(followed: Followed, milliseconds: number): void {
    const { clock } = this.#world
    followed.cancel = clock.wake(clock.now() + milliseconds, () => {
      this.#wait(followed, PERIOD)
      void this.#ping(followed)
    })
  }

  async #ping(followed: Followed): Promise<void> {
    try {
      followed.echoer ??= this.#world.openEchoer(followed.asked.address)
      followed.fault = undefined
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      followed.fault = reasonOf(thrown)
      return
    }
    followed.health.heard(await followed.echoer.echo(SIZE, TIMEOUT))
  }
}

/** Another address is another series. */
function keyOf({ name, address }: Asked): string {
  return `${name} ${address}`
}

function end({ cancel, echoer }: Followed): void {
  cancel()
  echoer?.close()
}
