/**
 * Who plays in the differential test: peers that speak and peers that listen, the same towards every router. The router reflects
 * (RFC 4456), so that an internal listener sees the chosen path with all that its sender said of it.
 */
import { type PlayedPeer, ROUTER_AS, type Workload } from '../bench/routers/workload.ts'

const FEED = '10.1.0.1'
const SINK = '10.2.0.1'

export interface Actor extends PlayedPeer {
  readonly name: string
}

const actor = (name: string, address: string, asNumber: number, client = false): Actor => ({
  name,
  address,
  router: address.startsWith('10.1.') ? FEED : SINK,
  asNumber,
  client,
})

/** Two sessions to an AS, so that MEDs are compared; addresses and router ids in no order. */
export const SENDERS: readonly Actor[] = [
  actor('one-a', '10.1.1.7', 65101),
  actor('one-b', '10.1.1.3', 65101),
  actor('two-a', '10.1.1.5', 65102),
  actor('two-b', '10.1.1.9', 65102),
  actor('client-a', '10.1.1.8', ROUTER_AS, true),
  actor('client-b', '10.1.1.4', ROUTER_AS, true),
  actor('inside', '10.1.1.6', ROUTER_AS),
]

export const LISTENERS: readonly Actor[] = [
  actor('outer', '10.2.1.1', 64512),
  actor('inner client', '10.2.1.2', ROUTER_AS, true),
  actor('inner', '10.2.1.3', ROUTER_AS),
]

export const workload: Workload = { families: [4, 6], peers: [...SENDERS, ...LISTENERS], phases: [], compares: 'path' }
