/** What holds of the BGP sessions between BIG-IP and the agents, whichever daemon BIG-IP has. */
import assert from 'node:assert/strict'
import type { BigIpLab } from '../bigip-lab.ts'
import { untilComplete } from '../waiting.ts'
import { tracesOf } from './traces.ts'
import { everyPingIsAnswered } from './traffic.ts'

const DEADLINE = 60_000

async function established({ device }: BigIpLab): Promise<number> {
  return (await device.bgp.sessions()).filter(({ state }) => state === 'Established').length
}

/** How often the agent of node 1 has opened each of its sessions. */
async function opens(lab: BigIpLab): Promise<number[]> {
  return (await lab.node(1).agent.peers()).map(({ messages }) => messages.sent.open)
}

/** All sessions are up at both ends, and those of node 1 never flap while node 2 goes and comes back. */
export async function sessionsStay(lab: BigIpLab): Promise<void> {
  const { place } = lab.node(2)
  assert.equal(await established(lab), 4)
  const before = await opens(lab)
  lab.cluster.deregister(place)
  await untilComplete('the removal', DEADLINE, async () => (await tracesOf(lab, place))[0]?.path)
  await untilComplete('the end of its sessions', DEADLINE, async () =>
    (await established(lab)) === 2 ? undefined : 'they are up',
  )
  lab.cluster.register(place)
  await lab.settled()
  assert.equal(await established(lab), 4)
  assert.deepEqual(await opens(lab), before)
  await everyPingIsAnswered(lab)
}
