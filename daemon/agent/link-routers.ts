/**
 * Watches for the routers at the other end of links, while peers without an address are configured there. Knows no peer: it is
 * told the interfaces, and tells the addresses.
 */
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import type { Address } from '../../lib/base/ip.ts'
import type { AgentWorld } from './world.ts'

export interface LinkRoutersOptions {
  readonly world: Pick<AgentWorld, 'clock' | 'watchRouters'>
  readonly heard: (interfaceName: string, router: Address) => void
  /** `problems` may have something else to say. */
  readonly changed: () => void
}

export class LinkRouters {
  readonly #options: LinkRoutersOptions
  readonly #watches = new Map<string, ReturnType<AgentWorld['watchRouters']>>()
  readonly #problems = new Map<string, string>()

  constructor(options: LinkRoutersOptions) {
    this.#options = options
  }

  /** Sentences. */
  get problems(): string[] {
    return [...this.#problems.values()]
  }

  /** Watches on these interfaces and on no others. */
  want(interfaces: readonly string[]): void {
    for (const [name, watch] of this.#watches) {
      if (interfaces.includes(name)) continue
      watch.close()
      this.#watches.delete(name)
      this.#problems.delete(name)
    }
    for (const name of interfaces) if (!this.#watches.has(name)) this.#begin(name)
  }

  close(): void {
    this.want([])
  }

  /** What comes at once is told later: whoever wants a watch is not done yet. */
  #begin(name: string): void {
    const { world } = this.#options
    const later = (run: () => void) =>
      world.clock.yield(() => {
        if (this.#watches.has(name)) run()
      })
    try {
      const watch = world.watchRouters(name, {
        heard: router => later(() => this.#options.heard(name, router)),
        problem: text => later(() => this.#note(name, text)),
      })
      this.#watches.set(name, watch)
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      this.#problems.set(name, `routers on ${name} cannot be found: ${reasonOf(thrown)}`)
    }
  }

  #note(name: string, text: string | undefined): void {
    if (text === undefined) this.#problems.delete(name)
    else this.#problems.set(name, `routers on ${name} cannot be found: ${text}`)
    this.#options.changed()
  }
}
