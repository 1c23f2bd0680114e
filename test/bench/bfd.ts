/** BFD at 50 ms × 3 while the main thread has no time for anything but routes. */
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Bfd } from '../../bgp/io/bfd.ts'
import { type Address, parseAddress } from '../../lib/base/ip.ts'
import { createNamespace, deleteNamespace, inNamespace, namespacePath } from '../../lib/linux/namespace.ts'
import { addAddress } from '../../lib/linux/netlink/address.ts'
import { createLink, findLink, setLink } from '../../lib/linux/netlink/link.ts'
import { NetlinkSocket } from '../../lib/linux/netlink/socket.ts'
import { exportRows } from './export.ts'
import { whyNoPlace } from './kernel.ts'
import type { Lateness, Row } from './row.ts'

const TIMERS = { transmit: 50, receive: 50, multiplier: 3 }
const ENDS = [
  { name: `podpeer-bench-${process.pid}-us`, device: 'us', address: parseAddress('10.0.0.1') },
  { name: `podpeer-bench-${process.pid}-them`, device: 'them', address: parseAddress('10.0.0.2') },
] as const
const [US, THEM] = ENDS

function within<Result>({ name }: { readonly name: string }, work: () => Result): Result {
  return inNamespace(namespacePath(name), work)
}

function makeLink(): void {
  for (const { name } of ENDS) createNamespace(name)
  const theirs = openSync(namespacePath(THEM.name), 'r')
  within(US, () => {
    const socket = new NetlinkSocket()
    createLink(socket, { kind: 'veth', name: US.device, peer: { name: THEM.device, namespace: theirs } })
    socket.close()
  })
  closeSync(theirs)
  for (const end of ENDS) within(end, () => address(end.device, end.address))
}

function address(device: string, own: Address): void {
  const socket = new NetlinkSocket()
  const { index } = findLink(socket, device)
  setLink(socket, index, { up: true })
  addAddress(socket, index, own, 24)
  socket.close()
}

const load = exportRows.find(({ name }) => name === 'export-1m')!

export const bfdRows: readonly Row[] = [
  {
    name: 'bfd',
    title: 'BFD at 50 ms × 3 while 1,000,000 prefixes go from one peer to another (S1); how late its packets came',
    unit: 'prefix',
    count: load.count,
    impossible: whyNoPlace,
    async prepare() {
      const loaded = await load.prepare()
      makeLink()
      const workerData = { remote: US.address.toString(), interval: TIMERS.transmit, multiplier: TIMERS.multiplier }
      const peer = within(THEM, () => new Worker(new URL('./bfd-peer.ts', import.meta.url), { workerData }))
      const bare = new Worker(new URL('./bare-thread.ts', import.meta.url))
      let downs = 0
      const { promise: up, resolve } = Promise.withResolvers<void>()
      const observer = {
        changed: (change: { readonly up: boolean }) => (change.up ? resolve() : downs++),
        problemsChanged() {},
        notice() {},
      }
      const bfd = within(US, () => {
        const made = new Bfd(observer)
        made.want([{ name: 'bench', remote: THEM.address, ...TIMERS }])
        return made
      })
      await Promise.all([up, once(peer, 'message'), once(bare, 'online')])
      // both have told their pace by then, and had it confirmed
      while (bfd.status()[0]?.detectionTime !== TIMERS.multiplier * TIMERS.transmit) await setTimeout(20)
      const figures: Record<string, Lateness> = {}
      return {
        async run() {
          peer.postMessage('begin')
          await loaded.run()
          bare.postMessage('end')
          peer.postMessage('end')
          const [[bareFigures], [theirs]] = (await Promise.all([once(bare, 'message'), once(peer, 'message')])) as [
            [Lateness],
            [{ lateness: Lateness; downs: number }],
          ]
          downs += theirs.downs
          figures['bfd'] = theirs.lateness
          figures['bare'] = bareFigures
        },
        check: async () => downs === 0 && (await loaded.check()),
        lateness: () => figures,
        async close() {
          await Promise.all([bfd.close(), bare.terminate(), peer.terminate()])
          for (const { name } of ENDS) deleteNamespace(name)
        },
      }
    },
  },
]
