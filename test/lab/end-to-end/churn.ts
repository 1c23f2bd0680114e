/**
 * Changes of a lab while pings go through it, and what they cost. Rules: a node that nothing happened to loses no ping; one
 * that something happened to recovers, for good, within a deadline that no busy machine misses; how long it took is told.
 */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { BigIpLab } from '../bigip-lab.ts'
import type { LabNode } from '../topology.ts'
import { waysOf } from './traffic.ts'
import { type Account, Witness } from './witness.ts'

/** Many times the second that recovery may take on a machine of its own. Milliseconds. */
export const RECOVERY_DEADLINE = 30_000

export interface Change {
  readonly lab: BigIpLab
  readonly test: TestContext
  /** What happens: `the Node is deleted and created`. */
  readonly what: string
  /** What it happens to, as it is afterwards; default: node 2. */
  readonly changed?: LabNode
  /** What it happens to loses no ping, either. */
  readonly harmless?: true
  /** Resolves when recovery can begin: when the API, or the kernel, has what is new. */
  make(): Promise<void> | void
}

/** Makes the change while pings go to a pod of node 1 and to one of the changed node, in both directions. */
export async function underPings({ lab, test, what, changed, harmless, make }: Change): Promise<void> {
  using untouched = new Witness(waysOf(lab, lab.node(1).place))
  using touched = new Witness(waysOf(lab, changed ?? lab.node(2).place))
  await untouched.steady('the pings before', RECOVERY_DEADLINE)
  if (harmless) await touched.steady('the pings before', RECOVERY_DEADLINE)
  await make()
  const since = performance.now()
  await touched.steady(`recovery after ${what}`, RECOVERY_DEADLINE, since)
  const [others, own] = await Promise.all([untouched.account(since), touched.account(since)])
  test.diagnostic(`${what}: ${renderCost(own, since)}; node 1: ${lost(others)} of ${sent(others)} lost`)
  assert.deepEqual(losses(others), [], `pings of node 1, while ${what}`)
  if (harmless) assert.deepEqual(losses(own), [], `pings, while ${what}`)
}

function sent(accounts: readonly Account[]): number {
  return accounts.reduce((sum, { sent }) => sum + sent, 0)
}

function lost(accounts: readonly Account[]): number {
  return accounts.reduce((sum, { lost }) => sum + lost, 0)
}

function losses(accounts: readonly Account[]): string[] {
  return accounts.flatMap(({ way, sent, lost }) => (lost === 0 ? [] : [`${way}: ${lost} of ${sent}`]))
}

function renderCost(accounts: readonly Account[], since: number): string {
  const works = Math.max(...accounts.map(({ works }) => works))
  return `${lost(accounts)} of ${sent(accounts)} pings lost, all ways work ${Math.round(works - since)} ms afterwards`
}
