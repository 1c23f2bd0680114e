/**
 * A router of the ZebOS family, as BIG-IP has one: 2-octet AS numbers, IPv4, graceful restart without the R bit, an interval between
 * advertisements, and no patience. It judges all that it hears (judge.ts), keeps what was odd in `odd`, and ends the session for it.
 * It has one connection at a time, that either side dials. Transport and clock come from the test: memory or real ones.
 */
import type { Channel, Clock, Transport } from '../../../bgp/transport.ts'
import type { Capability } from '../../../bgp/wire/capability.ts'
import { PeerFault } from '../../../bgp/wire/fault.ts'
import { Framer } from '../../../bgp/wire/framer.ts'
import { afi, messageType, safi } from '../../../bgp/wire/iana.ts'
import { decodeMessage, encodeMessage, type Message } from '../../../bgp/wire/message.ts'
import type { Open } from '../../../bgp/wire/open.ts'
import type { Address } from '../../../lib/base/ip.ts'
import { message, toHex, updateBody } from '../wire/hex.ts'
import { type HeardRoute, judgeUpdate, Odd } from './judge.ts'

const PORT = 179
/** Seconds, as these routers have them unless told otherwise. */
const HOLD_TIME = 90
const RESTART_TIME = 120
const STALE_PATH_TIME = 360
export const ADVERTISEMENT_INTERVAL = { external: 30, internal: 5 } as const
const CONNECT_RETRY_TIME = 120
/** Route refresh as it was before RFC 2918. */
const OLD_REFRESH: Capability = { type: 'unknown', code: 128, value: new Uint8Array(0) }

export interface ZebosOptions {
  readonly address: Address
  /** 2 octets. */
  readonly asNumber: number
  /** Whom it talks to; its AS number in 2 octets: AS_TRANS where it is longer. */
  readonly router: Address
  readonly routerAs: number
  /** Seconds. Absent: as these routers have it. */
  readonly advertisementInterval?: number
  readonly connectRetryTime?: number
}

export interface ZebosRoute extends HeardRoute {
  readonly isStale: boolean
}

type Timer = 'hold' | 'keepalive' | 'retry' | 'advertise' | 'restart' | 'stale'
type State = 'idle' | 'connect' | 'openSent' | 'openConfirm' | 'established'

export class ZebosPeer {
  state: State = 'idle'
  /** What it has found odd: the test wants nothing here. */
  readonly odd: string[] = []
  /** `code/subcode` of the NOTIFICATIONs that came. */
  readonly notified: string[] = []
  readonly routes = new Map<string, ZebosRoute>()
  readonly opens: Open[] = []
  /** Why each connection ended. */
  readonly ended: string[] = []
  /** Sessions that have been established. */
  sessions = 0
  endsOfRib = 0
  readonly #options: ZebosOptions
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #timers = new Map<Timer, () => void>()
  /** Prefix → MED. */
  readonly #networks = new Map<string, number>()
  readonly #changed = new Set<string>()
  #listener: ReturnType<Transport['listen']> | undefined
  #channel: Channel | undefined
  #framer = new Framer()
  #withCapabilities = true
  /** The last OPEN of the session that is up. */
  #theirs: Open | undefined
  #advertisedAt = Number.NEGATIVE_INFINITY

  constructor(options: ZebosOptions, transport: Transport, clock: Clock) {
    this.#options = options
    this.#transport = transport
    this.#clock = clock
  }

  get isInternal(): boolean {
    return this.#options.asNumber === this.#options.routerAs
  }

  /** Seconds. */
  get advertisementInterval(): number {
    return this.#options.advertisementInterval ?? ADVERTISEMENT_INTERVAL[this.isInternal ? 'internal' : 'external']
  }

  start(): void {
    const { address } = this.#options
    this.#listener = this.#transport.listen({ addresses: [address], port: PORT }, channel => this.#accept(channel))
    this.#dial()
  }

