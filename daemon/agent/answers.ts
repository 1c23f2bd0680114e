/**
 * Keeps the settings of the devices on which this node answers ARP and NDP for its pods, and puts them back when it does
 * no more. The kernel tells of no change of them: they are looked at whenever links change, and every ten seconds.
 */
import { WorldFault } from '../../lib/base/failure.ts'
import type { Family } from '../../lib/base/ip.ts'
import { type KeptSysctls, renderSysctl } from '../../lib/linux/sysctl.ts'
import { answerSysctls } from '../../vxlan/answers.ts'
import type { AgentWorld } from './world.ts'

export interface AnsweringDevice {
  readonly name: string
  readonly family: Family
}

export interface AnswerSettingsOptions {
  readonly world: Pick<AgentWorld, 'sysctls' | 'clock'>
  /** Of the file that keeps what settings were. */
  readonly path: string
  /** `problems` are others, found by a look at its own time. */
  changed(): void
}

/** Milliseconds. */
const LOOK = 10_000
/** One for all devices: with it the node answers for whatever it has a route to. */
const ALL = 'net/ipv4/conf/all/proxy_arp'

export class AnswerSettings {
  readonly #options: AnswerSettingsOptions
  #kept: Pick<KeptSysctls, 'keep'> | undefined
  #devices: readonly AnsweringDevice[] = []
  #cancel = () => {}
  /** Sentences. */
  problems: readonly string[] = []

  constructor(options: AnswerSettingsOptions) {
    this.#options = options
  }

  /**
   * @param devices all of them
   * @param known whether what a former agent set for others is put back
   */
  keep(devices: readonly AnsweringDevice[], known: boolean): void {
    this.#cancel()
    this.#devices = devices
    this.#look(known)
    if (devices.length > 0) this.#wait(known)
  }

  /** The settings stay, as rows do. */
  close(): void {
    this.#cancel()
  }

  #wait(known: boolean): void {
    const { clock } = this.#options.world
    this.#cancel = clock.wake(clock.now() + LOOK, () => {
      const before = this.problems.join()
      this.#look(known)
      this.#wait(known)
      if (before !== this.problems.join()) this.#options.changed()
    })
  }

  #look(known: boolean): void {
    this.#kept ??= this.#options.world.sysctls.open(this.#options.path)
    const wanted = this.#devices.flatMap(({ name, family }) => answerSysctls(name, family))
    const faults = this.#kept.keep(wanted, known).map(fault => `overlay.answers: ${fault}`)
    this.problems = [...faults, ...this.#answersForAll()]
  }

  #answersForAll(): string[] {
    if (!this.#devices.some(({ family }) => family === 4) || this.#valueOf(ALL) !== '1') return []
    return [
      `overlay.answers: ${renderSysctl(ALL)} is 1, so that this node answers for more than its pods: sysctl -w ${renderSysctl(ALL)}=0`,
    ]
  }

  #valueOf(name: string): string {
    try {
      return this.#options.world.sysctls.read(name)
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      return ''
    }
  }
}
