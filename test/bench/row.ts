/** What a row of the benchmark is: prepared outside of the clock, run once in a process of its own, and checked. */

export interface Prepared {
  /** What is timed. */
  run(): void
  /** After the clock has stopped: whether the result is the right one. */
  check(): boolean
}

export interface Row {
  readonly name: string
  readonly title: string
  /** What `per` divides by: prefixes handled. */
  readonly prefixes: number
  prepare(): Prepared
}
