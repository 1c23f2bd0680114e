/** What an agent needs from the world around it. process.ts gives the real one, tests play it. */
import type { Clock, Transport } from '../../bgp/index.ts'
import type { ObjectWatch, WatchEvent, WatchRequest } from '../../lib/kube/watch.ts'
import type { OverlayTable, OverlayTableOptions } from '../../lib/linux/overlay/overlay-table.ts'
import type { PortHolder } from '../../lib/linux/port-holder.ts'
import type { RouteTable, RouteTableOptions } from '../../lib/linux/table/route-table.ts'
import type { Log } from '../log.ts'

/** The kernel's routes, as far as an agent asks. */
export type KernelTable = Pick<
  RouteTable,
  | 'nextHops'
  | 'want'
  | 'track'
  | 'untrack'
  | 'sweep'
  | 'state'
  | 'foreignRoutes'
  | 'nextHopStates'
  | 'conflicts'
  | 'counts'
  | 'close'
>

/** The kernel's rows of overlays, as far as an agent asks. */
export type OverlayKernel = Pick<OverlayTable, 'links' | 'want' | 'sweep' | 'settled' | 'states' | 'counts' | 'close'>

export interface AgentWorld {
  readonly transport: Transport
  readonly clock: Clock
  readonly log: Log
  readonly environment: NodeJS.ProcessEnv
  /** Changes with every boot of the kernel; empty where it cannot be told. */
  readonly bootId: string
  /** @throws WorldFault */
  openTable(options: RouteTableOptions): KernelTable
  /** @throws WorldFault */
  openOverlay(options: OverlayTableOptions): OverlayKernel
  watchObjects(request: WatchRequest, onEvent: (event: WatchEvent) => void): ObjectWatch
  /** @throws WorldFault */
  portHolders(port: number): readonly PortHolder[]
}
