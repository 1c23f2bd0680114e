/** `podpeer node status` beside `calicoctl node status`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFelix, nodeStatus, renderNodeStatus } from '../../../daemon/cli/node-status.ts'
import type { AgentStatus, PeerStatus } from '../../../daemon/control/document.ts'
import { LEAF, SampleSource, TOR } from '../control/sample-source.ts'

const source = new SampleSource()
const options = { look: { columns: 80, colour: true }, wide: false, now: 0 }
const at = (hours: number, minutes: number, seconds: number): string =>
  new Date(2026, 10, 21, hours, minutes, seconds).toISOString()
const noon = new Date(2026, 10, 21, 12, 0, 0)

function text(peers: readonly PeerStatus[], calico = false, agent: AgentStatus = source.status()): string {
  return renderNodeStatus(nodeStatus(agent, peers, source.config(), calico, noon), options)
}

test('it is the classic output to the letter, the heading apart', () => {
  const mesh: PeerStatus = { ...TOR, name: 'node-2', address: '10.1.0.12', type: 'internal', since: at(8, 40, 7) }
  const down: PeerStatus = {
    ...LEAF,
    name: 'tor',
    address: '10.1.0.60',
    since: at(9, 2, 51),
    lastError: 'Socket: Connection refused',
  }
  assert.equal(
    text([mesh, down]),
    `\
podpeer process is running.

IPv4 BGP status
+--------------+-------------------+-------+----------+---------------------------+
| PEER ADDRESS |     PEER TYPE     | STATE |  SINCE   |           INFO            |
+--------------+-------------------+-------+----------+---------------------------+
| 10.1.0.12    | node-to-node mesh | up    | 08:40:07 | Established               |
| 10.1.0.60    | global            | start | 09:02:51 | Active Socket: Connection |
|              |                   |       |          | refused                   |
+--------------+-------------------+-------+----------+---------------------------+

IPv6 BGP status
No IPv6 peers found.

`,
  )
})

test('the heading names Calico where Calico runs', () => {
  assert.match(text([], true), /^Calico process is running\.\n/)
  assert.ok(isFelix('/usr/bin/calico-node\0-felix\0'))
  assert.ok(isFelix('calico-felix\0'))
  assert.ok(!isFelix('/usr/bin/calico-node\0-bird\0'))
  assert.ok(!isFelix('vi\0calico-felix\0'))
})

test('a peer whose address comes from a section or an annotation is specific to the node', () => {
  assert.match(text([LEAF]), /\| node specific \|/)
})

test('a session that began on another day shows its date', () => {
  assert.match(text([{ ...TOR, since: new Date(2026, 10, 20, 23, 59, 59).toISOString() }]), /\| up {4}\| 2026-11-20 \|/)
})

test('the sessions of a drained node are down', () => {
  const drained = { ...source.status(), phase: 'drained' as const }
  assert.match(text([{ ...LEAF, address: '10.1.0.60', state: 'Idle' }], false, drained), /\| down {2}\|/)
})

test('what Calico has no column for comes with -o wide', () => {
  const agent = { ...source.status(), problems: ['no AS number is known'] }
  const value = nodeStatus(agent, [], source.config(), false, noon)
  assert.match(
    renderNodeStatus(value, { ...options, wide: true }),
    /^AS: +65010$[\s\S]*^Problem: +no AS number is known$/m,
  )
})
