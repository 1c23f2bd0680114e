/** What an agent needs from the world around it. process.ts gives the real one, tests play it. */

import type { Clock, Transport } from '../../bgp/index.ts'
import type { Bfd, BfdObserver } from '../../bgp/io/bfd.ts'
import type { Address } from '../../lib/base/ip.ts'
import type { GrowingWatch, WatchEvent, WatchRequest } from '../../lib/kube/watch.ts'
import type { OverlayTable, OverlayTableOptions } from '../../lib/linux/overlay/overlay-table.ts'
import type { makeTunnel, mendTunnel, removeTunnel } from '../../lib/linux/overlay/tunnel.ts'
import type { PortHolder } from '../../lib/linux/port-holder.ts'
import type { RouterWatch, RouterWatcher } from '../../lib/linux/router-watch.ts'
import type { KeptSysctls, readSysctl } from '../../lib/linux/sysctl.ts'
import type { RouteTable, RouteTableOptions } from '../../lib/linux/table/route-table.ts'
import type { Echoer } from '../../vxlan/probe/echo.ts'
import type { ProbeRequest, ProbeResult } from '../../vxlan/probe/probe.ts'
import type { Log } from '../log.ts'
import type { Ways } from './journeys.ts'

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
export type OverlayKernel = Pick<
  OverlayTable,
  'links' | 'linkTo' | 'want' | 'sweep' | 'settled' | 'states' | 'counts' | 'close'
>

/** BFD sessions, as far as an agent asks. */
export type BfdSessions = Pick<Bfd, 'want' | 'status' | 'counters' | 'problems' | 'close'>

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
  /** @throws WorldFault */
  openBfd(observer: BfdObserver): BfdSessions
  /** @throws WorldFault where no echo request can be sent in any way */
  openEchoer(target: Address): Echoer
  /** @throws WorldFault as `openEchoer` */
  probe(request: ProbeRequest): Promise<ProbeResult>
  /** Finds the router at the other end of a link. @throws WorldFault */
  watchRouters(interfaceName: string, watcher: RouterWatcher): Pick<RouterWatch, 'close'>
  /** Devices of our own. All throw WorldFault. */
  readonly tunnels: {
    make: typeof makeTunnel
    mend: typeof mendTunnel
    remove: typeof removeTunnel
  }
  /** Settings of devices. */
  readonly sysctls: {
    /** @param path of the file that keeps what they were */
    open(path: string): Pick<KeptSysctls, 'keep'>
    read: typeof readSysctl
  }
  /** What the kernel does with packets now. @throws WorldFault */
  openWays(): Ways
  watchObjects(request: WatchRequest, onEvent: (event: WatchEvent) => void): GrowingWatch
  /** @throws WorldFault */
  portHolders(port: number): readonly PortHolder[]
}
