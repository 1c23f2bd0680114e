/**
 * A test stand for one Peer: a clock moved by hand, the far end played by the test, and effects as lines of text
 * (`send 1 NOTIFICATION 6/7`), so that a test reads as the story that it tells.
 */
import type { LocalIdentity, PeerConfig } from '../../../bgp/session/config.ts'
import type { PeerEffect } from '../../../bgp/session/effect.ts'
import type { PeerInput } from '../../../bgp/session/input.ts'
import { Peer } from '../../../bgp/session/peer.ts'
import type { Capability } from '../../../bgp/wire/capability.ts'
import { headerLength } from '../../../bgp/wire/iana.ts'
import { decodeMessage, type Message } from '../../../bgp/wire/message.ts'
import type { Open } from '../../../bgp/wire/open.ts'
import { parseAddress } from '../../../lib/base/ip.ts'

export function config(overrides: Partial<PeerConfig> = {}): PeerConfig {
  return {
    name: 'tor',
    address: parseAddress('192.0.2.2'),
    port: 179,
    localAs: 65001,
    remoteAs: 65002,
    holdTime: 90,
    connectRetryTime: 20,
    sendHoldTime: 480,
    passive: false,
    families: [4, 6],
    gracefulRestart: { enabled: true, restartTime: 120 },
    ...overrides,
  }
}

export const identity: LocalIdentity = { routerId: 0x0a000001, restarting: false, forwarding: [] }

export const capability = {
  ipv4: { type: 'multiprotocol', afi: 1, safi: 1 },
  ipv6: { type: 'multiprotocol', afi: 2, safi: 1 },
  refresh: { type: 'routeRefresh' },
  enhancedRefresh: { type: 'enhancedRouteRefresh' },
  as4: (asNumber: number): Capability => ({ type: 'fourOctetAs', asNumber }),
  /** F bit per family by its number, e.g. `{ 4: true, 6: false }`. */
  restart: (
    forwarding: Partial<Record<4 | 6, boolean>>,
    restartTime = 120,
    restarting = false,
    notification = false,
  ): Capability => ({
    type: 'gracefulRestart',
    restarting,
    notification,
    restartTime,
    families: Object.entries(forwarding).map(([family, kept]) => ({
      afi: family === '4' ? 1 : 2,
      safi: 1,
      forwarding: kept,
    })),
  }),
  /** F bit per family by its number. */
  longLived: (forwarding: Partial<Record<4 | 6, boolean>>, staleTime: number): Capability => ({
    type: 'longLivedGracefulRestart',
    families: Object.entries(forwarding).map(([family, kept]) => ({
      afi: family === '4' ? 1 : 2,
      safi: 1,
      forwarding: kept,
      staleTime,
    })),
  }),
} as const

/** The OPEN of a well-behaved AS 65002 whose router id is above ours. */
export function openOf(overrides: Partial<Open> = {}): Open {
  return {
    type: 'open',
    asNumber: 65002,
    holdTime: 90,
    routerId: 0x0a000002,
    capabilities: [
      capability.ipv4,
      capability.ipv6,
      capability.refresh,
      capability.restart({ 4: true, 6: true }),
      capability.as4(65002),
    ],
    ...overrides,
  }
}

/** A whole message as `OPEN`, `KEEPALIVE` or `6/7`; one octet of NOTIFICATION data follows a colon. */
export function readMessage(bytes: Uint8Array): string {
  const message = decode(bytes)
  if (message.type !== 'notification') return message.type.toUpperCase()
  const data = message.data.length === 1 ? `:${message.data[0]}` : ''
  return `${message.code}/${message.subcode}${data}`
}

export function decode(bytes: Uint8Array): Message {
  return decodeMessage(bytes[18]!, bytes, headerLength, bytes.length)
}

export class Stand {
  now = 0
  /** 0.5 makes connect retry and keepalive 0.875 of their interval, idle hold 0.75 of its. */
  random = 0.5
  readonly peer: Peer
  /** Everything since the stand was built. */
  readonly effects: PeerEffect[] = []

  constructor(overrides: Partial<PeerConfig> = {}, local: LocalIdentity = identity) {
    this.peer = new Peer(config(overrides), local)
  }

  get state(): string {
    return this.peer.status().state
  }

  get lastError(): string | undefined {
    return this.peer.status().lastError
  }

  handle(input: PeerInput): string[] {
    return this.record(this.peer.handle(input, this.now, this.random))
  }

  /** Lets time pass, with every timer served when it is due. */
  pass(ms: number): string[] {
    const end = this.now + ms
    const lines: string[] = []
    for (let rounds = 0; this.peer.deadline() <= end; rounds++) {
      if (rounds > 100_000) throw new Error('the timers do not come to rest')
      this.now = Math.max(this.now, this.peer.deadline())
      lines.push(...this.handle({ type: 'timer' }))
    }
    this.now = end
    return lines
  }

  start(): string[] {
    return this.handle({ type: 'start' })
  }

  dialled(connection: number): string[] {
    return this.handle({ type: 'dialled', connection })
  }

  /** The peer connects; returns the connection's number. */
  accept(): number {
    const connection = this.peer.newConnection()
    this.handle({ type: 'accepted', connection })
    return connection
  }

  closed(connection: number, reason = 'connection reset'): string[] {
    return this.handle({ type: 'closed', connection, reason })
  }

  message(connection: number, message: Message | { type: 'update' }): string[] {
    return this.handle({ type: 'message', connection, message })
  }

  open(connection: number, overrides: Partial<Open> = {}): string[] {
    return this.message(connection, openOf(overrides))
  }

  keepalive(connection: number): string[] {
    return this.message(connection, { type: 'keepalive' })
  }

  notification(connection: number, code: number, subcode: number, data: readonly number[] = []): string[] {
    return this.message(connection, { type: 'notification', code, subcode, data: Uint8Array.from(data) })
  }

  /** Started and Established over a connection that the peer has opened; returns its number. */
  establish(overrides: Partial<Open> = {}): number {
    if (this.state === 'Idle') this.start()
    const connection = this.accept()
    this.open(connection, overrides)
    this.keepalive(connection)
    if (this.state !== 'Established') throw new Error(`still ${this.state}`)
    return connection
  }

  /** The last OPEN that we sent. */
  get offered(): Open {
    const opens = this.effects.flatMap(effect => (effect.type === 'send' ? [decode(effect.bytes)] : []))
    return opens.findLast(message => message.type === 'open')!
  }

  /** OPENs that we sent. */
  get offeredCount(): number {
    return this.peer.status().sent.open
  }

  record(effects: readonly PeerEffect[]): string[] {
    this.effects.push(...effects)
    return effects.map(render)
  }
}

function render(effect: PeerEffect): string {
  switch (effect.type) {
    case 'dial':
    case 'close':
      return `${effect.type} ${effect.connection}`
    case 'send':
      return `send ${effect.connection} ${readMessage(effect.bytes)}`
    case 'up':
      return `up ${effect.connection}`
    case 'down':
      return `down: ${effect.reason}`
    case 'state':
      return `${effect.from} → ${effect.to}: ${effect.reason}`
    case 'notice':
      return `notice ${effect.code}: ${effect.text}`
    default:
      return `${effect.type} ipv${effect.family}`
  }
}