  /** The process is gone, and with it all that it knew of others: no word, the connection is reset. */
  die(): void {
    this.#listener?.close()
    this.#listener = undefined
    for (const name of [...this.#timers.keys()]) this.#cancel(name)
    const channel = this.#channel
    this.#channel = undefined
    channel?.destroy()
    this.routes.clear()
    this.#changed.clear()
    this.#theirs = undefined
    this.state = 'idle'
  }

  announce(prefix: string, med = 0): void {
    this.#networks.set(prefix, med)
    this.#note(prefix)
  }

  withdraw(prefix: string): void {
    this.#networks.delete(prefix)
    this.#note(prefix)
  }

  askRefresh(): void {
    this.#send({ type: 'routeRefresh', afi: afi.ipv4, safi: safi.unicast, subtype: 0 })
  }

  /** Prefix → next hop, stale ones included. */
  get table(): string[] {
    return [...this.routes]
      .map(([prefix, { nextHop, isStale }]) => `${prefix} via ${nextHop}${isStale ? ' stale' : ''}`)
      .sort()
  }

  #dial(): void {
    const { router, address } = this.#options
    if (this.#channel !== undefined) return
    this.state = 'connect'
    const channel = this.#transport.dial({ address: router, port: PORT, localAddress: address })
    this.#join(channel)
    channel.onConnect = () => {
      if (this.#channel === channel) this.#open()
    }
    this.#set('retry', this.#options.connectRetryTime ?? CONNECT_RETRY_TIME, () => {
      if (this.state === 'connect') this.#end(undefined, 'no answer')
    })
  }

  /** A restarted router comes back while its old connection seems to live (RFC 4724 §5). */
  #accept(channel: Channel): void {
    if (!channel.remote.equals(this.#options.router)) return channel.destroy()
    if (this.state === 'openSent' || this.state === 'openConfirm') return channel.destroy()
    if (this.#channel !== undefined) this.#end(undefined, 'another connection')
    this.#cancel('retry')
    this.#join(channel)
    this.#open()
  }

  #join(channel: Channel): void {
    this.#channel = channel
    this.#framer = new Framer()
    channel.onData = chunk => {
      if (this.#channel === channel) this.#take(chunk)
    }
    channel.onClosed = reason => {
      if (this.#channel === channel) this.#end(undefined, reason)
    }
  }

  #open(): void {
    this.#cancel('retry')
    const { asNumber, address } = this.#options
    const unicast = { afi: afi.ipv4, safi: safi.unicast }
    const restart = { restarting: false, notification: false, restartTime: RESTART_TIME }
    const capabilities: Capability[] = [
      { type: 'multiprotocol', ...unicast },
      OLD_REFRESH,
      { type: 'routeRefresh' },
      { type: 'gracefulRestart', ...restart, families: [{ ...unicast, forwarding: true }] },
    ]
    this.state = 'openSent'
    this.#send({
      ...{ type: 'open', asNumber, holdTime: HOLD_TIME, routerId: address.uint32 },
      capabilities: this.#withCapabilities ? capabilities : [],
    })
    this.#set('hold', 240, () => this.#end('4/0', 'nothing came'))
  }

  #take(chunk: Uint8Array): void {
    const framer = this.#framer
    const channel = this.#channel
    try {
      framer.push(chunk)
      while (this.#channel === channel && framer.next()) {
        const { type, buffer, start, end } = framer
        if (type === messageType.update) this.#hearUpdate(buffer.slice(start, end))
        else this.#hear(decodeMessage(type, buffer, start, end))
      }
    } catch (thrown) {
      if (thrown instanceof Odd) return this.#refuse('3/1', thrown.message)
      if (thrown instanceof PeerFault) return this.#refuse(`${thrown.code}/${thrown.subcode}`, thrown.message)
      throw thrown
    }
  }

  #hear(heard: Message): void {
    if (heard.type === 'notification') {
      this.notified.push(`${heard.code}/${heard.subcode}`)
      if (heard.code === 2 && heard.subcode === 4) this.#withCapabilities = false
      // RFC 4724 §4: what follows a NOTIFICATION is no restart
      this.#theirs = undefined
      return this.#end(undefined, 'a NOTIFICATION')
    }
    if (heard.type === 'open') return this.#hearOpen(heard)
    if (this.state === 'openConfirm' && heard.type === 'keepalive') return this.#establish()
    if (this.state !== 'established') throw new Odd(`${heard.type} in ${this.state}`)
    this.#holdOn()
    if (heard.type !== 'routeRefresh' || heard.afi !== afi.ipv4 || heard.safi !== safi.unicast) return
    if (heard.subtype !== 0) throw new Odd('a ROUTE-REFRESH with a subtype')
    for (const prefix of this.#networks.keys()) this.#note(prefix)
  }

