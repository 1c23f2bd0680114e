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
  async rowsAt({ family, bytes, length }: Prefix): Promise<KernelRoute[]> {
    const isThere = (route: KernelRoute) => route.length === length && Buffer.compare(route.bytes, bytes) === 0
    return (await this.find(family, isThere)).rows
  }

  /** All rows of a family that are picked; `whole`: nothing changed while they were read. @throws WorldFault */
  find(family: Family, isPicked: (route: KernelRoute) => boolean): Promise<{ rows: KernelRoute[]; whole: boolean }> {
    const found = this.#asked.then(() => this.#find(family, isPicked))
    this.#asked = found.catch(() => {})
    return found
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#asked
    this.#scans.close()
    this.#questions.close()
  }

  async #find(family: Family, isPicked: (route: KernelRoute) => boolean) {
    const rows: KernelRoute[] = []
    if (this.#closed) return { rows, whole: false }
    const pages = routePages(this.#questions, { family, table: this.#table })
    let page = pages.next()
    for (; page.done !== true; page = pages.next()) {
      for (const route of page.value) if (isPicked(route)) rows.push(route)
      await new Promise(resolve => setImmediate(resolve))
      if (this.#closed) return { rows, whole: false }
    }
    return { rows, whole: page.value === 'whole' }
  }
}
