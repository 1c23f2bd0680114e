/**
 * Keeps this node's rows towards BIG-IPs at the end of tunnels: which device carries them is judged whenever links change, and
 * what follows from that goes to the kernel's table. A device that has gone for a moment (flanneld makes its own anew) keeps
 * its rows wanted. The table is there only while there is something to keep.
 */
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import type { Address } from '../../lib/base/ip.ts'
import type { OverlayCounts } from '../../lib/linux/overlay/overlay-table.ts'
import type { RowState } from '../../lib/linux/overlay/plan.ts'
import { type OverlayRow, rowKey } from '../../lib/linux/overlay/row.ts'
import { answerRows } from '../../vxlan/answers.ts'
import { type CarryingDevice, type DeviceFault, judgeDevices } from '../../vxlan/device.ts'
import type { HealthView } from '../../vxlan/probe/health.ts'
import type { Vtep, WantedOverlay } from '../../vxlan/vtep.ts'
import { vtepRows } from '../../vxlan/wanted.ts'
import { AnswerSettings } from './answers.ts'
import { OwnTunnels, type OwnTunnelsWish } from './own-tunnels.ts'
import { type Asked, VtepHealth } from './vtep-health.ts'
import type { AgentWorld, OverlayKernel } from './world.ts'

export interface OverlayWish extends OwnTunnelsWish {
  readonly overlays: readonly WantedOverlay[]
  /** Whether these are all: what else a former agent left goes. */
  readonly known: boolean
  /** Of this node's pods: ARP and NDP are answered for them; undefined: for none. */
  readonly answers: readonly Address[] | undefined
}

/** VTEPs and the device that carries them. */
export interface CarriedOverlay extends WantedOverlay {
  /** Undefined: none can, or it is not there now; `faults` say why. */
  readonly device: CarryingDevice | undefined
  readonly faults: readonly DeviceFault[]
}

export interface OverlayKeeperOptions {
  readonly world: Pick<AgentWorld, 'openOverlay' | 'openEchoer' | 'tunnels' | 'sysctls' | 'clock' | 'log'>
  /** Of the file that keeps what settings of devices were. */
  readonly sysctlFile: string
  /** What a former agent had taken over, as `taken` said. */
  readonly taken: readonly string[]
  /** `problems`, or `taken`, may be others. */
  changed(): void
}

export class OverlayKeeper {
  readonly #options: OverlayKeeperOptions
  readonly #health: VtepHealth
  readonly #tunnels: OwnTunnels
  readonly #answers: AnswerSettings
  #table: OverlayKernel | undefined
  #wish: OverlayWish = { overlays: [], known: false, answers: undefined, node: '', addresses: [] }
  #carried: readonly CarriedOverlay[] = []
  /** Overlay → the name of the device that carried it last. */
  readonly #names = new Map<string, string>()
  #taken: ReadonlySet<string>
  #fault: string | undefined
  /** Nothing of a former agent is left that is not wanted. */
  #swept = false
  #closed = false

  constructor(options: OverlayKeeperOptions) {
    this.#options = options
    this.#health = new VtepHealth(options.world)
    this.#tunnels = new OwnTunnels(options.world)
    const { world, sysctlFile: path, taken, changed } = options
    this.#taken = new Set(taken)
    this.#answers = new AnswerSettings({ world, path, changed })
  }

  want(wish: OverlayWish): void {
    this.#wish = wish
    this.#apply()
  }

