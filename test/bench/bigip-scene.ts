/**
 * The controller of this process between a cluster of some size and the BIG-IP stand-in of another process: all that a row of
 * bigip.ts needs to say what happens, to wait until the device is right, and to tell what it took.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../lib/bigip/clock.ts'
import { KINDS } from '../../lib/bigip/kind.ts'
import type { Unit } from '../../lib/controller/unit.ts'
import { Controller, fixedBigIps } from '../../lib/index.ts'
import { BenchCluster, type ClusterSize } from './bigip-cluster.ts'
import type { Reached, Told, Word } from './bigip-server.ts'
import { HeapWatch } from './heap.ts'
import type { DeviceFigures } from './row.ts'

/** What the device and its client are to each other: milliseconds of each call, and calls at a time. */
const LATENCY = 50
const CONNECTIONS = 4
/** Milliseconds between two looks at whether the device is right. */
const LOOK = 2

export interface SceneOptions extends ClusterSize {
  /** Of the BIGIP. */
  readonly spec: object
  /** On the tunnel; absent: the mode has none. */
  readonly selfIP?: string
}

export class Scene {
  readonly cluster: BenchCluster
  readonly #heap = new HeapWatch()
  readonly #server: ChildProcess
  readonly #controller: Controller
  /** Milliseconds since 1970: when the device was last told what is wanted. */
  #passedAt = 0
  #syncs = 0
  /** A tunnel and the like is saved at once; all else is not worth waiting for. */
  #mustSave = false
  #told: Told = { calls: {}, writes: 0, objects: {} }
  #durations: number[] = []
  #faults: string[] = []

  private constructor(server: ChildProcess, reached: Reached, { spec, selfIP, ...size }: SceneOptions) {
    const { url: address, ca, username, password } = reached
    this.#server = server
    this.cluster = new BenchCluster(size)
    this.#controller = new Controller({
      bigIps: fixedBigIps([
        {
          apiVersion: 'podpeer.io/v1alpha1',
          kind: 'BIGIP',
          metadata: { name: 'bigip' },
          // no resyncs but those that a row asks for
          spec: { cluster: 'bench', units: [unitOf(address, selfIP)], resyncInterval: 86_400, ...spec },
        },
      ]),
      cluster: this.cluster,
      login: async () => ({ username, password, ca }),
    })
    this.#controller.on('passed', () => {
      this.#passedAt = systemClock.now()
    })
    this.#controller.on('synced', () => this.#syncs++)
    this.#controller.on('applied', ({ operation }) => {
      if (operation.verb !== 'records' && KINDS[operation.row.kind].structural) this.#mustSave = true
    })
    this.#controller.on('saved', () => {
      this.#mustSave = false
    })
    this.#controller.on('failed', ({ error }) => this.#faults.push(error.message))
    this.#controller.on('fault', ({ error }) => this.#faults.push(error.message))
  }

  static async open(options: SceneOptions): Promise<Scene> {
    const server = fork(join(import.meta.dirname, 'bigip-server.ts'), { execArgv: [] })
    const [reached] = (await once(server, 'message')) as [Reached]
    return new Scene(server, reached, options)
  }

  /** From an empty device to one that is right, with all that goes before the first write. */
  async configure(): Promise<void> {
    this.#controller.start()
    await this.#settled(() => this.#unit?.status?.lastSync !== undefined && !this.#mustSave)
  }

  /** The latency counts from here on, and the calls. */
  async begin(): Promise<void> {
    await this.#ask({ latency: LATENCY })
    this.#heap.start()
  }

  /** One change of the cluster, until the device has it. */
  async change(make: () => void): Promise<void> {
    const start = performance.now()
    this.#passedAt = Number.POSITIVE_INFINITY
    make()
    await this.#settled(() => (this.#unit?.status?.lastSync ?? 0) >= this.#passedAt)
    this.#durations.push(performance.now() - start)
  }

  /** The device is read as at each resync, until it is known to be right. */
  async resync(): Promise<void> {
    const syncs = this.#syncs
    this.#unit!.resync()
    await this.#settled(() => this.#syncs > syncs)
  }

  /** Stops the counts. @returns how many objects the collections have */
  async end(collections: readonly string[]): Promise<Told['objects']> {
    this.#heap.stop()
    this.#told = await this.#ask({ latency: 0, count: collections })
    if (this.#faults.length > 0) console.error(this.#faults.slice(0, 3).join('\n'))
    return this.#told.objects
  }

  /** After `end`. */
  get figures(): DeviceFigures {
    const { calls, writes } = this.#told
    return {
      calls: Object.fromEntries(
        Object.entries(calls).toSorted(([one], [other]) => Number(isRead(one)) - Number(isRead(other))),
      ),
      writes,
      boundSeconds: (writes * LATENCY) / CONNECTIONS / 1000,
      peakHeapMib: this.#heap.peakMib,
      ...(this.#durations.length > 0 && { changes: spreadOf(this.#durations) }),
    }
  }

  async close(): Promise<void> {
    await this.#controller.close()
    this.#server.disconnect()
    await once(this.#server, 'exit')
  }

  get #unit(): Unit | undefined {
    return this.#controller.units()[0]?.unit
  }

  /** @param begun whether what is waited for can be seen */
  async #settled(begun: () => boolean): Promise<void> {
    while (!begun() || this.#unit?.status?.phase !== 'in sync') await sleep(LOOK)
  }

  async #ask(word: Word): Promise<Told> {
    this.#server.send(word)
    const [told] = (await once(this.#server, 'message')) as [Told]
    return told
  }
}

function spreadOf(durations: readonly number[]): NonNullable<DeviceFigures['changes']> {
  const sorted = durations.toSorted((one, other) => one - other)
  return { medianMs: sorted[sorted.length >> 1]!, worstMs: sorted.at(-1)! }
}

function isRead(call: string): boolean {
  return call.startsWith('GET ')
}

function unitOf(address: string, selfIP: string | undefined): object {
  return { name: 'bigip-a', address, ...(selfIP !== undefined && { tunnel: { selfIPs: [selfIP] } }) }
}