  #hearOpen(open: Open): void {
    if (this.state !== 'openSent') throw new Odd(`OPEN in ${this.state}`)
    const { routerAs } = this.#options
    if (open.asNumber !== routerAs) throw new Odd(`AS ${open.asNumber}, not ${routerAs}`)
    for (const capability of open.capabilities) judgeCapability(capability)
    this.opens.push(open)
    this.#theirs = open
    this.state = 'openConfirm'
    this.#send({ type: 'keepalive' })
    this.#holdOn()
  }

  #establish(): void {
    this.state = 'established'
    this.sessions++
    this.#holdOn()
    this.#beat()
    this.#cancel('restart')
    const restart = this.#theirRestart
    if (restart?.families.some(row => row.afi === afi.ipv4 && row.forwarding) !== true) this.#sweep()
    else this.#set('stale', STALE_PATH_TIME, () => this.#sweep())
    for (const prefix of this.#networks.keys()) this.#changed.add(prefix)
    this.#advertisedAt = Number.NEGATIVE_INFINITY
    this.#advertise()
    if (restart !== undefined) this.#channel?.write([message('update', updateBody({}))])
  }

  get #theirRestart() {
    if (!this.#withCapabilities) return undefined
    return this.#theirs?.capabilities.find(one => one.type === 'gracefulRestart')
  }

  #hearUpdate(body: Uint8Array): void {
    if (this.state !== 'established') throw new Odd(`UPDATE in ${this.state}`)
    const { routerAs: remoteAs } = this.#options
    const session = { internal: this.isInternal, remoteAs, gracefulRestart: this.#theirRestart !== undefined }
    const { withdrawn, announced, route, endOfRib } = judgeUpdate(body, session)
    this.#holdOn()
    for (const prefix of withdrawn)
      if (!this.routes.delete(prefix)) throw new Odd(`${prefix} is withdrawn, and was never announced`)
    for (const prefix of announced) this.routes.set(prefix, { ...route!, isStale: false })
    if (!endOfRib) return
    this.endsOfRib++
    this.#sweep()
  }

  #sweep(): void {
    this.#cancel('stale')
    for (const [prefix, { isStale }] of this.routes) if (isStale) this.routes.delete(prefix)
  }

  #refuse(code: string, why: string): void {
    this.odd.push(why)
    this.#theirs = undefined
    this.#end(code, why)
  }

  /** @param notification that goes out, `code/subcode`; undefined: none does */
  #end(notification: string | undefined, why: string): void {
    this.ended.push(why)
    const channel = this.#channel
    const wasUp = this.state === 'established'
    if (notification !== undefined) {
      const [code = 0, subcode = 0] = notification.split('/').map(Number)
      this.#send({ type: 'notification', code, subcode, data: new Uint8Array(0) })
    }
    this.#channel = undefined
    channel?.close()
    for (const name of ['hold', 'keepalive', 'advertise', 'stale'] as const) this.#cancel(name)
    this.#changed.clear()
    if (wasUp) this.#lose()
    this.state = 'idle'
    this.#set('retry', this.#options.connectRetryTime ?? CONNECT_RETRY_TIME, () => this.#dial())
  }

  /** The helper's part of RFC 4724 §4.2. */
  #lose(): void {
    const restart = this.#theirRestart
    if (restart === undefined) return this.routes.clear()
    for (const [prefix, route] of this.routes)
      if (route.isStale) this.routes.delete(prefix)
      else this.routes.set(prefix, { ...route, isStale: true })
    this.#set('restart', restart.restartTime, () => this.#sweep())
  }

  #note(prefix: string): void {
    if (this.state !== 'established') return
    this.#changed.add(prefix)
    this.#advertise()
  }

  /** What has changed, once the interval since the last time is over (RFC 4271 §9.2.1.1). */
  #advertise(): void {
    const wait = this.#advertisedAt + 1000 * this.advertisementInterval - this.#clock.now()
    if (this.#changed.size === 0 || this.#timers.has('advertise')) return
    if (wait > 0) return this.#set('advertise', wait / 1000, () => this.#advertise())
    this.#advertisedAt = this.#clock.now()
    for (const prefix of this.#changed) this.#channel?.write([message('update', this.#update(prefix))])
    this.#changed.clear()
  }

  #update(prefix: string): Uint8Array {
    const { asNumber, address } = this.#options
    const [network = '', length = ''] = prefix.split('/')
    const octets = network.split('.').slice(0, Math.ceil(Number(length) / 8))
    const nlri = toHex(Uint8Array.from([Number(length), ...octets.map(Number)]))
    const med = this.#networks.get(prefix)
    if (med === undefined) return updateBody({ withdrawn: nlri })
    const word = (value: number) => value.toString(16).padStart(8, '0')
    const path = this.isInternal ? '400200' : `400204 0201 ${word(asNumber).slice(4)}`
    const preference = this.isInternal ? '400504 00000064' : ''
    const attributes = `400101 00 ${path} 400304 ${toHex(address.bytes)} 800404 ${word(med)} ${preference}`
    return updateBody({ attributes, nlri })
  }

  #beat(): void {
    this.#send({ type: 'keepalive' })
    this.#set('keepalive', HOLD_TIME / 3, () => this.#beat())
  }

  #holdOn(): void {
    const holdTime = Math.min(HOLD_TIME, this.#theirs?.holdTime ?? HOLD_TIME)
    this.#cancel('hold')
    if (holdTime > 0) this.#set('hold', holdTime, () => this.#end('4/0', 'hold timer expired'))
  }

  #send(one: Message): void {
    this.#channel?.write([encodeMessage(one)])
  }

  /** @param after seconds */
  #set(name: Timer, after: number, run: () => void): void {
    this.#cancel(name)
    const cancel = this.#clock.wake(this.#clock.now() + 1000 * after, () => {
      this.#timers.delete(name)
      run()
    })
    this.#timers.set(name, cancel)
  }

  #cancel(name: Timer): void {
    this.#timers.get(name)?.()
    this.#timers.delete(name)
  }
}

/** All that was there when these routers were made, and nothing in it that came later. */
function judgeCapability(capability: Capability): void {
  switch (capability.type) {
    case 'multiprotocol':
      if (capability.safi === safi.unicast) return
      break
    case 'gracefulRestart':
      if (!capability.notification) return
      break
    case 'routeRefresh':
    case 'fourOctetAs':
      return
  }
  throw new Odd(`a capability that it does not know: ${capability.type}`)
}
