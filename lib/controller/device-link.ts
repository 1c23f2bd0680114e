/**
 * The way to one device: login, client, facts, kept fresh. Knows nothing of what the device shall hold. Rules: a link that fails
 * is tried again, later and later; facts of before stay until there are newer ones; a certificate that is not trusted lets the
 * login be read again, for the CA may be new; a link leads to one device: where the Secret has another `url` by now, it says so
 * and is to be replaced; a device of a pair, by its own word or by that of the BIGIP, is asked every second whether it serves.
 */
import { isDeepStrictEqual } from 'node:util'
import { backoff } from '../base/backoff.ts'
import { InputFault, reasonOf, WorldFault } from '../base/failure.ts'
import { BigIpClient, type CallReport } from '../bigip/client.ts'
import type { Clock } from '../bigip/clock.ts'
import { parseOrigin } from '../bigip/exchange.ts'
import { type DeviceFacts, readFacts, readFailoverState } from '../bigip/facts.ts'
import { isDeviceFault } from '../bigip/fault.ts'
import type { BigIp, UnitSpec } from '../bigip/resource.ts'
import type { RoutingReading } from '../bigip/routing/reading.ts'
import type { TlsOptions } from '../bigip/tls.ts'
import { explained } from './link-fault.ts'
import type { Login, LoginSource } from './login.ts'

export interface LinkOptions {
  readonly bigIp: BigIp
  readonly unit: UnitSpec
  readonly login: LoginSource
  readonly clock: Clock
  /** Milliseconds between two readings of the facts. */
  readonly interval: number
  /** What is read of BGP after the facts. @throws DeviceFault */
  readonly readRouting: (client: BigIpClient, facts: DeviceFacts) => Promise<RoutingReading>
  readonly onCall: (call: CallReport) => void
  /** The facts are others, or the link began or ceased to fail. */
  readonly onChange: () => void
}

/** Milliseconds. */
const RETRIES = { first: 1000, most: 30_000 }
/** Of the question whether it serves: packets of the nodes follow the answer. Milliseconds. */
const LOOK = { interval: 1000, deadline: 1500 }

export class DeviceLink {
  readonly #options: LinkOptions
  readonly #ending = new AbortController()
  #client: BigIpClient | undefined
  #url: string | undefined
  #moved = false
  #facts: DeviceFacts | undefined
  #bgp: RoutingReading | undefined
  #fault: Error | undefined
  #failures = 0
  #tunnels: readonly string[] = []
  #cancel: (() => void) | undefined
  #cancelLook: (() => void) | undefined
  #paired = false
  #silent = false
  #reading: Promise<DeviceFacts> | undefined

  constructor(options: LinkOptions) {
    this.#options = options
  }

  get client(): BigIpClient | undefined {
    return this.#client
  }

  get url(): string | undefined {
    return this.#url
  }

  /** Where it leads to is not where the device is any more. */
  get moved(): boolean {
    return this.#moved
  }

  get facts(): DeviceFacts | undefined {
    return this.#facts
  }

  /** Read with the facts. */
  get bgp(): RoutingReading | undefined {
    return this.#bgp
  }

  /** Why the last reading failed; undefined: it did not. */
  get fault(): Error | undefined {
    return this.#fault
  }

  /** It did not say in time whether it serves; it may just be busy. */
  get silent(): boolean {
    return this.#silent
  }

  /** From here on the facts are kept fresh. */
  start(): void {
    this.refresh()
    this.#lookLater()
  }

