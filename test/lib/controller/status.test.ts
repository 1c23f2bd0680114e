import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DeviceStatus } from '../../../lib/bigip/device.ts'
import type { Desire } from '../../../lib/bigip/mode/desire.ts'
import { type BigIpReport, bigIpStatus, type UnitReport } from '../../../lib/controller/status.ts'
import type { BigIpSpec, BigIpStatus, DeviceFacts } from '../../../lib/index.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')
const MINUTE = 60_000

const facts = {
  hostName: 'bigip-a.example.net',
  version: '16.1.4',
  failoverState: 'active',
  sync: { status: 'Standalone', mode: 'standalone', summary: '' },
} as unknown as DeviceFacts

const desire: Desire = {
  mode: 'static',
  because: 'spec.mode says so',
  rows: [],
  expectations: [],
  complete: true,
  exclusiveTunnels: [],
  sharedTunnels: [],
  podNetworks: [],
  unavailable: [],
  routing: { api: undefined, findings: [] },
  findings: [],
  exclusions: [],
  served: 2,
  published: { tunnelSubnets: [], selfIPs: [], advertised: [], reflectors: [] },
}

const device: DeviceStatus = {
  name: 'a',
  phase: 'in sync',
  kinds: new Map(),
  objects: { desired: 2, actual: 2, drift: 0 },
  held: 0,
  lastSync: NOW,
  findings: [],
  repairs: 0,
  writes: 2,
  unsaved: false,
}

function report(unit: Partial<UnitReport> = {}, rest: Partial<BigIpReport> = {}): BigIpReport {
  const whole = {
    name: 'a',
    url: 'https://192.0.2.10',
    facts,
    fault: undefined,
    silent: false,
    desire,
    device,
    ...unit,
  }
  return {
    generation: 3,
    cluster: 'c1',
    spec: undefined,
    obstacle: undefined,
    deleting: false,
    units: [whole],
    findings: [],
    ...rest,
  }
}

function condition(status: BigIpStatus, type = 'Ready'): string {
  const found = status.conditions?.find(one => one.type === type)
  return `${found?.status} ${found?.reason}: ${found?.message}`
}

describe('the status of a BIGIP', () => {
  const settled = bigIpStatus(report(), {}, NOW)

  it('is ready when its devices answer and hold what is wanted', () => {
    assert.equal(condition(settled), 'True InSync: 2 objects on one device')
    assert.equal(condition(settled, 'Reachable'), 'True Answering: a')
  })

  it('at rest is the same value minute after minute, and tells the last sync from time to time', () => {
    const later = (minutes: number) =>
      bigIpStatus(report({ device: { ...device, lastSync: NOW + minutes * MINUTE } }), settled, NOW + minutes * MINUTE)
    assert.deepEqual(later(4), settled)
    assert.equal(later(6).units?.[0]?.lastSync, '2026-11-21T12:06:00.000Z')
  })

  it('stays ready while a change is on its way, but not before the first time', () => {
    const writing = { device: { ...device, phase: 'writing' } as const }
    assert.match(condition(bigIpStatus(report(writing), settled, NOW)), /^True/)
    assert.match(condition(bigIpStatus(report(writing), {}, NOW)), /^False Progressing/)
  })

  it('keeps the time of a condition until that changes', () => {
    const unreachable = report({ fault: new Error('unreachable: ECONNREFUSED') })
    const broken = bigIpStatus(unreachable, settled, NOW + MINUTE)
    const times = (status: BigIpStatus) => status.conditions?.map(({ lastTransitionTime }) => lastTransitionTime)
    assert.deepEqual(times(broken), ['2026-11-21T12:01:00Z', '2026-11-21T12:01:00Z', '2026-11-21T12:00:00Z'])
    assert.equal(condition(broken), 'False Unreachable: a: unreachable: ECONNREFUSED')
    assert.equal(broken.units?.[0]?.lastError, 'unreachable: ECONNREFUSED')
  })

  it('goes on telling agents what is known of a device that does not answer', () => {
    const published = { ...desire.published, bgp: { addresses: ['10.1.10.60'], asNumber: 64512 } }
    const told = bigIpStatus(report({ desire: { ...desire, published } }), {}, NOW)
    const away = report({ facts: undefined, desire: undefined, device: undefined, fault: new Error('away') })
    assert.deepEqual(bigIpStatus(away, told, NOW).units?.[0]?.bgp, { addresses: ['10.1.10.60'], asNumber: 64512 })
  })

  it('says mode, AS number and reflectors as before while no device answers', () => {
    const reflectors = [{ node: 'node-1', addresses: ['10.1.10.1'], asNumber: 64512 }]
    const published = { ...desire.published, bgp: { addresses: ['10.1.10.60'], asNumber: 64512 }, reflectors }
    const spec = { bgp: { nodeASNumber: 65010 } } as BigIpSpec
    const told = bigIpStatus(report({ desire: { ...desire, mode: 'bgp', published } }, { spec }), {}, NOW)
    const away = report({ facts: undefined, desire: undefined, device: undefined, fault: new Error('away') }, { spec })
    const { mode, detectedFrom, nodeASNumber, reflectors: kept } = bigIpStatus(away, told, NOW)
    assert.deepEqual([mode, detectedFrom, nodeASNumber, kept], ['bgp', 'spec.mode says so', 65010, reflectors])
  })

  it('is not ready for an error that a person must mend, and shows errors first', () => {
    const finding = (severity: 'error' | 'note', code: string) => ({
      code,
      severity,
      subject: 'unit a',
      cause: 'it is so',
    })
    const findings = [finding('note', 'one'), { ...finding('error', 'two'), remedy: 'change it' }]
    const status = bigIpStatus(report({ desire: { ...desire, findings } }), {}, NOW)
    assert.equal(condition(status), 'False Misconfigured: unit a: it is so; change it')
    assert.deepEqual(
      status.findings?.map(({ code }) => code),
      ['two', 'one'],
    )
  })

  it('names what waits for a word, and how to say it', () => {
    const row = { kind: 'ARP', name: '/Common/podpeer-c1-10.244.1.7', fields: {} } as never
    const refused = { hash: '0123456789ab', reason: 'too many', deletions: [row], replacements: [] }
    const status = bigIpStatus(report({ device: { ...device, refused } }), {}, NOW)
    assert.match(condition(status), /^False DeletionsRefused: a: too many; .*podpeer.io\/allow-deletions=0123456789ab$/)
    assert.deepEqual(status.units?.[0]?.refused, {
      token: '0123456789ab',
      reason: 'too many',
      count: 1,
      objects: ['ARP /Common/podpeer-c1-10.244.1.7'],
    })
  })

  it('stays small in a cluster where every node is left out', () => {
    const exclusions = Array.from({ length: 5000 }, (_, at) => ({
      kind: 'Node' as const,
      name: `node-${at}`,
      reason: 'NoVtepMAC',
      message: 'x'.repeat(200),
    }))
    const status = bigIpStatus(report({ desire: { ...desire, exclusions } }), {}, NOW)
    assert.deepEqual([status.nodes?.leftOut, status.nodes?.reasons.length], [5000, 20])
    assert.ok(JSON.stringify(status).length < 20_000)
  })
})
