/**
 * A request socket of rtnetlink: batches of changes, single questions, dumps; all synchronous, for the kernel has
 * answered before the write returns. It knows no object of the kernel. Multicast events never come here (lib/linux/events).
 *
 * A batch asks for one acknowledgement, of its last message: failures are reported unasked, so that silence about a
 * message in an acknowledged batch means that it was done.
 */
import { readSync, writeSync } from 'node:fs'
import { getSystemErrorMessage } from 'node:util'
import { WorldFault } from '../../base/failure.ts'
import {
  AF_NETLINK,
  bindSocket,
  closeDescriptor,
  errnoCode,
  errnoFault,
  openSocket,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_SOCKET,
  setSocketOption,
  socketName,
} from '../libc.ts'
import {
  decodeError,
  decodeMessages,
  type Message,
  MessageWriter,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  u32At,
} from './message.ts'

const NETLINK_ROUTE = 0
export const NETLINK_SOCK_DIAG = 4

const SO_RCVBUF = 8
const SO_RCVBUFFORCE = 33
export const SOL_NETLINK = 270
const NETLINK_CAP_ACK = 10
const NETLINK_EXT_ACK = 11
const NETLINK_GET_STRICT_CHK = 12

const RECEIVE_BUFFER = 4 << 20
/** How often a dump that the kernel calls inconsistent is begun anew before we say so. */
const DUMP_TRIES = 8

/** More than 128 changes per write gain nothing and take more than about a millisecond. */
export const BATCH_LIMIT = 128

/** One message of a batch that the kernel refused. */
export interface Refusal {
  /** Position in the batch. */
  readonly index: number
  readonly errno: number
  /** Symbolic errno. */
  readonly code: string
  /** In words, with the kernel's own where it gives any. */
  readonly reason: string
}

export class NetlinkSocket {
  readonly #fd: number
  readonly #buffer = new Uint8Array(64 * 1024)
  readonly #writer = new MessageWriter()
  /** A dump was begun and not read to its end. */
  #unread = false
  /** Marks what this socket caused in the events that others see. */
  readonly portId: number