  /** Paths of the tunnels whose MAC addresses are wanted; other ones are read at once. */
  watchTunnels(paths: readonly string[]): void {
    const sorted = paths.toSorted()
    if (isDeepStrictEqual(sorted, this.#tunnels)) return
    this.#tunnels = sorted
    if (this.#facts !== undefined) this.refresh()
  }

  /** The BIGIP has another unit: which of them serves matters, also before this one has said that it is one of a pair. */
  watchServing(paired: boolean): void {
    this.#paired = paired
  }

  /** Reads soon, instead of when it would be due. */
  refresh(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.read().catch(thrown => {
      // the world's are told by `fault`; a bug is not kept quiet
      if (thrown !== this.#fault) throw thrown
    })
  }

  /** @throws DeviceFault, ApiFault, WorldFault, InputFault */
  read(): Promise<DeviceFacts> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  /** As `read`, but not by a reading that began before this was asked. */
  async readAnew(): Promise<DeviceFacts> {
    await this.#reading?.catch(() => {})
    return await this.read()
  }

  async close(): Promise<void> {
    this.#ending.abort()
    this.#cancel?.()
    this.#cancelLook?.()
    await this.#reading?.catch(() => {})
    await this.#client?.close()
  }

  async #read(): Promise<DeviceFacts> {
    const { signal } = this.#ending
    const asked = this.#tunnels
    try {
      await this.#lookForMove()
      this.#client ??= await this.#connect()
      const facts = await readFacts(this.#client, { tunnels: asked, signal })
      const bgp = await this.#options.readRouting(this.#client, facts)
      const news = this.#fault !== undefined || !isDeepStrictEqual([facts, bgp], [this.#facts, this.#bgp])
      this.#facts = facts
      this.#bgp = bgp
      this.#fault = undefined
      this.#failures = 0
      this.#next(asked === this.#tunnels ? this.#options.interval : 0)
      if (news && !signal.aborted) this.#options.onChange()
      return facts
    } catch (thrown) {
      // anything else is our own fault and must not be retried quietly
      if (!(thrown instanceof WorldFault || thrown instanceof InputFault)) throw thrown
      throw await this.#failed(thrown)
    }
  }

  #lookLater(): void {
    this.#cancelLook?.()
    if (this.#ending.signal.aborted) return
    this.#cancelLook = this.#options.clock.after(LOOK.interval, () => {
      void this.#look().finally(() => this.#lookLater())
    })
  }

  /** Whether it serves, ahead of the next reading of all facts. */
  async #look(): Promise<void> {
    if (this.#client === undefined || this.#fault !== undefined || this.#facts === undefined) return
    if (!this.#paired && this.#facts.peers.length === 0) return
    const state = await this.#askFailoverState(this.#client)
    const { signal } = this.#ending
    if (signal.aborted || (state === this.#facts.failoverState && !this.#silent)) return
    const news = state !== undefined || !this.#silent
    this.#silent = state === undefined
    if (state !== undefined && state !== this.#facts.failoverState) {
      this.#facts = { ...this.#facts, failoverState: state }
      this.refresh()
    }
    if (news) this.#options.onChange()
  }

  async #askFailoverState(client: BigIpClient): Promise<string | undefined> {
    try {
      return await readFailoverState(client, { signal: this.#ending.signal, deadline: LOOK.deadline })
    } catch (thrown) {
      // why, the next reading of the facts tells
      if (thrown instanceof WorldFault || this.#ending.signal.aborted) return undefined
      throw thrown
    }
  }

  async #failed(thrown: WorldFault | InputFault): Promise<Error> {
    const { bigIp, unit } = this.#options
    const fault = explained(thrown, { spec: bigIp.spec, unit }, this.#url)
    if (isDeviceFault(fault, 'BIGIP_CERTIFICATE')) {
      await this.#client?.close()
      this.#client = undefined
    }
    const news = this.#fault === undefined || reasonOf(this.#fault) !== reasonOf(fault)
    this.#fault = fault
    const asked = isDeviceFault(fault) ? (fault.retryAfter ?? 0) : 0
    this.#next(Math.max(asked, backoff(RETRIES, this.#failures++, this.#options.clock.random())))
    if (news && !this.#ending.signal.aborted) this.#options.onChange()
    return fault
  }

  #next(milliseconds: number): void {
    this.#cancel?.()
    if (this.#ending.signal.aborted) return
    this.#cancel = this.#options.clock.after(milliseconds, () => this.refresh())
  }

  /** A Secret that cannot be read is no reason to leave a device that may well answer. @throws InputFault */
  async #lookForMove(): Promise<void> {
    const { bigIp, unit, login, onChange } = this.#options
    if (this.#moved || this.#client === undefined || unit.address !== undefined) return
    try {
      this.#moved = originOf(bigIp, unit, await login(bigIp)) !== this.#url
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
    }
    if (this.#moved && !this.#ending.signal.aborted) onChange()
  }

  async #connect(): Promise<BigIpClient> {
    const { bigIp, unit, login, clock, onCall } = this.#options
    const first = await login(bigIp)
    this.#url = originOf(bigIp, unit, first)
    const credentials = async () => {
      const { username, password } = await login(bigIp)
      return { username, password }
    }
    return new BigIpClient({ url: this.#url, credentials, tls: tlsOf(bigIp, unit, first), clock, onCall })
  }
}

/** @throws InputFault */
function originOf({ metadata }: BigIp, unit: UnitSpec, { url }: Login): string {
  const address = unit.address ?? url
  if (address === undefined)
    throw new InputFault(`BIGIP ${metadata.name}`, 'its device has no address', 'write spec.units[].address')
  return parseOrigin(address, unit.address === undefined ? 'url of the Secret' : 'spec.units[].address')
}

/** A pinned certificate says more than who signed it. */
function tlsOf({ spec }: BigIp, { fingerprint }: UnitSpec, { ca }: Login): TlsOptions {
  if (fingerprint !== undefined) return { fingerprint }
  if (ca !== undefined) return { ca }
  return spec.tls.insecure === true ? { insecure: true } : {}
}
