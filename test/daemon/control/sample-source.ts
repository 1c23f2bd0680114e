/** A ControlSource made of values: an agent with two sessions up, one down, and a few routes. */
import type { BfdDocument } from '../../../daemon/control/bfd-document.ts'
import type {
  AgentStatus,
  EffectiveConfig,
  Explanation,
  PeerFamilyStatus,
  PeerStatus,
  RouteRow,
} from '../../../daemon/control/document.ts'
import { EventFeed } from '../../../daemon/control/event-feed.ts'
import type { NodeJourneys } from '../../../daemon/control/journey-document.ts'
import type { MessageStatus, PeerMessages } from '../../../daemon/control/message-document.ts'
import type { ProbeStatus, VxlanStatus } from '../../../daemon/control/overlay-document.ts'
import type { ControlSource, Listening, OctetCursor, RouteListing, RowCursor } from '../../../daemon/control/source.ts'
import { WorldFault } from '../../../lib/base/failure.ts'
import type { Address } from '../../../lib/base/ip.ts'
import type { Prefix } from '../../../lib/base/prefix.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { SAMPLE_BFD } from './sample-bfd.ts'
import { VXLAN } from './sample-overlay.ts'

const messages = { open: 1, update: 3, notification: 0, keepalive: 12, routeRefresh: 0 }
const none = { open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 }

function family(name: 'ipv4' | 'ipv6', received: number): PeerFamilyStatus {
  const up = received > 0
  return {
    family: name,
    received,
    accepted: Math.min(received, 2),
    advertised: up ? 1 : 0,
    stale: 0,
    endOfRib: { sent: up, received: up },
  }
}

export const TOR: PeerStatus = {
  name: 'tor',
  address: '10.0.1.254',
  port: 179,
  asNumber: 65100,
  type: 'external',
  state: 'Established',
  since: '2026-11-21T06:57:00.000Z',
  localAddress: '10.0.1.1',
  localAs: 65010,
  routerId: '198.51.100.254',
  holdTime: 90,
  keepaliveTime: 30,
  uptimeSeconds: 7380,
  passive: false,
  families: [family('ipv4', 3), family('ipv6', 1)],
  capabilities: ['multiprotocol ipv4', 'multiprotocol ipv6', 'route refresh', 'graceful restart', '4-octet AS'],
  gracefulRestart: { restartTime: 120, restarting: false, forwarding: ['ipv4', 'ipv6'] },
  importPolicy: 'allowed',
  exportPolicy: 'originated',
  messages: { received: messages, sent: messages },
}

export const LEAF: PeerStatus = {
  name: 'leaf',
  address: '2001:db8:1::254',
  port: 179,
  asNumber: 65200,
  type: 'external',
  state: 'Active',
  since: '2026-11-21T08:59:48.000Z',
  lastError: 'sent OPEN Message Error / Bad Peer AS (2/2): expected 65200, got 65201',
  nextAttempt: '2026-11-21T09:00:04.000Z',
  localAs: 65010,
  passive: false,
  families: [family('ipv6', 0)],
  importPolicy: 'allowed',
  exportPolicy: 'originated',
  messages: { received: none, sent: none },
}

export const ROUTES: readonly RouteRow[] = [
  {
    prefix: '10.244.1.0/24',
    source: 'local',
    verdict: 'best',
    reason: 'only path',
    asPath: '',
    origin: 'IGP',
    stale: false,
  },
  {
    prefix: '203.0.113.10/32',
    nextHop: '10.0.1.254',
    peer: 'tor',
    source: 'external',
    verdict: 'best',
    reason: 'only path',
    asPath: '65100',
    origin: 'IGP',
    med: 0,
    communities: ['65100:10', 'NO_EXPORT'],
    stale: false,
  },
  {
    prefix: '2001:db8:f00d::10/128',
    nextHop: '2001:db8:1::254',
    peer: 'tor',
    source: 'external',
    verdict: 'best',
    reason: 'only path',
    asPath: '65100 {64496,64497}',
    origin: 'incomplete',
    stale: true,
  },
]

export const MESSAGES: readonly MessageStatus[] = [
  {
    at: '2026-11-21T08:59:00.000Z',
    direction: 'received',
    connection: 1,
    length: 49,
    message: {
      type: 'update',
      announced: [{ prefix: '203.0.113.0/24' }, { prefix: '198.51.100.0/24' }],
      withdrawn: [],
      nextHops: ['10.0.1.254'],
      attributes: { ORIGIN: 'igp', AS_PATH: '65100' },
    },
    octets: `${'ff'.repeat(16)}003102`,
  },
  {
    at: '2026-11-21T08:59:30.000Z',
    since: '2026-11-21T08:00:00.000Z',
    count: 120,
    direction: 'sent',
    connection: 1,
    length: 19,
    message: { type: 'keepalive' },
    octets: `${'ff'.repeat(16)}001304`,
  },
  {
    at: '2026-11-21T09:00:00.000Z',
    direction: 'received',
    connection: 1,
    length: 33,
    message: {
      type: 'notification',
      code: 6,
      subcode: 2,
      text: 'Cease / Administrative Shutdown (6/2): "maintenance"',
      data: '0b6d61696e74656e616e6365',
    },
    octets: `${'ff'.repeat(16)}00210306020b6d61696e74656e616e6365`,
  },
]