  /** Opened in the calling thread's network namespace. @throws WorldFault */
  constructor(protocol: number = NETLINK_ROUTE) {
    this.#fd = openSocket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, protocol)
    try {
      bindSocket(this.#fd, netlinkAddress())
      growReceiveBuffer(this.#fd, RECEIVE_BUFFER)
      setSocketOption(this.#fd, SOL_NETLINK, NETLINK_CAP_ACK, 1, 'NETLINK_CAP_ACK')
      setSocketOption(this.#fd, SOL_NETLINK, NETLINK_EXT_ACK, 1, 'NETLINK_EXT_ACK')
      setSocketOption(this.#fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1, 'NETLINK_GET_STRICT_CHK')
      this.portId = u32At(socketName(this.#fd), 4)
    } catch (thrown) {
      closeDescriptor(this.#fd)
      throw thrown
    }
  }

  /**
   * Where the next batch is written. `transact` sends and clears it.
   * One batch at a time: finish it before any other request on this socket.
   */
  get batch(): MessageWriter {
    return this.#writer
  }

  /**
   * Sends the batch and returns what was refused, in order.
   * @throws WorldFault ENOBUFS when the kernel's answers were lost, so that nobody knows what became of the batch
   */
  transact(): Refusal[] {
    const { count, firstSequence } = this.#writer
    if (count === 0) return []
    this.#writer.acknowledgeLast()
    this.#send()
    const refusals: Refusal[] = []
    for (;;)
      for (const message of this.#receive()) {
        const index = (message.sequence - firstSequence) >>> 0
        if (index >= count || message.type !== NLMSG_ERROR) continue
        const { errno, text } = decodeError(message)
        if (errno !== 0) refusals.push(refusal(index, errno, text))
        if (index === count - 1) return refusals
      }
  }

  /**
   * Sends one change. @param what opens the message of a fault: `adding a route`
   * @throws WorldFault with the kernel's reason
   */
  change(what: string, write: (message: MessageWriter) => void): void {
    write(this.#writer)
    const [refused] = this.transact()
    if (refused !== undefined) throw refusalFault(what, refused)
  }

  /** Sends one question that has one answer. @throws WorldFault with the kernel's reason */
  ask(what: string, write: (message: MessageWriter) => void): Message {
    write(this.#writer)
    const sequence = this.#writer.firstSequence
    this.#send()
    for (;;)
      for (const message of this.#receive()) {
        if (message.sequence !== sequence) continue
        if (message.type !== NLMSG_ERROR) return message
        const { errno, text } = decodeError(message)
        throw refusalFault(what, refusal(0, errno, text))
      }
  }

  /** All rows of a dump that was not disturbed. The rows lie in memory of their own. @throws WorldFault */
  dump(what: string, type: number, body: Uint8Array): Message[] {
    for (let tries = 0; tries < DUMP_TRIES; tries++) {
      const rows: Message[] = []
      const pages = this.pages(what, type, body)
      let page = pages.next()
      for (; page.done !== true; page = pages.next())
        for (const row of page.value) rows.push({ ...row, body: row.body.slice() })
      if (page.value === 'whole') return rows
    }
    throw new WorldFault('EINTR', `${what}: the kernel's table changed during each of ${DUMP_TRIES} readings`, {
      retry: true,
    })
  }

  /**
   * A dump page by page (about 300 rows each), so that the caller can do other things in between, though nothing on this
   * socket. A page is valid until the next one. Returns whether the kernel calls what it gave consistent.
   */
  *pages(what: string, type: number, body: Uint8Array): Generator<Message[], 'whole' | 'interrupted'> {
    this.#drain()
    this.#writer.begin(type, NLM_F_DUMP).raw(body).end()
    const sequence = this.#writer.firstSequence
    this.#send()
    this.#unread = true
    let result: 'whole' | 'interrupted' = 'whole'
    for (;;) {
      const rows: Message[] = []
      for (const message of this.#receive()) {
        if (message.sequence !== sequence) continue
        if ((message.flags & NLM_F_DUMP_INTR) !== 0) result = 'interrupted'
        if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR) {
          this.#unread = false
          const { errno, text } = decodeError(message)
          if (errno !== 0) throw refusalFault(what, refusal(0, errno, text))
          if (rows.length > 0) yield rows
          return result
        }
        rows.push(message)
      }
      yield rows
    }
  }

  /** Reads what is left of a dump that was given up: the kernel begins no other one before. */
  #drain(): void {
    while (this.#unread)
      try {
        readSync(this.#fd, this.#buffer)
      } catch (thrown) {
        this.#unread = systemFault(thrown, 'reading from netlink').code !== 'EAGAIN'
      }
  }

  close(): void {
    closeDescriptor(this.#fd)
  }

  #send(): void {
    try {
      writeSync(this.#fd, this.#writer.bytes)
    } catch (thrown) {
      throw systemFault(thrown, 'writing to netlink')
    } finally {
      this.#writer.clear()
    }
  }

  /** The socket does not block: nothing to read means that an answer was lost. */
  #receive(): Message[] {
    try {
      const length = readSync(this.#fd, this.#buffer)
      return decodeMessages(this.#buffer.subarray(0, length))
    } catch (thrown) {
      const fault = systemFault(thrown, 'reading from netlink')
      if (fault.code !== 'EAGAIN') throw fault
      throw new WorldFault('ENOBUFS', 'the answer of the kernel was lost (ENOBUFS)', { retry: true })
    }
  }
}

/** struct sockaddr_nl: the kernel chooses the port id; groups are joined by option. */
export function netlinkAddress(): Uint8Array {
  const address = new Uint8Array(12)
  new Uint16Array(address.buffer)[0] = AF_NETLINK
  return address
}

/** Beyond net.core.rmem_max where we may, up to it where we may not. */
export function growReceiveBuffer(fd: number, bytes: number): void {
  try {
    setSocketOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes, 'SO_RCVBUFFORCE')
  } catch (thrown) {
    if (!(thrown instanceof WorldFault)) throw thrown
    setSocketOption(fd, SOL_SOCKET, SO_RCVBUF, bytes, 'SO_RCVBUF')
  }
}

function refusal(index: number, errno: number, text: string): Refusal {
  const code = errnoCode(errno)
  return { index, errno, code, reason: `${text || getSystemErrorMessage(-errno)} (${code})` }
}

function refusalFault(what: string, refused: Refusal): WorldFault {
  return new WorldFault(refused.code, `${what}: ${refused.reason}`, { retry: errnoFault(refused.errno, what).retry })
}

/** What `fs` threw, as a fault. */
function systemFault(thrown: unknown, what: string): WorldFault {
  const errno = thrown instanceof Error && 'errno' in thrown ? Number(thrown.errno) : 0
  if (errno >= 0) throw thrown
  return errnoFault(-errno, what)
}
