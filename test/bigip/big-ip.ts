/**
 * A BIG-IP as one value: what iControl REST of a device shows and does, with state and rules, over HTTPS. It runs in the
 * caller's thread and is memory alone unless a `DeviceWorld` stands behind it.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { Authority } from '../kube/certificates.ts'
import type { Json, JsonObject } from '../kube/json.ts'
import { Calls } from './calls.ts'
import { DeviceGroup } from './device-group.ts'
import type { DeviceWorld } from './device-world.ts'
import { makeFactoryObjects } from './factory-objects.ts'
import { Faults } from './faults.ts'
import { runImish } from './imish.ts'
import { RestError } from './rest-error.ts'
import { serve } from './server.ts'
import { Unit } from './unit.ts'

export interface BigIpOptions {
  /** Address to listen on: goes into the certificate. Default 127.0.0.1. */
  readonly host?: string
  /** 0, the default, chooses a free one. */
  readonly port?: number
  /** A listening TCP socket, made elsewhere (say, in another network namespace), instead of `port`. */
  readonly fd?: number
  /** Default `bigip-a.example.net`. */
  readonly hostName?: string
  /** Default 16.1.4. */
  readonly version?: string
  /** Default `admin`. */
  readonly username?: string
  /** Made up where absent. */
  readonly password?: string
  /** Way of dynamic routing that is set up already; default `none`. */
  readonly routing?: 'tmos' | 'legacy' | 'none'
  /** Whether the licence has the Routing Bundle; default true. */
  readonly routingBundle?: boolean
  readonly applianceMode?: boolean
  /** Milliseconds that each call takes, also one that is queued in a transaction; default 0. */
  readonly latency?: Latency
  /** Existing VLANs with their self IPs; default `external` with 10.1.10.60/24. */
  readonly networks?: readonly Network[]
  readonly world?: DeviceWorld
  /** Milliseconds, for the age of tokens and transactions; default `Date.now`. */
  readonly clock?: () => number
}

export interface GroupOptions {
  readonly name?: string
  readonly autoSync?: boolean
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
  /** Default `['default']`. */
  readonly allowService?: Json
}

export interface HandAnswer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: bodies are whatever the device says
  readonly body: any
}

const NETWORKS: readonly Network[] = [{ vlan: 'external', selfIPs: ['10.1.10.60/24'] }]
let passwords = 0

export class BigIp {
  readonly faults = new Faults()
  readonly calls = new Calls()
  /** What the world threw, the oldest first. */
  readonly worldFaults: unknown[] = []
  readonly credentials: { readonly username: string; readonly password: string }
  latency: Latency
  /** The inside: who may ask, what is saved, objects past all rules. */
  readonly unit: Unit
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #url = ''
  #ca = ''

  private constructor(options: BigIpOptions) {
    const { hostName = 'bigip-a.example.net', version = '16.1.4', clock = Date.now } = options
    const { username = 'admin', password = `secret-${++passwords}`, routing = 'none', networks = NETWORKS } = options
    this.credentials = { username, password }
    this.latency = options.latency ?? { read: 0, write: 0 }
    const { routingBundle = true, applianceMode = false } = options
    this.unit = new Unit({
      machine: { hostName, version, username, clock, routingBundle, applianceMode },
      password,
      world: options.world,
      worldFault: thrown => this.worldFaults.push(thrown),
    })
    makeFactoryObjects(this.unit.box, networks, routing)
    this.unit.save('tmsh')
  }

  /** A device that listens, with its world told of what it has. */
  static async start(options: BigIpOptions = {}): Promise<BigIp> {
    const device = new BigIp(options)
    await device.unit.settleAll()
    await device.#listen(options)
    return device
  }

  /** Two new units as `join` leaves them. */
  static async pair(
    first: BigIpOptions,
    second: BigIpOptions,
    options: GroupOptions = {},
  ): Promise<readonly [BigIp, BigIp]> {
    const a = await BigIp.start({ hostName: 'bigip-a.example.net', ...first })
    const b = await BigIp.start({
      hostName: 'bigip-b.example.net',
      networks: [{ vlan: 'external', selfIPs: ['10.1.10.61/24'] }],
      ...second,
    })
    await a.join(b, options)
    return [a, b]
  }

  /** From now on both trust each other and are in one device group; this one is active. */
  async join(other: BigIp, { name = 'dg-failover', autoSync = false }: GroupOptions = {}): Promise<void> {
    const group = new DeviceGroup(name, [this.unit, other.unit], autoSync)
    for (const { unit } of [this, other]) unit.group = group
    other.unit.box.active = false
    await other.unit.settleAll()
  }

  /** Such as `https://127.0.0.1:41234`. */
  get url(): string {
    return this.#url
  }

  /** PEM of the authority that signed the certificate. */
  get ca(): string {
    return this.#ca
  }

  /**
   * What a person does at the device, or a test looks up: one call with all rules, but without HTTP, login, latency and
   * faults, and not counted.
   * @param path below /mgmt, with query: `/tm/net/arp`
   */
  async hand(method: string, path: string, body?: Json): Promise<HandAnswer> {
    const url = new URL(path, 'https://host')
    try {
      return await this.unit.handle({ method, path: url.pathname, query: url.searchParams, body })
    } catch (thrown) {
      if (thrown instanceof RestError) return { status: thrown.status, body: thrown.body }
      throw thrown
    }
  }

  /** The rows of a collection as the device shows them: `await list('/tm/net/arp')`. @throws where there is none */
  async list(path: string): Promise<JsonObject[]> {
    const { status, body } = await this.hand('GET', path)
    if (status !== 200) throw new Error(`${path}: ${JSON.stringify(body)}`)
    return body.items ?? []
  }

  /** Lines of imish in one route domain, as typed at its prompt in exec mode. @returns what it printed */
  async imish(lines: readonly string[], routeDomain = 0): Promise<string> {
    return runImish(this.unit, routeDomain, lines, 'exec')
  }

  /** Tokens are gone, and for a while there are no URIs. */
  restartRestjavad(milliseconds: number): void {
    this.unit.forgetSessions()
    if (milliseconds === 0) return
    const end = this.faults.add('restarting')
    setTimeout(end, milliseconds).unref()
  }

  /** What was not saved is gone; tokens are, too; connections break, and for a while there are no URIs. */
  async reboot(milliseconds = 0): Promise<void> {
    this.#cut()
    this.restartRestjavad(milliseconds)
    await this.unit.reboot()
  }

  /** Makes the other unit of a pair the active one; both forget their tokens. */
  async failOver(): Promise<void> {
    if (this.unit.group === undefined) throw new Error('a device alone has nobody to fail over to')
    await this.unit.group.failOver()
  }

  async close(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    const closed = new Promise(resolve => server.close(resolve))
    this.#cut()
    await closed
  }

  async #listen({ host = '127.0.0.1', port = 0, fd }: BigIpOptions): Promise<void> {
    const authority = await Authority.create()
    this.#ca = authority.pem
    const names = [host, this.unit.box.machine.hostName, 'localhost']
    const certificate = await authority.issue(names)
    const context = { unit: this.unit, faults: this.faults, calls: this.calls, latency: () => this.latency }
    const server = createServer({ ...certificate }, (request, response) => void serve(context, request, response))
    // a client may keep a quiet connection for as long as it likes
    server.keepAliveTimeout = 0
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    server.listen(fd === undefined ? { host, port } : { fd })
    await once(server, 'listening')
    this.#server = server
    const { port: taken } = server.address() as AddressInfo
    this.#url = `https://${host.includes(':') ? `[${host}]` : host}:${taken}`
  }

  #cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}
