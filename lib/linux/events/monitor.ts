/**
 * What the kernel tells of its own accord: multicast messages of rtnetlink, batch by batch, on the main thread. A thread
 * of its own waits for them (thread.ts); one that falls is started again. It does not know what the messages mean. One
 * monitor serves several listeners.
 *
 * Rules: what a listener's socket causes comes to nobody if the listener says so (a filter in the kernel drops it); when
 * messages were lost, or may have been, `onOverflow` says so, and the listeners read the kernel's tables anew.
 */
import { writeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { backoff } from '../../base/backoff.ts'
import { reasonOf } from '../../base/failure.ts'
import {
  AF_NETLINK,
  attachFilter,
  bindSocket,
  closeDescriptor,
  createEventDescriptor,
  LITTLE_ENDIAN,
  openSocket,
  SOCK_NONBLOCK,
  SOCK_RAW,
  setSocketOption,
} from '../libc.ts'
import { decodeMessages, type Message } from '../netlink/message.ts'
import { growReceiveBuffer, netlinkAddress, SOL_NETLINK } from '../netlink/socket.ts'
import { DROP, encodeFilter, type Instruction, JUMP_EQUAL, KEEP, LOAD_WORD, RETURN } from '../socket-filter.ts'
import { OUTSTANDING_LIMIT, Shared, type ThreadData, type ThreadPost } from './shared.ts'

export const RTNLGRP_LINK = 1
export const RTNLGRP_NEIGH = 3
export const RTNLGRP_IPV4_ROUTE = 7
export const RTNLGRP_IPV4_RULE = 8
export const RTNLGRP_IPV6_ROUTE = 11
export const RTNLGRP_IPV6_RULE = 19
export const RTNLGRP_NEXTHOP = 32

const NETLINK_ROUTE = 0
const NETLINK_ADD_MEMBERSHIP = 1
const RECEIVE_BUFFER = 8 << 20
const RESTART = { first: 100, most: 30_000 }
/** A thread that ran for as long is not counted as failing again. Milliseconds. */
const STEADY = 60_000

export interface MonitorOptions {
  /** Octets that may wait in the kernel. */
  readonly receiveBuffer?: number
  /** The thread fell, in words. */
  readonly onNotice: (notice: string) => void
  /** The last listener has left. A thread takes ten MiB: whoever needs none any more closes the monitor. */
  readonly onUnused?: () => void
}

export interface EventListener {
  /** RTNLGRP_…; messages of groups that others have joined come as well. */
  readonly groups: readonly number[]
  /** Port id of the socket whose doings are known already. */
  readonly except?: number
  readonly onMessages: (messages: readonly Message[]) => void
  readonly onOverflow: () => void
}

export class EventMonitor {
  readonly #options: MonitorOptions
  readonly #socket: number
  readonly #wake: number
  readonly #shared = new Int32Array(new SharedArrayBuffer(8))
  readonly #atExit = () => this.#end()
  readonly #listeners = new Set<EventListener>()
  #worker: Worker
  #restart: NodeJS.Timeout | undefined
  #failures = 0
  #closed: Promise<void> | undefined

  /** The namespace is the calling thread's. @throws WorldFault */
  constructor(options: MonitorOptions) {
    this.#options = options
    this.#socket = openSocket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_ROUTE)
    try {
      bindSocket(this.#socket, netlinkAddress())
      growReceiveBuffer(this.#socket, options.receiveBuffer ?? RECEIVE_BUFFER)
      this.#wake = createEventDescriptor()
    } catch (thrown) {
      closeDescriptor(this.#socket)
      throw thrown
    }
    // a process cannot end while a thread of it waits in poll
    process.on('exit', this.#atExit)
    this.#worker = this.#start()
  }

  /** What happens from now on is told to the listener. @returns the end of that. @throws WorldFault */
  join(listener: EventListener): () => void {
    try {
      this.#attachFilter([...this.#listeners, listener])
      for (const group of listener.groups)
        setSocketOption(this.#socket, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group, `membership in group ${group}`)
    } catch (thrown) {
      this.#withdraw()
      throw thrown
    }
    this.#listeners.add(listener)
    return () => {
      if (this.#listeners.delete(listener) && this.#closed === undefined) this.#withdraw()
    }
  }

  /** Nobody is refused any more for one who does not listen. */
  #withdraw(): void {
    this.#attachFilter([...this.#listeners])
    if (this.#listeners.size === 0) this.#options.onUnused?.()
  }

  #attachFilter(listeners: readonly EventListener[]): void {
    attachFilter(this.#socket, refuseFrom(listeners.flatMap(({ except }) => except ?? [])))
  }

  /** Settles when the thread is gone; nothing is called any more from the moment of the call. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    process.off('exit', this.#atExit)
    clearTimeout(this.#restart)
    this.#worker.removeAllListeners()
    const gone = new Promise(resolve => this.#worker.once('exit', resolve))
    this.#end()
    if (this.#worker.threadId !== -1) await gone
    closeDescriptor(this.#wake)
    closeDescriptor(this.#socket)
  }

  #start(): Worker {
    Atomics.store(this.#shared, Shared.outstanding, 0)
    const shared = this.#shared.buffer as SharedArrayBuffer
    const workerData: ThreadData = { socket: this.#socket, wake: this.#wake, shared }
    const worker = new Worker(new URL(`./thread${import.meta.url.slice(-3)}`, import.meta.url), { workerData })
    const started = Date.now()
    let reason = 'it ended'
    worker.on('message', (post: ThreadPost) => this.#take(post))
    worker.on('error', error => {
      reason = reasonOf(error)
    })
    worker.on('exit', () => {
      this.#failures = Date.now() - started > STEADY ? 1 : this.#failures + 1
      const wait = backoff(RESTART, this.#failures - 1, Math.random())
      this.#options.onNotice(`the thread of kernel events fell: ${reason}; it starts again in ${wait} ms`)
      this.#restart = setTimeout(() => {
        this.#worker = this.#start()
        for (const { onOverflow } of this.#listeners) onOverflow()
      }, wait)
    })
    return worker
  }

  #take(post: ThreadPost): void {
    if (Atomics.sub(this.#shared, Shared.outstanding, 1) === OUTSTANDING_LIMIT) this.#nudge()
    if (post === 'overflow') for (const { onOverflow } of this.#listeners) onOverflow()
    else {
      const messages = post.datagrams.flatMap(decodeMessages)
      for (const { onMessages } of this.#listeners) onMessages(messages)
    }
  }

  #end(): void {
    Atomics.store(this.#shared, Shared.ending, 1)
    this.#nudge()
  }

  #nudge(): void {
    writeSync(this.#wake, new BigUint64Array([1n]))
  }
}

/** Classic BPF: drops messages whose nlmsg_pid, at offset 12, is one of these. */
function refuseFrom(portIds: readonly number[]): Uint8Array {
  // BPF loads words in network order, the kernel wrote the word in its own
  const word = new DataView(new ArrayBuffer(4))
  const refused = portIds.map((portId, at) => {
    word.setUint32(0, portId, LITTLE_ENDIAN)
    return [JUMP_EQUAL, portIds.length - at, 0, word.getUint32(0)] satisfies Instruction
  })
  return encodeFilter([[LOAD_WORD, 0, 0, 12], ...refused, [RETURN, 0, 0, KEEP], [RETURN, 0, 0, DROP]])
}
