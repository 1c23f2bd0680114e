/**
 * The BGP daemon behind a BIG-IP: runs while there is a BGP process, and is told what changes. As on the device, the one who
 * configures does not wait for it: the latest word counts, one at a time, and what went wrong is kept for those who ask.
 */
import { reasonOf } from '../../lib/base/failure.ts'
import type { BgpNeighborState } from '../bigip/device-world.ts'
import type { RouterDaemon, RouterKind, RouterSession, RouterSpec } from './router.ts'
import { routerConfig, routerOf } from './router-daemons.ts'
import type { RouterSetup } from './router-setup.ts'

export class DeviceBgp {
  readonly #kind: RouterKind
  readonly #place: Omit<RouterSpec, 'config'>
  #daemon: RouterDaemon | undefined
  /** In the daemon's words; undefined: there is no process. */
  #wanted: { readonly setup: RouterSetup; readonly config: string } | undefined
  #told: string | undefined
  #work = Promise.resolve()
  #fault: string | undefined

  constructor(kind: RouterKind, place: Omit<RouterSpec, 'config'>) {
    this.#kind = kind
    this.#place = place
  }

  /** What the daemon last refused, if it still does. */
  get fault(): string | undefined {
    return this.#fault
  }

  get running(): boolean {
    return this.#daemon !== undefined
  }

  /** @param setup undefined: there is no BGP process any more */
  want(setup: RouterSetup | undefined): void {
    this.#wanted = setup && { setup, config: routerConfig(this.#kind, setup, this.#place.folder) }
    this.#work = this.#work.then(() => this.#settle())
  }

  async sessions(): Promise<readonly RouterSession[]> {
    return (await this.#daemon?.sessions().catch(() => [])) ?? []
  }

  async neighbors(): Promise<BgpNeighborState[]> {
    return (await this.sessions()).map(({ peer, state, received = 0, sent = 0, uptime = 0 }) => ({
      address: peer,
      state,
      since: uptime,
      prefixesReceived: received,
      prefixesSent: sent,
      messagesReceived: 0,
      messagesSent: 0,
    }))
  }

  /** The death that asks nobody; what the daemon was told is not forgotten. */
  async kill9(): Promise<void> {
    await this.#work
    await this.#daemon?.kill9()
  }

  async restart(): Promise<void> {
    await this.#work
    await this.#daemon?.start()
  }

  async stop(): Promise<void> {
    this.#wanted = undefined
    await this.#work
    await this.#daemon?.stop()
  }

  async #settle(): Promise<void> {
    const wanted = this.#wanted
    if (wanted?.config === this.#told) return
    try {
      if (wanted === undefined) await this.#end()
      else if (this.#daemon === undefined) await this.#begin(wanted.setup)
      else await this.#daemon.configure(wanted.config)
      this.#told = wanted?.config
      this.#fault = undefined
    } catch (thrown) {
      this.#fault = reasonOf(thrown)
    }
  }

  async #begin(setup: RouterSetup): Promise<void> {
    const daemon = routerOf(this.#kind, setup, this.#place)
    this.#daemon = daemon
    await daemon.start()
  }

  async #end(): Promise<void> {
    const daemon = this.#daemon
    this.#daemon = undefined
    await daemon?.stop()
  }
}
