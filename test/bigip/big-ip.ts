/**
 * A BIG-IP as one value: what iControl REST of a device shows and does, with state and rules, over HTTPS. It runs in the
 * caller's thread and is memory alone unless a `DeviceWorld` stands behind it.
 */
import type { Json, JsonObject } from '../kube/json.ts'
import { Calls } from './calls.ts'
import type { DeviceWorld } from './device-world.ts'
import { Faults } from './faults.ts'

export interface BigIpOptions {
  /** Address to listen on: goes into the certificate. Default 127.0.0.1. */
  readonly host?: string
  /** 0, the default, chooses a free one. */
  readonly port?: number
  /** A listening TCP socket, made elsewhere (say, in another network namespace), instead of `port`. */
  readonly fd?: number
  readonly hostName?: string
  readonly version?: string
  readonly username?: string
  readonly password?: string
  /** Way of dynamic routing that is set up already; default `none`. */
  readonly routing?: 'tmos' | 'legacy' | 'none'
  /** Whether the licence has the Routing Bundle; default true. */
  readonly routingBundle?: boolean
  readonly applianceMode?: boolean
  /** Milliseconds that each call takes, also one that is queued in a transaction; default 0. */
  readonly latency?: Latency
  /** Existing VLANs with a self IP each; default `external` with 10.1.10.60/24. */
  readonly networks?: readonly Network[]
  readonly world?: DeviceWorld
  /** Milliseconds, for the age of tokens and transactions; default `Date.now`. */
  readonly clock?: () => number
}

export interface Latency {
  readonly read: number
  readonly write: number
}

export interface Network {
  /** Of the VLAN in /Common. The self IPs are called `<vlan>-self`, `<vlan>-self-2` … */
  readonly vlan: string
  /** With their lengths: `10.1.10.60/24`. */
  readonly selfIPs: readonly string[]
  readonly allowService?: Json
}

export interface HandAnswer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: bodies are whatever the device says
  readonly body: any
}

export class BigIp {
  readonly faults = new Faults()
  readonly calls = new Calls()
  /** What the world threw, the oldest first. */
  readonly worldFaults: unknown[] = []

  static async start(_options: BigIpOptions = {}): Promise<BigIp> {
    throw new Error('not yet')
  }

  /** Such as `https://127.0.0.1:41234`. */
  get url(): string {
    throw new Error('not yet')
  }
  /** PEM of the authority that signed the certificate. */
  get ca(): string {
    throw new Error('not yet')
  }
  get credentials(): { readonly username: string; readonly password: string } {
    throw new Error('not yet')
  }

  /**
   * What a person does at the device, or a test looks up: one call with all rules, but without HTTP, login, latency and
   * faults, and not counted.
   * @param path below /mgmt, with query: `/tm/net/arp`
   */
  async hand(_method: string, _path: string, _body?: Json): Promise<HandAnswer> {
    throw new Error('not yet')
  }

  /** The rows of a collection as the device shows them: `list('/tm/net/arp')`. @throws where there is no such collection */
  list(_path: string): JsonObject[] {
    throw new Error('not yet')
  }

  latency: Latency = { read: 0, write: 0 }

  /** Tokens are gone, and for a while there are no URIs. */
  restartRestjavad(_milliseconds: number): void {
    throw new Error('not yet')
  }

  /** What was not saved is gone; tokens are, too; for a while there are no URIs. */
  async reboot(_milliseconds = 0): Promise<void> {
    throw new Error('not yet')
  }

  /** Makes this unit of a pair the standby one, and the other active; both forget their tokens. */
  async failOver(): Promise<void> {
    throw new Error('not yet')
  }

  /** Ends open transactions and connections, then the listener. */
  async close(): Promise<void> {
    throw new Error('not yet')
  }
}
