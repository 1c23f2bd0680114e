/** What a row of the benchmark is: prepared outside of the clock, run once in a process of its own, and checked. */

export interface Prepared {
  /** The processes whose CPU time and memory count; absent: this one. */
  readonly subjects?: readonly number[]
  /** What counts of other processes is the memory that they hold at the end, not the most that they held. */
  readonly resting?: boolean
  /** What is timed. */
  run(): void | Promise<void>
  /** What `run` has measured itself, where it waits for more than it times; absent or undefined: how long it took. */
  seconds?(): number | undefined
  /** After the clock has stopped: whether the result is the right one. */
  check(): boolean | Promise<boolean>
  /** Takes away what was made outside of the process. */
  close?(): void | Promise<void>
  /** How late the timers of each thread were; only after `run`. */
  lateness?(): Readonly<Record<string, Lateness>>
  /** What a device was asked; only after `check`. */
  device?(): DeviceFigures
}

export interface DeviceFigures {
  /** By method and collection, writes first. */
  readonly calls: Readonly<Record<string, number>>
  readonly writes: number
  /** The least time in which so many writes can be made. */
  readonly boundSeconds: number
  /** Of the process that asks, with what is garbage by then. */
  readonly peakHeapMib: number
  /** How long single changes took, from being heard to being on the device. */
  readonly changes?: { readonly medianMs: number; readonly worstMs: number }
}

export interface Lateness {
  readonly medianMs: number
  readonly p99Ms: number
  readonly worstMs: number
}

export interface Row {
  readonly name: string
  /** What several rows do with different routers; absent: the name. */
  readonly scenario?: string
  readonly title: string
  /** What is measured, and its version; absent: podpeer in this process. */
  readonly dut?: string
  readonly version?: string
  /** What is counted, one: `prefix`, `route`. */
  readonly unit: string
  /** How many of them the row handles: what time and memory are divided by. */
  readonly count: number
  /** Takes minutes: run only where it is named. */
  readonly slow?: true
  /** Why the row cannot run on this machine; undefined: it can. */
  impossible?(): string | undefined
  prepare(): Prepared | Promise<Prepared>
}
