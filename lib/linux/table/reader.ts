/**
 * Reads the kernel's rows of one table, page by page, so that even a million rows keep nobody waiting. Two sockets, for
 * a socket carries one reading at a time: one for the route table's own scans, one for questions of people.
 */
import type { Family } from '../../base/ip.ts'
import type { Prefix } from '../../base/prefix.ts'
import { type KernelRoute, routePages } from '../netlink/route.ts'
import type { NetlinkSocket } from '../netlink/socket.ts'

export class TableReader {
  readonly #table: number
  readonly #scans: NetlinkSocket
  readonly #questions: NetlinkSocket
  #asked: Promise<unknown> = Promise.resolve()
  #closed = false

  /** Both sockets are its own from now on. */
  constructor(table: number, scans: NetlinkSocket, questions: NetlinkSocket) {
    this.#table = table
    this.#scans = scans
    this.#questions = questions
  }

  /** One reading at a time, each to its end. @param protocol only rows of this one */
  pages(family: Family, protocol: number | undefined): ReturnType<typeof routePages> {
    return routePages(this.#scans, { family, table: this.#table, ...(protocol !== undefined && { protocol }) })
  }

  /** All rows at just this prefix. @throws WorldFault */
  rowsAt(prefix: Prefix): Promise<KernelRoute[]> {
    const rows = this.#asked.then(() => this.#read(prefix))
    this.#asked = rows.catch(() => {})
    return rows
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#asked
    this.#scans.close()
    this.#questions.close()
  }

  async #read({ family, bytes, length }: Prefix): Promise<KernelRoute[]> {
    const found: KernelRoute[] = []
    if (this.#closed) return found
    for (const page of routePages(this.#questions, { family, table: this.#table })) {
      for (const route of page)
        if (route.length === length && Buffer.compare(route.bytes, bytes) === 0) found.push(route)
      await new Promise(resolve => setImmediate(resolve))
      if (this.#closed) break
    }
    return found
  }
}
