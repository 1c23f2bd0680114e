/**
 * Makes this node's devices of podpeer's own overlay and takes them away, as links are now: a fault stays told until a later
 * look goes well. What is to be done is planned in vxlan/own.ts.
 */
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import type { Address } from '../../lib/base/ip.ts'
import type { Link } from '../../lib/linux/netlink/link.ts'
import type { DeviceFault } from '../../vxlan/device.ts'
import { ownLeftovers, planOwnDevice } from '../../vxlan/own.ts'
import type { WantedOverlay } from '../../vxlan/vtep.ts'
import type { AgentWorld, OverlayKernel } from './world.ts'

export interface OwnTunnelsWish {
  readonly node: string
  /** Of this node. */
  readonly addresses: readonly Address[]
}

export class OwnTunnels {
  readonly #world: Pick<AgentWorld, 'tunnels' | 'log'>

  constructor(world: Pick<AgentWorld, 'tunnels' | 'log'>) {
    this.#world = world
  }

  /** What keeps the device of an overlay of our own from being there; undefined: nothing, though it may be just being made. */
  keep(table: OverlayKernel, { overlay, vteps }: WantedOverlay, wish: OwnTunnelsWish): DeviceFault | undefined {
    const underlay = vteps[0] && wayTo(table, vteps[0].endpoint)
    const plan = planOwnDevice(table.links, { ...wish, overlay, underlay })
    if (plan.is === 'right') return undefined
    if (plan.is === 'refused') return plan.fault
    return this.#try(() => {
      if (plan.is === 'mend') return this.#world.tunnels.mend(plan.link, plan.mtu)
      this.#world.tunnels.make(plan.spec, plan.remove)
      this.#world.log.info('device made', { device: plan.spec.name, vni: plan.spec.vni, port: plan.spec.port })
    })
  }

  /** Once all that is wanted is known. */
  sweep(links: readonly Link[], overlays: readonly WantedOverlay[], { node }: OwnTunnelsWish): void {
    const needed = new Set(overlays.flatMap(({ overlay }) => (overlay.own ? [overlay.family] : [])))
    for (const link of ownLeftovers(links, node, needed)) {
      const fault = this.#try(() => this.#world.tunnels.remove(link))
      if (fault === undefined) this.#world.log.info('device removed', { device: link.name })
    }
  }

  #try(work: () => void): DeviceFault | undefined {
    try {
      work()
      return undefined
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      if (thrown.code === 'EADDRINUSE')
        return {
          code: 'port',
          sentence: `${reasonOf(thrown)}: a process holds the UDP port; write another under spec.tunnel.port of the BIGIP`,
        }
      return { code: 'missing', sentence: reasonOf(thrown) }
    }
  }
}

function wayTo(table: OverlayKernel, endpoint: Address): Link | undefined {
  try {
    return table.linkTo(endpoint)
  } catch (thrown) {
    if (!(thrown instanceof WorldFault)) throw thrown
    return undefined
  }
}
