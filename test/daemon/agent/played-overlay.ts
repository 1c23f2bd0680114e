/** The rows of overlays in a kernel that outlives agents, as OverlayTable keeps them: by the real plan, without netlink. */
import type { AgentWorld, OverlayKernel } from '../../../daemon/agent/world.ts'
import { WorldFault } from '../../../lib/base/failure.ts'
import { type Address, parseAddress } from '../../../lib/base/ip.ts'
import type { Link } from '../../../lib/linux/netlink/link.ts'
import type { OverlayTableOptions } from '../../../lib/linux/overlay/overlay-table.ts'
import { type KernelRow, OverlayPlan } from '../../../lib/linux/overlay/plan.ts'
import { type OverlayRow, rowContent, rowKey } from '../../../lib/linux/overlay/row.ts'

/** `flannel.1` as flannel makes it. */
export function vxlanLink(change: { name?: string; vni?: number; local?: Address; mtu?: number } = {}): Link {
  const { name = 'flannel.1', vni = 1, local = parseAddress('10.0.0.1'), mtu = 1450 } = change
  return {
    index: 7,
    name,
    up: true,
    carrier: true,
    mtu,
    mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
    kind: 'vxlan',
    master: 0,
    below: 0,
    vxlan: { vni, port: 8472, local, learning: false, below: 0, zeroChecksum6: true, external: false },
  }
}

export class PlayedOverlay {
  readonly #rows = new Map<string, KernelRow>()
  links: readonly Link[] = [vxlanLink()]
  /** Of the link below them. */
  underlayMtu = 1500
  /** Why no UDP port can be had. */
  taken: string | undefined
  /** Tables that are open. */
  tables = 0
  #tell: () => void = () => {}
  #mend: () => void = () => {}

  open({ onLinks = () => {} }: OverlayTableOptions): OverlayKernel {
    const plan = new OverlayPlan()
    plan.scanned(this.#rows, 0, 0)
    const work = () => {
      for (let next = plan.next(0); next !== undefined; next = plan.next(0)) {
        const { key, change, row } = next
        if (change === 'delete') this.#rows.delete(key)
        else this.#rows.set(key, { row, owner: 'ours', content: rowContent(row) })
        plan.done(next, 0)
      }
    }
    this.tables++
    this.#tell = () => onLinks(this.links)
    this.#mend = () => {
      plan.scanned(this.#rows, 0, 0)
      work()
    }
    const world = this
    return {
      get links() {
        return world.links
      },
      linkTo: () => ({ ...vxlanLink(), name: 'eth0', mtu: world.underlayMtu }),
      want(rows, taken) {
        plan.want(rows, taken)
        work()
      },
      sweep() {
        plan.sweep()
        work()
      },
      settled: async () => {},
      states: () => [...plan.states()],
      counts: () => ({
        wanted: [...plan.states()].length,
        installed: this.#rows.size,
        served: 0,
        conflicts: 0,
        adopted: plan.adopted,
        repairs: plan.repairs,
        resyncs: 0,
        calls: { batches: 0, messages: 0, reads: 0 },
      }),
      close: async () => {
        this.tables--
      },
    }
  }

  /** These devices there are from now on. */
  change(...links: Link[]): void {
    this.links = links
    this.#tell()
  }

  readonly tunnels: AgentWorld['tunnels'] = {
    make: (spec, remove) => {
      if (this.taken !== undefined) throw new WorldFault('EADDRINUSE', this.taken, { retry: true })
      const { name, mtu = 1500, mac = new Uint8Array(6), vni, port, local, learning } = spec
      const link = vxlanLink({ name, mtu, vni, ...(local && { local }) })
      const made = { ...link, index: 9, mac, vxlan: { ...link.vxlan!, port, learning } }
      this.change(...this.links.filter(one => one !== remove), made)
    },
    mend: (mended, mtu) =>
      this.change(...this.links.map(link => (link === mended ? { ...link, up: true, mtu } : link))),
    remove: removed => this.change(...this.links.filter(link => link !== removed)),
  }

  /** Of devices, by name in the form of a path; those of former agents, too. */
  readonly settings = new Map<string, string>()
  readonly #kept = new Map<string, string>()

  readonly sysctls: AgentWorld['sysctls'] = {
    read: name => this.settings.get(name) ?? '0',
    open: () => ({
      keep: (wanted, sweep) => {
        for (const { name, value } of wanted) {
          this.#kept.set(name, this.#kept.get(name) ?? this.settings.get(name) ?? '')
          this.settings.set(name, value)
        }
        for (const [name, was] of this.#kept)
          if (sweep && !wanted.some(one => one.name === name)) {
            this.settings.set(name, was)
            this.#kept.delete(name)
          }
        return []
      },
    }),
  }

  /** Somebody else puts a row of his own there. */
  replace(row: OverlayRow): void {
    this.#rows.set(rowKey(row), { row, owner: 'foreign', content: rowContent(row) })
    this.#mend()
  }

  /** Keys of the rows of somebody else. */
  get foreign(): string[] {
    return [...this.#rows].flatMap(([key, { owner }]) => (owner === 'foreign' ? key : []))
  }

  /** Somebody deletes them all. */
  flush(): void {
    this.#rows.clear()
    this.#mend()
  }

  /** `KEY CONTENT` */
  get text(): string[] {
    return [...this.#rows].map(([key, { content }]) => `${key} ${content}`).sort()
  }
}