export class SampleSource implements ControlSource {
  phase: AgentStatus['phase'] = 'running'
  problems: readonly string[] = []
  peerList: readonly PeerStatus[] = [TOR, LEAF]
  rows: readonly RouteRow[] = ROUTES
  overlay: VxlanStatus = VXLAN
  probes: readonly ProbeStatus[] = []
  /** Of packets of each pod that is here. */
  journeyList: readonly NodeJourneys[] = []
  takenOver = 0
  /** What was asked for last. */
  listing: RouteListing | undefined

  status(): AgentStatus {
    return {
      version: '0.1.0',
      pid: 4711,
      startedAt: '2026-11-21T06:56:58.000Z',
      node: 'node-1',
      asNumber: 65010,
      routerId: '10.0.1.1',
      clusterId: '10.0.1.1',
      phase: this.phase,
      problems: this.problems,
      listening: ['0.0.0.0:179', '[::]:179'],
      kubernetes: { state: 'synced' },
      announced: [{ prefix: '10.244.1.0/24', origin: "the Node's podCIDRs" }],
      kernel: { install: true, routes: 2, conflicts: [] },
      peers: { total: this.peerList.length, established: 1 },
    }
  }

  peers(): PeerStatus[] {
    return [...this.peerList]
  }

  routes(query: RouteListing): RowCursor {
    this.listing = query
    const left = this.rows.filter(row => query.within?.contains(parsePrefix(row.prefix)) ?? true)
    return {
      next: count => left.splice(0, count),
      get done() {
        return left.length === 0
      },
    }
  }

  dump(): OctetCursor {
    let done = false
    return {
      next() {
        done = true
        return Uint8Array.of(1, 2, 3)
      },
      get done() {
        return done
      },
    }
  }

  messages(peer: string): PeerMessages {
    return { peer, messages: MESSAGES }
  }

  /** What is listened to, and the feed of who listens. */
  readonly listening: { readonly asked: Listening; readonly feed: EventFeed }[] = []

  monitor(asked: Listening): EventFeed {
    const feed: EventFeed = new EventFeed(
      () => '2026-11-21T09:00:00.000Z',
      () => {
        const at = this.listening.findIndex(one => one.feed === feed)
        if (at !== -1) this.listening.splice(at, 1)
      },
    )
    this.listening.push({ asked, feed })
    return feed
  }

  async explain(target: Prefix): Promise<Explanation> {
    const row = this.rows.findLast(({ prefix }) => parsePrefix(prefix).contains(target))
    if (row === undefined)
      return {
        target: target.toString(),
        paths: [],
        advertised: [],
        kernel: { installed: false, reason: 'there is no route to install', nextHops: [] },
      }
    return {
      target: target.toString(),
      prefix: row.prefix,
      paths: [{ ...row, importPolicy: 'policy allowed, term import.allow' }],
      advertised: [{ peer: 'tor', advertised: false, reason: 'learned from this peer' }],
      kernel: {
        installed: false,
        reason: 'a route that is not ours stands at metric 179',
        nextHops: ['10.0.1.254'],
        foreign: `${row.prefix} via 10.0.1.9 dev eth0 proto static metric 179`,
      },
    }
  }

  config(): EffectiveConfig {
    return {
      file: '/etc/podpeer/agent.yaml',
      config: {
        node: 'node-1',
        asNumber: 65010,
        listen: { addresses: ['0.0.0.0', '::'], port: 179 },
        import: { allow: ['203.0.113.0/24', { prefix: '2001:db8:f00d::/48', min: 128, max: 128 }] },
        peers: [
          { name: 'tor', address: '10.0.1.254', asNumber: 65100, holdTime: 90 },
          { name: 'leaf', address: '2001:db8:1::254', asNumber: 65200, holdTime: 30 },
        ],
      },
      origins: {
        node: 'environment NODE_NAME',
        asNumber: 'annotation podpeer.io/as-number',
        import: 'file',
        'peers[tor]': 'file',
        'peers[tor].holdTime': 'nodes[0]',
        'peers[leaf]': 'annotation podpeer.io/peers',
      },
    }
  }

  journeys(pod: Address): NodeJourneys {
    const text = pod.toString()
    const elsewhere = { node: 'node-1', pod: text, place: 'elsewhere', reason: 'default via 10.0.1.254' } as const
    return this.journeyList.find(one => one.pod === text) ?? { ...elsewhere, journeys: [] }
  }

  vxlan(): VxlanStatus {
    return this.overlay
  }

  async bfd(): Promise<BfdDocument> {
    return SAMPLE_BFD
  }

  async takeOver(): Promise<VxlanStatus> {
    this.takenOver++
    return this.overlay
  }

  async probeVteps(vtep: string | undefined): Promise<readonly ProbeStatus[]> {
    return this.probes.filter(probe => vtep === undefined || probe.vtep === vtep)
  }

  drain(): void {
    this.phase = 'drained'
  }

  undrain(): void {
    this.phase = 'running'
  }

  readonly asked: string[] = []

  refresh(peer: string, direction: 'in' | 'out', family: 'ipv4' | 'ipv6' | undefined): void {
    if (peer === LEAF.name) throw new WorldFault('NOT_REFRESHED', `${peer}: there is no session`, { retry: true })
    this.asked.push(`refresh ${peer} ${direction} ${family ?? 'all'}`)
  }

  reset(peer: string, text: string | undefined): void {
    this.asked.push(`reset ${peer}: ${text ?? ''}`)
  }
}
