/** What the stand-in was asked: counts by method and collection, and the last calls in full. */
import type { Json } from '../kube/json.ts'

export interface Call {
  readonly method: string
  /** Without `/mgmt` and the query: `/tm/net/arp/~Common~a`. */
  readonly path: string
  readonly query: string
  readonly body: Json | undefined
  /** Of a transaction, where it was queued. */
  readonly transaction?: string
  /** 0 where the connection was broken instead. */
  readonly status: number
}

const CALLS_KEPT = 200
/** Methods that change nothing. */
const READS = new Set(['GET', 'HEAD'])

export class Calls {
  /** The oldest first. */
  readonly last: Call[] = []
  readonly #counts = new Map<string, number>()

  add(call: Call, collection: string): void {
    const key = `${call.method} ${collection}`
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
    this.last.push(call)
    if (this.last.length > CALLS_KEPT) this.last.shift()
  }

  /** By method and collection: `{ 'POST /tm/net/arp': 3 }`; names and parents are left out of the collection. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }

  /** All that may change something; logins and logouts are none. */
  get writes(): number {
    return this.#sum(key => !READS.has(key.split(' ')[0]!) && !key.includes(' /shared/auth'))
  }

  get reads(): number {
    return this.#sum(key => READS.has(key.split(' ')[0]!))
  }

  /** @param key such as `POST /tm/net/arp` */
  count(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  reset(): void {
    this.last.length = 0
    this.#counts.clear()
  }

  #sum(chosen: (key: string) => boolean): number {
    let sum = 0
    for (const [key, count] of this.#counts) if (chosen(key)) sum += count
    return sum
  }
}
