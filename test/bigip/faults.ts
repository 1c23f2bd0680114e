/**
 * Faults on demand: what a test or a lab may ask the stand-in to do wrong. The server looks here before it serves a call; where
 * nothing is said, it serves as ever.
 */
import * as refusal from './rest-error.ts'

export interface FaultyCall {
  readonly method: string
  /** Without `/mgmt` and the query: `/tm/net/arp/~Common~a`. */
  readonly path: string
}

export type Fault =
  /** 503 32964609: an asynchronous task runs. */
  | 'busy'
  /** 404 that no URI is registered: restjavad starts. */
  | 'restarting'
  /** 500: mcpd is lost. */
  | 'mcpd'
  /** 500: AsyncContext timeout. */
  | 'timeout'
  /** 401 with a good token, as it happens now and then. */
  | 'unauthorized'
  /** The connection breaks, and nothing was done. */
  | 'drop before'
  /** The connection breaks, and the call has done its work. */
  | 'drop after'
  /** No answer at all; nothing was done. */
  | 'hang'
  /** Milliseconds of silence before it is served. */
  | { readonly delay: number }
  | { readonly status: number; readonly body: object }

interface Rule {
  readonly fault: Fault
  readonly on: (call: FaultyCall) => boolean
  left: number
}

export class Faults {
  readonly #rules = new Set<Rule>()

  /**
   * @param on which calls it strikes; all by default, logins and logouts too
   * @param times how many calls it strikes before it is over
   * @returns ends it
   */
  add(fault: Fault, { on = () => true, times = Infinity }: Partial<FaultOptions> = {}): () => void {
    const rule = { fault, on, left: times }
    this.#rules.add(rule)
    return () => void this.#rules.delete(rule)
  }

  /** For a random test: asked for each call that no other fault strikes. */
  judge: (call: FaultyCall) => Fault | undefined = () => undefined

  clear(): void {
    this.#rules.clear()
    this.judge = () => undefined
  }

  /** For the server: what strikes this call. */
  strike(call: FaultyCall): Fault | undefined {
    for (const rule of this.#rules) {
      if (!rule.on(call)) continue
      if (--rule.left <= 0) this.#rules.delete(rule)
      return rule.fault
    }
    return this.judge(call)
  }
}

export interface FaultOptions {
  readonly on: (call: FaultyCall) => boolean
  readonly times: number
}

/** Undefined when the fault lets the call be answered. */
export function refusalOf(fault: Fault, { path }: FaultyCall): refusal.RestError | undefined {
  switch (fault) {
    case 'busy':
      return refusal.busy()
    case 'restarting':
      return refusal.unregistered(path)
    case 'mcpd':
      return refusal.mcpdLost()
    case 'timeout':
      return refusal.asyncTimeout()
    case 'unauthorized':
      return refusal.noUserHeader()
    default:
      return typeof fault === 'object' && 'status' in fault
        ? new refusal.RestError(fault.status, fault.body)
        : undefined
  }
}
