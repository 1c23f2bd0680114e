/**
 * The agent's metrics for Prometheus: few series, whose number grows with the peers and with nothing else. They are read
 * from the agent when somebody asks; nothing is counted twice. prom-client is loaded with this file: only where it is used.
 */
import type { Agent } from './agent/agent.ts'
import type { AgentView } from './agent/view.ts'
import type { Log } from './log.ts'
import { MetricBoard, type Metrics } from './metric-board.ts'

const STATES = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'] as const

export function agentMetrics(agent: Agent, view: AgentView, log: Pick<Log, 'dropped'>): Metrics {
  const board = new MetricBoard()
  board.gauge(
    'session_state',
    `State of the session: ${STATES.map((state, at) => `${at} ${state}`).join(', ')}`,
    ['peer'],
    made => {
      for (const { name, state } of view.peers()) made.set({ peer: name }, STATES.indexOf(state))
    },
  )
  board.counter('sessions_established', 'Times the session was established', ['peer'], made => {
    for (const { config, session } of agent.routing?.speaker.peers() ?? [])
      made.inc({ peer: config.name }, session.established)
  })
  for (const kind of ['received', 'accepted', 'advertised', 'stale'] as const)
    board.gauge(`prefixes_${kind}`, `Prefixes ${kind}, per peer and family`, ['peer', 'family'], made => {
      for (const { name, families } of view.peers())
        for (const family of families) made.set({ peer: name, family: family.family }, family[kind])
    })
  board.gauge(
    'session_held_back',
    '1 while a limit on prefixes or BFD keeps any session from being tried',
    ['peer'],
    made => {
      for (const { name, heldBack } of view.peers()) made.set({ peer: name }, heldBack === undefined ? 0 : 1)
    },
  )
  board.gauge('prefixes_limit', 'Most prefixes that the peer may announce', ['peer', 'family'], made => {
    for (const { name, families } of view.peers())
      for (const { family, limit } of families) if (limit !== undefined) made.set({ peer: name, family }, limit.count)
  })
  board.counter('announcements_dropped', 'Announcements beyond that limit, not taken in', ['peer', 'family'], made => {
    for (const { name, families } of view.peers())
      for (const { family, dropped = 0 } of families) made.inc({ peer: name, family }, dropped)
  })
  board.gauge('routes_withheld', 'Routes that the peer is not told, for its limit', ['peer', 'family'], made => {
    for (const { name, families } of view.peers())
      for (const { family, withheld = 0 } of families) made.set({ peer: name, family }, withheld)
  })
  const bfd = () =>
    view.peers().flatMap(({ name, bfd }) => (bfd === undefined ? [] : [{ labels: { peer: name }, bfd }]))
  board.gauge('bfd_session_up', '1 while the BFD session of the peer is up', ['peer'], made => {
    for (const { labels, bfd: status } of bfd()) made.set(labels, status.state === 'Up' ? 1 : 0)
  })
  board.counter('bfd_session_losses', 'Times that BFD found the path to the peer to have failed', ['peer'], made => {
    for (const { labels, bfd: status } of bfd()) made.inc(labels, status.downs)
  })
  board.gauge('announced_prefixes', 'Prefixes that originate here', [], made =>
    made.set(view.status().announced.length),
  )
  board.gauge('kernel_routes', 'Routes of ours, by what became of them', ['status'], made => {
    const counts = agent.routing?.table?.counts()
    if (counts === undefined) return
    for (const status of ['wanted', 'installed', 'adopted', 'conflicts'] as const) made.set({ status }, counts[status])
  })
  board.counter('kernel_repairs', 'Routes put back after somebody removed or changed them', [], made =>
    made.inc(agent.routing?.table?.counts().repairs ?? 0),
  )
  const vteps = () =>
    view
      .vxlan()
      .overlays.flatMap(({ family, vteps }) => vteps.map(vtep => ({ labels: { vtep: vtep.name, family }, vtep })))
  board.gauge('overlay_rows', "Rows towards BIG-IP's tunnels, by what became of them", ['status'], made => {
    const { rows } = view.vxlan()
    for (const status of ['wanted', 'actual', 'conflicts'] as const) made.set({ status }, rows[status])
  })
  board.counter('overlay_repairs', 'Such rows put back after somebody removed or changed them', [], made =>
    made.inc(view.vxlan().rows.repairs),
  )
  board.gauge('vtep_loss_ratio', 'Lost of the last pings inside the tunnel', ['vtep', 'family'], made => {
    for (const { labels, vtep } of vteps())
      if (vtep.health !== undefined && vtep.health.sent > 0) made.set(labels, vtep.health.lost / vtep.health.sent)
  })
  board.gauge(
    'vtep_round_trip_seconds',
    'Median round trip of the last pings inside the tunnel',
    ['vtep', 'family'],
    made => {
      for (const { labels, vtep } of vteps())
        if (vtep.health?.roundTrip !== undefined) made.set(labels, vtep.health.roundTrip / 1000)
    },
  )
  board.gauge('kubernetes_synced', '1 while Kubernetes is watched, or not needed', [], made =>
    made.set(['synced', 'disabled'].includes(agent.situation.api.phase) ? 1 : 0),
  )
  board.gauge('problems', 'Problems that `podpeer node status` names', [], made => made.set(agent.problems.length))
  board.gauge('start_time_seconds', 'When the agent started, Unix time', [], made => made.set(agent.startedAt / 1000))
  board.counter('log_lines_dropped', 'Log lines lost to a slow reader', [], made => made.inc(log.dropped))
  return board
}
