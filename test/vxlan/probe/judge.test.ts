import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../../lib/base/ip.ts'
import { type EchoSeries, judgeProbe, type Measurements } from '../../../vxlan/probe/judge.ts'

const all: EchoSeries = { sent: 5, received: 5, roundTrip: { least: 1, median: 1, most: 1 }, trouble: undefined }
const none: EchoSeries = { sent: 5, received: 0, roundTrip: undefined, trouble: { type: 'silent' } }
const router = parseAddress('10.0.1.254')

const well: Measurements = {
  endpoint: parseAddress('10.0.9.9'),
  selfIP: parseAddress('10.244.20.1'),
  device: 'flannel.1',
  deviceMtu: 1450,
  port: 8472,
  outer: all,
  pathMtu: { mtu: 1500, source: 'whole' },
  inner: all,
  full: { type: 'reply', milliseconds: 1 },
  udpRefused: undefined,
  checksumDrops: 0,
  missingRows: [],
}

test('each measurement has its finding, in words and with what to do', () => {
  const rows: [Partial<Measurements>, string, RegExp][] = [
    [{}, 'healthy', /^10\.244\.20\.1 answers inside the tunnel, full-size packets too$/],
    [{ outer: none, pathMtu: undefined }, 'healthy', /./],
    [{ missingRows: ['fdb 0a:… is not there'], inner: none }, 'rows', /not in place: fdb 0a/],
    [{ pathMtu: { mtu: 1450, source: 'told' } }, 'path-mtu', /^path MTU 1450: set the tunnel MTU to 1400 /],
    [
      { endpoint: parseAddress('fd00::9'), deviceMtu: 1430, pathMtu: { mtu: 1400, source: 'searched' } },
      'path-mtu',
      /^path MTU 1400: set the tunnel MTU to 1330 /,
    ],
    [
      { full: { type: 'silent' }, pathMtu: undefined },
      'path-mtu',
      /^packets of 1450 octets.*set the MTU of BIG-IP's tunnel to 1450/,
    ],
    [
      { inner: { ...all, received: 4 } },
      'loss',
      /^20 % of 5 pings inside the tunnel were lost: the underlay loses none$/,
    ],
    [{ inner: { ...all, received: 4 }, outer: { ...all, received: 3 } }, 'loss', /the underlay loses packets$/],
    [{ inner: { ...all, received: 4 }, outer: none, pathMtu: undefined }, 'loss', /were lost$/],
    [
      { inner: undefined, full: undefined },
      'healthy',
      /^10\.0\.9\.9 answers outside the tunnel; .*: ping 10\.244\.20\.1 from a pod$/,
    ],
    [
      { inner: undefined, full: undefined, outer: none, pathMtu: undefined },
      'underlay',
      /^10\.0\.9\.9 does not answer, outside the tunnel:/,
    ],
    [
      { inner: undefined, full: undefined, pathMtu: { mtu: 1450, source: 'told' } },
      'path-mtu',
      /^path MTU 1450: set the tunnel MTU to 1400 /,
    ],
    [
      { inner: undefined, full: undefined, outer: { ...all, received: 4 } },
      'loss',
      /^20 % of 5 pings outside the tunnel were lost$/,
    ],
    [{ inner: none, full: undefined }, 'inner', /^10\.0\.9\.9 answers, but 10\.244\.20\.1 inside the tunnel does not/],
    [
      { inner: none, full: undefined, udpRefused: { reason: 'port unreachable', from: well.endpoint } },
      'port-refused',
      /^10\.0\.9\.9 refuses UDP port 8472 \(port unreachable\): BIG-IP has no tunnel with this port/,
    ],
    [
      { inner: none, full: undefined, udpRefused: { reason: 'prohibited by a filter', from: router } },
      'port-refused',
      /^10\.0\.1\.254 refuses UDP port 8472 \(prohibited by a filter\): let it through the firewall there$/,
    ],
    [{ inner: none, full: undefined, checksumDrops: 5 }, 'checksum', /dropped 5 UDP packets for their checksum/],
    [{ inner: none, outer: none, pathMtu: undefined, full: undefined }, 'underlay', /^10\.0\.9\.9 does not answer/],
    [
      {
        inner: none,
        outer: { ...none, trouble: { type: 'unreachable', reason: 'host unreachable', from: router } },
        pathMtu: undefined,
        full: undefined,
      },
      'underlay',
      /^10\.0\.1\.254 says that 10\.0\.9\.9 cannot be reached \(host unreachable\)/,
    ],
    [
      {
        inner: none,
        outer: { ...none, trouble: { type: 'unsendable', reason: 'Network is unreachable' } },
        pathMtu: undefined,
        full: undefined,
      },
      'underlay',
      /cannot be sent: Network is unreachable: mend the node's routes$/,
    ],
  ]
  for (const [measured, code, sentence] of rows) {
    const verdict = judgeProbe({ ...well, ...measured })
    assert.equal(verdict.code, code)
    assert.match(verdict.sentence, sentence)
    assert.equal(verdict.healthy, code === 'healthy')
  }
})
