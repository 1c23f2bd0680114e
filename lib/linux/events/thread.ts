/**
 * The thread that waits for the kernel: reads multicast messages off a netlink socket and posts their octets, many
 * messages at a time. It understands none of them. It never blocks in a read, for a thread that does can be ended by
 * nobody; it blocks in poll on the socket and on an eventfd that ends it.
 */
import { readSync } from 'node:fs'
import { parentPort as port, workerData } from 'node:worker_threads'
import { pollReadable } from '../libc.ts'
import { OUTSTANDING_LIMIT, Shared, type ThreadData, type ThreadPost } from './shared.ts'

const DATAGRAMS_PER_POST = 256
const DATAGRAM_LIMIT = 64 * 1024

const { socket, wake, shared: memory }: ThreadData = workerData
const shared = new Int32Array(memory)
const count = new Uint8Array(8)
const buffer = new Uint8Array(DATAGRAM_LIMIT)
const post = (message: ThreadPost) => {
  Atomics.add(shared, Shared.outstanding, 1)
  port?.postMessage(message)
}

while (Atomics.load(shared, Shared.ending) === 0) {
  const full = Atomics.load(shared, Shared.outstanding) >= OUTSTANDING_LIMIT
  const [woken, readable] = pollReadable(full ? [wake] : [wake, socket], -1)
  if (woken === true) readSync(wake, count)
  if (readable !== true) continue
  const datagrams: Uint8Array[] = []
  const end = readAll(socket, buffer, datagrams)
  if (datagrams.length > 0) post({ datagrams })
  if (end === 'overflow') post('overflow')
}

function readAll(socket: number, buffer: Uint8Array, datagrams: Uint8Array[]): 'empty' | 'more' | 'overflow' {
  while (datagrams.length < DATAGRAMS_PER_POST)
    try {
      datagrams.push(buffer.slice(0, readSync(socket, buffer)))
    } catch (thrown) {
      const code = thrown instanceof Error && 'code' in thrown ? thrown.code : ''
      if (code === 'EAGAIN') return 'empty'
      if (code === 'ENOBUFS') return 'overflow'
      throw thrown
    }
  return 'more'
}
