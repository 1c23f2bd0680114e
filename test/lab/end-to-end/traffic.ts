/** What a lab's network carries beside single pings: transfers over TCP, and packets as large as the way takes. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { reasonOf, WorldFault } from '../../../lib/base/failure.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { ping } from '../../../lib/linux/icmp.ts'
import { inNamespace } from '../../../lib/linux/namespace.ts'
import type { BigIpLab } from '../bigip-lab.ts'
import { BIGIP } from '../bigip-topology.ts'
import type { PlannedPing } from '../expectation.ts'
import { spaceOf } from '../network.ts'
import { outputOf } from '../process.ts'
import type { FamilyName, LabNode, PerFamily, Pod } from '../topology.ts'

/** Octets of a transfer; `PODPEER_TRANSFER` says another number of megabytes. */
const TRANSFER_OCTETS = Number(process.env['PODPEER_TRANSFER'] ?? 100) * 1_000_000
const PROCESS = new URL('transfer-process.ts', import.meta.url).pathname
/** Of IP and ICMP. */
const ECHO_HEADERS: PerFamily<number> = { ipv4: 28, ipv6: 48 }
/** For an answer; and for its absence, after all those that were there within a fraction of it. Milliseconds. */
const PATIENCE = { answer: 10_000, silence: 300 }

interface Transfer {
  readonly podAddress: string
  /** As the pod sees it. */
  readonly source: string
  readonly sent: string
  readonly received: { readonly octets: number; readonly checksum: string }
  readonly milliseconds: number
}

/** All that the lab plans to ping. */
export async function everyPingIsAnswered(lab: BigIpLab): Promise<void> {
  const pings = await lab.pingAll()
  assert.ok(pings.length > 0)
  assert.deepEqual(
    pings.filter(({ ok }) => !ok),
    [],
  )
}

/** Through a virtual server to a pod of node 2 and back, all octets of each family, from BIG-IP's own address. */
export async function transferIsUnharmed(lab: BigIpLab, context: TestContext): Promise<void> {
  const transfers = await transfer(lab, lab.node(2).place.pods[0]!)
  const seen = transfers.map(({ source, received }) => ({ source, octets: received.octets }))
  assert.deepEqual(
    seen,
    lab.plan.families.map(family => ({ source: ownAddress(lab, family), octets: TRANSFER_OCTETS })),
  )
  for (const { podAddress, sent, received, milliseconds } of transfers) {
    assert.equal(received.checksum, sent, podAddress)
    context.diagnostic(`${TRANSFER_OCTETS / 1e6} MB to ${podAddress} and back in ${milliseconds} ms`)
  }
}

/** From the client through a virtual server to the pod and all the way back, in each family. */
async function transfer({ topology, plan }: BigIpLab, { name, address }: Pod): Promise<Transfer[]> {
  const { client, vip } = topology
  const addresses = plan.families.flatMap(family => [vip[family], address[family]])
  const places = [client.name, BIGIP, name].map(spaceOf)
  const words = [PROCESS, ...places, String(TRANSFER_OCTETS), ...addresses]
  const output = await outputOf(spaceOf(client.name), process.execPath, words)
  return output
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Transfer)
}

/** Packets with DF set come through that are exactly as large as `mtu`, and none that is one octet larger. */
export async function sizesAre(lab: BigIpLab, mtu: PerFamily<number>): Promise<void> {
  const ways = waysOf(lab, lab.node(1).place)
  const faults = await Promise.all(ways.map(way => sizeFault(way, mtu[way.family])))
  assert.deepEqual(
    faults.filter(fault => fault !== undefined),
    [],
  )
}

/** @returns what is otherwise than `sizesAre` says, in words */
async function sizeFault(way: PlannedPing, mtu: number): Promise<string | undefined> {
  const size = mtu - ECHO_HEADERS[way.family]
  const name = `${way.from} to ${way.to} (${way.family})`
  const full = await outcome(way, size, PATIENCE.answer)
  if (full !== undefined) return `${name}: ${mtu} octets do not pass: ${full}`
  return (await outcome(way, size + 1, PATIENCE.silence)) === undefined ? `${name}: ${mtu + 1} octets pass` : undefined
}

/** Undefined: answered. */
async function outcome({ from, address }: PlannedPing, size: number, timeoutMs: number): Promise<string | undefined> {
  try {
    await inNamespace(spaceOf(from), () => ping(parseAddress(address), { size, timeoutMs, dontFragment: true }))
    return undefined
  } catch (thrown) {
    if (thrown instanceof WorldFault) return reasonOf(thrown)
    throw thrown
  }
}

/** Between BIG-IP, its client and a pod of a node, in both directions. */
export function waysOf(lab: BigIpLab, { pods: [pod] }: LabNode): PlannedPing[] {
  const { client } = lab.topology
  return lab.plan.families.flatMap(family => [
    { from: BIGIP, to: pod!.name, family, address: pod!.address[family] },
    { from: client.name, to: pod!.name, family, address: pod!.address[family] },
    { from: pod!.name, to: BIGIP, family, address: ownAddress(lab, family) },
  ])
}

/** Of BIG-IP, where packets to pods leave from: inside the tunnel where there is one. */
export function ownAddress(lab: BigIpLab, family: FamilyName): string {
  const inside = lab.status.units?.flatMap(({ selfIPs = [] }) => selfIPs).map(text => text.split('/')[0]!)
  const six = family === 'ipv6'
  return inside?.find(text => text.includes(':') === six) ?? lab.node(1).place.router[family]
}
