/**
 * The BIG-IP stand-in of the benchmark, a process of its own, so that neither its CPU nor its memory is anybody else's. Sends
 * how it is reached, then answers each message of its parent with what it holds and was asked since the last one.
 */
import { BigIp } from '../bigip/big-ip.ts'

/** In front of all nodes of `bigip-cluster.ts`. */
const NETWORKS = [{ vlan: 'external', selfIPs: ['172.16.0.60/12'] }]

export interface Reached {
  readonly url: string
  readonly ca: string
  readonly username: string
  readonly password: string
}

/** What the parent says: what is counted before is forgotten with each. */
export interface Word {
  /** Milliseconds that each call takes from here on. */
  readonly latency?: number
  /** Collections to count objects of. */
  readonly count?: readonly string[]
}

export interface Told {
  /** By method and collection: `{ 'POST /tm/net/arp': 3 }`. */
  readonly calls: Readonly<Record<string, number>>
  readonly writes: number
  /** By collection, as asked for. */
  readonly objects: Readonly<Record<string, number>>
}

const device = await BigIp.start({ networks: NETWORKS, routing: 'tmos' })
process.send?.({ url: device.url, ca: device.ca, ...device.credentials } satisfies Reached)

process.on('message', async ({ latency, count = [] }: Word) => {
  const { counts: calls, writes } = device.calls
  device.calls.reset()
  if (latency !== undefined) device.latency = { read: latency, write: latency }
  const objects = Object.fromEntries(
    await Promise.all(count.map(async path => [path, (await device.list(path)).length] as const)),
  )
  process.send?.({ calls, writes, objects } satisfies Told)
})
process.on('disconnect', () => process.exit())
