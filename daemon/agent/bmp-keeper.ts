/** The BMP stations of the configuration: each is told of the speaker that runs, from when it is wanted until it is no more. */
import { type BmpSpeaker, Station, type StationConfig } from '../../bgp/bmp/station.ts'
import type { State } from '../../bgp/index.ts'
import { version } from '../version.ts'
import type { AgentWorld } from './world.ts'

export class BmpKeeper {
  readonly #world: Pick<AgentWorld, 'transport' | 'clock' | 'log'>
  readonly #node: string
  readonly #stations = new Map<string, Station>()
  #speaker: BmpSpeaker | undefined

  /** @param node our sysName */
  constructor(world: Pick<AgentWorld, 'transport' | 'clock' | 'log'>, node: string) {
    this.#world = world
    this.#node = node
  }

  /** Who has not changed keeps its connection. */
  want(stations: readonly StationConfig[]): void {
    const wanted = new Map(stations.map(station => [JSON.stringify(station), station]))
    for (const [key, station] of this.#stations) {
      if (wanted.has(key)) continue
      station.close()
      this.#stations.delete(key)
    }
    for (const [key, config] of wanted) if (!this.#stations.has(key)) this.#stations.set(key, this.#open(config))
  }

  follow(speaker: BmpSpeaker): void {
    this.#speaker = speaker
    for (const station of this.#stations.values()) station.follow(speaker)
  }

  session(peer: string, from: State, to: State): void {
    for (const station of this.#stations.values()) station.sessionChanged(peer, from, to)
  }

  close(): void {
    this.want([])
  }

  #open(config: StationConfig): Station {
    const { transport, clock, log } = this.#world
    const station = new Station(config, {
      transport,
      clock,
      timeOfDay: moment => Date.now() - clock.now() + moment,
      system: { name: this.#node, description: `podpeer ${version}` },
      notice: text => log.info('bmp', { station: config.name, text }),
    })
    if (this.#speaker !== undefined) station.follow(this.#speaker)
    return station
  }
}
