/**
 * The BGP kinds of a legacy device: rows read from `show running-config`, written by exact commands for one neighbour at a
 * time, through imish in `util/bash`. Ownership there: peer groups `podpeer-<cluster>…`, and `description podpeer cluster=…`
 * on groups and neighbours; the process, route maps and prefix lists by name or by having nothing else in them.
 */
import type { Row } from '../row.ts'
import type { NeighborState } from './neighbor-state.ts'
import type { RoutingKind } from './rest.ts'

/** What imish access needs of the device's client. */
export interface BashClient {
  post(path: string, body: unknown): Promise<unknown>
}

export interface ImishOptions {
  readonly client: BashClient
  readonly clusterId: string
  readonly partition: string
  readonly routeDomain: number
}

export type BgpOperation =
  | { readonly verb: 'create'; readonly row: Row<RoutingKind> }
  | { readonly verb: 'update'; readonly row: Row<RoutingKind>; readonly before: Row<RoutingKind> }
  | { readonly verb: 'delete'; readonly row: Row<RoutingKind> }

/** Same shape as the REST access: `read` by kind, `write` one operation; `save` once a pass has written something. */
export class ImishAccess {
  readonly #options: ImishOptions

  constructor(options: ImishOptions) {
    this.#options = options
  }

  /** One `show running-config` serves the reads of one pass. @throws DeviceFault */
  async read(kind: RoutingKind, parent?: string): Promise<Row[]> {
    throw new Error(`not written yet: ${this.#options.routeDomain} ${kind} ${parent}`)
  }

  /** @throws DeviceFault with what imish said */
  async write(operation: BgpOperation): Promise<void> {
    throw new Error(`not written yet: ${operation.verb}`)
  }

  /** `write`: the configuration outlives a reboot. */
  async save(): Promise<void> {
    throw new Error('not written yet')
  }

  /** In tmos mode, too. */
  async neighbors(): Promise<NeighborState[]> {
    throw new Error('not written yet')
  }
}
