/**
 * The two connections of a peering. The main one always exists and alone dials; a rival, that the peer has opened
 * meanwhile, exists only while its TCP connection is up. Knows which is which, and no event.
 */
import type { Connection } from './connection.ts'
import type { ConnectionId } from './input.ts'
import type { State } from './state.ts'

const progress: readonly State[] = ['Idle', 'Active', 'Connect', 'OpenSent', 'OpenConfirm', 'Established']

export class ConnectionPair {
  readonly #make: () => Connection
  #main: Connection
  #rival: Connection | undefined

  /** @param make gives a connection in Idle */
  constructor(make: () => Connection) {
    this.#make = make
    this.#main = make()
  }

  get main(): Connection {
    return this.#main
  }

  get rival(): Connection | undefined {
    return this.#rival
  }

  get all(): Connection[] {
    return this.#rival === undefined ? [this.#main] : [this.#main, this.#rival]
  }

  /** The one that is nearer to Established: its state is the peering's. */
  get foremost(): Connection {
    const rival = this.#rival
    return rival !== undefined && rankOf(rival) > rankOf(this.#main) ? rival : this.#main
  }

  find(id: ConnectionId): Connection | undefined {
    return this.all.find(connection => connection.id === id)
  }

  otherThan(connection: Connection): Connection | undefined {
    return connection === this.#main ? this.#rival : this.#main
  }

  /** A new rival, in the place of any there was. */
  challenge(): Connection {
    this.#rival = this.#make()
    return this.#rival
  }

  /** Forgets a rival that has lost its TCP connection, and lets one take the main place that is Established or that is all there is. */
  settle(): void {
    if (this.#rival?.isConnected === false) this.#rival = undefined
    const rival = this.#rival
    const isMainBusy = rankOf(this.#main) > rankOf('Active') || this.#main.isDelayed
    if (rival === undefined || (rival.state !== 'Established' && isMainBusy)) return
    this.#rival = this.#main.isConnected ? this.#main : undefined
    this.#main = rival
  }
}

function rankOf(one: Connection | State): number {
  return progress.indexOf(typeof one === 'string' ? one : one.state)
}
