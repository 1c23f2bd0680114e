/**
 * What stands behind the lab's BIG-IP: the kernel of a namespace and a BGP daemon in it. Knows no REST. It plays one route
 * domain, the default one.
 */
import type {
  BgpNeighborState,
  DeviceWorld,
  WorldBgp,
  WorldChange,
  WorldObject,
  WorldVirtualAddress,
} from '../bigip/device-world.ts'
import { DeviceBgp } from './device-bgp.ts'
import { DeviceKernel, type KernelObject } from './device-kernel.ts'
import { deviceSetup } from './device-setup.ts'
import type { RouterKind } from './router.ts'

export interface LabDeviceOptions {
  /** Path of the device's namespace. */
  readonly namespace: string
  /** A folder of its own for the BGP daemon. */
  readonly folder: string
  /** Devices of the namespace by the paths of VLANs. */
  readonly vlans: ReadonlyMap<string, string>
  readonly router: RouterKind
  /** Where the BGP process names none. */
  readonly routerId: string
}

export class LabDevice implements DeviceWorld {
  readonly kernel: DeviceKernel
  readonly bgp: DeviceBgp
  readonly #routerId: string
  readonly #virtualAddresses = new Map<string, WorldVirtualAddress>()
  #process: WorldBgp | undefined

  constructor({ namespace, folder, vlans, router, routerId }: LabDeviceOptions) {
    this.kernel = new DeviceKernel(namespace, vlans)
    this.bgp = new DeviceBgp(router, { namespace, folder })
    this.#routerId = routerId
  }

  apply(changes: readonly WorldChange[]): void {
    const stray = changes.map(({ after }) => after).find(object => object !== undefined && object.routeDomain !== 0)
    if (stray !== undefined) throw new Error(`the lab's BIG-IP has no route domain ${stray.routeDomain}`)
    this.kernel.apply(
      changes.flatMap(({ before, after }) => {
        const change = { ...kernelObject('before', before), ...kernelObject('after', after) }
        return 'before' in change || 'after' in change ? [change] : []
      }),
    )
    for (const { before, after } of changes) this.#note(before, after)
    const addresses = [...this.#virtualAddresses.values()]
    this.bgp.want(this.#process && deviceSetup(this.#process, addresses, this.#routerId))
  }

  async bgpNeighbors(routeDomain: number): Promise<readonly BgpNeighborState[]> {
    return routeDomain === 0 ? await this.bgp.neighbors() : []
  }

  #note(before: WorldObject | undefined, after: WorldObject | undefined): void {
    if (before?.kind === 'BGP') this.#process = undefined
    if (after?.kind === 'BGP') this.#process = after
    if (before?.kind === 'virtual address') this.#virtualAddresses.delete(before.path)
    if (after?.kind === 'virtual address') this.#virtualAddresses.set(after.path, after)
  }
}

function kernelObject<Name extends 'before' | 'after'>(
  name: Name,
  object: WorldObject | undefined,
): { readonly [N in Name]?: KernelObject } {
  return (object === undefined || object.kind === 'BGP' ? {} : { [name]: object }) as {
    readonly [N in Name]?: KernelObject
  }
}
