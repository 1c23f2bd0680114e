/** A BGP daemon that plays the lab's router, or runs behind its BIG-IP: the same questions to whichever it is. */

export const ROUTER_KINDS = ['podpeer', 'frr', 'bird'] as const
export type RouterKind = (typeof ROUTER_KINDS)[number]

export interface RouterSession {
  /** Address of the peer. */
  readonly peer: string
  /** In the daemon's own word; all of them say `Established` when it is. */
  readonly state: string
  /** Prefixes in and out, where the daemon tells. */
  readonly received?: number
  readonly sent?: number
  /** Seconds that it has been up, where the daemon tells. */
  readonly uptime?: number
}

export interface RouterDaemon {
  /** @throws WorldFault with a sentence when the daemon is not installed or did not come up */
  start(): Promise<void>
  /** Changes what it is told while it runs: sessions that the change does not touch stay up. */
  configure(config: string): Promise<void>
  stop(): Promise<void>
  /** The death that asks nobody. */
  kill9(): Promise<void>
  sessions(): Promise<readonly RouterSession[]>
}

export interface RouterSpec {
  /** Path of the router's namespace. */
  readonly namespace: string
  /** A folder of its own, for the configuration, sockets and logs. */
  readonly folder: string
  /** In the daemon's own language. */
  readonly config: string
}
