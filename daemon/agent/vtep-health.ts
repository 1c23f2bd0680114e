/** Pings the self IP of each VTEP inside its tunnel, seldom and for ever, and knows what became of the last ones. */
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import type { Echoer } from '../../vxlan/probe/echo.ts'
import { Health, type HealthView } from '../../vxlan/probe/health.ts'
import type { Vtep } from '../../vxlan/vtep.ts'
import type { AgentWorld } from './world.ts'

/** Milliseconds between two pings of one VTEP, and until one is lost. */
const PERIOD = 10_000
const TIMEOUT = 2000
/** Milliseconds until the first: rows that were wanted just now are there by then. */
const FIRST = 1000
const WINDOW = 30
/** Octets of the whole packet. */
const SIZE = 64

interface Followed {
  readonly vtep: Vtep
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
  follow(vteps: readonly Vtep[]): void {
    const before = this.#followed
    this.#followed = new Map(vteps.map(vtep => [keyOf(vtep), before.get(keyOf(vtep)) ?? this.#start(vtep)]))
    for (const [key, followed] of before) if (!this.#followed.has(key)) end(followed)
  }

  /** Undefined: none was sent yet. */
  of(vtep: Vtep): HealthView | undefined {
    const { health, fault } = this.#followed.get(keyOf(vtep)) ?? {}
    const view = health?.view
    if (fault !== undefined) return { sent: 0, lost: 0, last: undefined, median: undefined, reason: fault }
    return view === undefined || view.sent === 0 ? undefined : view
  }

  close(): void {
    for (const followed of this.#followed.values()) end(followed)
    this.#followed.clear()
  }

  #start(vtep: Vtep): Followed {
    const followed: Followed = {
      vtep,
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
      followed.echoer ??= this.#world.openEchoer(followed.vtep.selfIP)
      followed.fault = undefined
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      followed.fault = reasonOf(thrown)
      return
    }
    followed.health.heard(await followed.echoer.echo(SIZE, TIMEOUT))
  }
}

/** What is pinged: another address is another series. */
function keyOf({ name, selfIP }: Vtep): string {
  return `${name} ${selfIP}`
}

function end({ cancel, echoer }: Followed): void {
  cancel()
  echoer?.close()
}
