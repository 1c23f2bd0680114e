/** A document about BFD as an agent gives it: one session that is up, one that was lost. */
import type { BfdDocument, BfdSessionDocument } from '../../../daemon/control/bfd-document.ts'

export const UP: BfdSessionDocument = {
  peer: 'tor',
  address: '10.0.1.254',
  state: 'Up',
  since: '2026-11-21T08:57:56.000Z',
  diagnostic: 'none',
  multihop: false,
  strict: false,
  discriminator: 1234567890,
  remote: { state: 'Up', diagnostic: 'none', discriminator: 42, controlPlaneIndependent: false, demand: false },
  transmitInterval: 300,
  detectionTime: 900,
  ups: 2,
  downs: 1,
  lastDown: { at: '2026-11-21T08:57:50.000Z', reason: 'control detection time expired' },
  packets: { sent: 400, received: 410 },
}

export const LOST: BfdSessionDocument = {
  peer: 'leaf',
  address: 'fe80::1',
  interface: 'eth1',
  state: 'Down',
  since: '2026-11-21T08:59:48.000Z',
  diagnostic: 'control detection time expired',
  multihop: false,
  strict: true,
  discriminator: 7,
  transmitInterval: 1000,
  ups: 1,
  downs: 1,
  lastDown: { at: '2026-11-21T08:59:48.000Z', reason: 'control detection time expired' },
  sendError: 'ENETUNREACH: network is unreachable, write',
  packets: { sent: 12, received: 0 },
}

export const SAMPLE_BFD: BfdDocument = { sessions: [UP, LOST], discarded: { ttl: 3 } }
