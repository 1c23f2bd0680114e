/** What a row of the benchmark is: prepared outside of the clock, run once in a process of its own, and checked. */

export interface Prepared {
  /** The process whose CPU time and memory count; absent: this one. */
  readonly subject?: number
  /** What is timed. */
  run(): void | Promise<void>
  /** After the clock has stopped: whether the result is the right one. */
  check(): boolean
  /** Takes away what was made outside of the process. */
  close?(): void | Promise<void>
  /** How late the timers of each thread were; only after `run`. */
  lateness?(): Readonly<Record<string, Lateness>>
}

export interface Lateness {
  readonly medianMs: number
  readonly p99Ms: number
  readonly worstMs: number
}

export interface Row {
  readonly name: string
  readonly title: string
  /** What is measured; absent: podpeer in this process. */
  readonly dut?: string
  /** What is counted, one: `prefix`, `route`. */
  readonly unit: string
  /** How many of them the row handles: what time and memory are divided by. */
  readonly count: number
  /** Why the row cannot run on this machine; undefined: it can. */
  impossible?(): string | undefined
  prepare(): Prepared | Promise<Prepared>
}
