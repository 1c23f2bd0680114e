/** What the agent says of itself, from one asking to the next. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryClock, MemoryNetwork } from '../../bgp/memory-world.ts'
import { nodeObject, PlayedNode } from './played-world.ts'

const CONFIG = `
asNumber: 65001
peers: [{ name: tor, address: 10.0.0.254, asNumber: 65100 }]
`

test('a moment is told alike each time, to the millisecond: who watches would take the difference for a change', () => {
  const node = new PlayedNode(new MemoryNetwork(new MemoryClock()))
  try {
    node.start(CONFIG)
    node.synced(nodeObject())
    const told = node.view.peers()[0]!.since
    // the played clock stands still while the time of day goes on
    for (const begun = Date.now(); Date.now() - begun < 3; );
    assert.equal(node.view.peers()[0]!.since, told)
  } finally {
    node.clean()
  }
})
