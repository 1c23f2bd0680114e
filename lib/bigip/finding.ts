/** What is wrong or worth knowing, in words and with what mends it: the same value feeds status, Events, `doctor` and tests. */

export interface Finding {
  /** Stable, for scripts: `tunnel-subnet-allocatable`. */
  readonly code: string
  /** `error`: something that is wanted cannot work; `warning`: it may break; `note`: nothing to do. */
  readonly severity: 'error' | 'warning' | 'note'
  /** What it is about: `unit bigip-a`, `Node node-1`, `tunnel /Common/fl-tunnel`. */
  readonly subject: string
  /** A sentence: what was found and why it matters. */
  readonly cause: string
  /** What to do: a command or an edit, in full. */
  readonly remedy?: string
}

/** A node, or pod, that gets no rows. */
export interface Exclusion {
  readonly kind: 'Node' | 'Pod'
  /** `NAME` or `NAMESPACE/NAME`. */
  readonly name: string
  /** Stable, CamelCase as the reason of an Event: `NoVtepMAC`. */
  readonly reason: string
  /** A sentence with what to do. */
  readonly message: string
}