  /** Sentences. */
  get problems(): readonly string[] {
    const faults = this.#carried.flatMap(carried => carried.faults.map(({ sentence }) => `overlay: ${sentence}`))
    return [...(this.#fault === undefined ? [] : [this.#fault]), ...new Set(faults), ...this.#answers.problems]
  }

  get overlays(): readonly CarriedOverlay[] {
    return this.#carried
  }

  /**
   * Keys of rows that were others' and are to be ours: also when flanneld starts again and writes its own, as long as the
   * Node stands that it writes them for.
   */
  get taken(): readonly string[] {
    return [...this.#taken]
  }

  /** Whether ARP and NDP are answered for this node's pods. */
  get answers(): boolean {
    return this.#wish.answers !== undefined
  }

  get states(): readonly RowState[] {
    return this.#table?.states() ?? []
  }

  get counts(): OverlayCounts | undefined {
    return this.#table?.counts()
  }

  /**
   * Has packets take our rows where those of others serve: flannel has an FDB row for a Node that stands for a BIG-IP, at the
   * key of ours, and a route that goes before ours. Its neighbour, at a key of its own, then serves nobody.
   */
  async takeOver(): Promise<void> {
    const served = this.states.filter(
      ({ row: { kind }, status }) => (kind === 'fdb' || kind === 'route') && status === 'served',
    )
    this.#taken = new Set([...this.#taken, ...served.map(({ row }) => rowKey(row))])
    this.#options.changed()
    await this.#table?.settled()
  }

  /** Undefined: it has not been pinged. */
  healthOf(carried: CarriedOverlay, vtep: Vtep): HealthView | undefined {
    return this.#health.of(askedOf(carried, vtep))
  }

  /** Of the link that packets to an endpoint leave by. @throws WorldFault where there is no way to it */
  underlayMtu(endpoint: Address): number | undefined {
    return this.#table?.linkTo(endpoint)?.mtu
  }

  /** The rows stay in the kernel. */
  async close(): Promise<void> {
    this.#closed = true
    this.#health.close()
    this.#answers.close()
    await this.#table?.close()
  }

  #apply(): void {
    const { overlays, known } = this.#wish
    const isIdle = overlays.length === 0 && (this.#swept || !known)
    if (this.#closed || (this.#table === undefined && isIdle)) return
    const table = this.#open()
    if (table === undefined) return
    table.want(this.#rows(table), this.#taken)
    if (!known) return
    this.#swept = true
    table.sweep()
    this.#tunnels.sweep(table.links, overlays, this.#wish)
    if (overlays.length === 0) void this.#closeWhenDone(table)
  }

  #open(): OverlayKernel | undefined {
    const { world, changed } = this.#options
    try {
      this.#table ??= world.openOverlay({
        onNotice: text => world.log.warn('kernel', { text }),
        onLinks: () => {
          this.#apply()
          changed()
        },
      })
      this.#fault = undefined
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      this.#fault = `the rows towards BIG-IP's tunnels cannot be kept: ${reasonOf(thrown)}`
    }
    return this.#table
  }

  #rows(table: OverlayKernel): OverlayRow[] {
    const { overlays, addresses, answers, known } = this.#wish
    this.#carried = overlays.map(wanted => {
      const fault = wanted.overlay.own ? this.#tunnels.keep(table, wanted, this.#wish) : undefined
      if (fault !== undefined) return { ...wanted, device: undefined, faults: [fault] }
      const endpoints = wanted.vteps.map(({ endpoint }) => endpoint)
      return { ...wanted, ...judgeDevices(table.links, wanted.overlay, endpoints, addresses) }
    })
    this.#health.follow(
      this.#carried.flatMap(carried =>
        carried.device === undefined ? [] : carried.vteps.map(vtep => askedOf(carried, vtep)),
      ),
    )
    const named = this.#carried.flatMap(carried => {
      const name = this.#nameOf(carried)
      return name === undefined ? [] : [{ ...carried, name }]
    })
    const answering = answers === undefined ? [] : named.map(({ name, overlay }) => ({ name, family: overlay.family }))
    this.#answers.keep(answering, known)
    return [
      ...named.flatMap(({ vteps, name, overlay }) => vtepRows(vteps, name, overlay.own)),
      ...answering.flatMap(({ name, family }) => answerRows(answers ?? [], name, family)),
    ]
  }

  #nameOf({ overlay, device, faults }: CarriedOverlay): string | undefined {
    const key = JSON.stringify(overlay)
    if (device !== undefined) this.#names.set(key, device.link.name)
    // one that is there and wrong is another case: what leads to it serves nothing
    else if (!faults.some(({ code }) => code === 'missing')) this.#names.delete(key)
    return this.#names.get(key)
  }

  /** With nothing left to keep there is nothing to listen for. */
  async #closeWhenDone(table: OverlayKernel): Promise<void> {
    await table.settled()
    if (this.#wish.overlays.length > 0 || this.#table !== table || this.#closed) return
    this.#table = undefined
    await table.close()
  }
}

/** In an overlay of our own the node has no address by which an answer could come back through the tunnel. */
function askedOf({ overlay }: CarriedOverlay, { name, endpoint, selfIP }: Vtep): Asked {
  return { name, address: overlay.own ? endpoint : selfIP }
}
