/**
 * The two kinds of failure that are nobody's bug (docs/architecture.md, "Errors"): bad input by a person, and the world
 * refusing (kernel, network, Kubernetes, BIG-IP). The peer's fault has its own class beside the codec (bgp/wire/fault).
 * Anything else that is thrown is our own fault and is never caught as one of these.
 */

/** Something a person wrote is wrong. `path` names the field (`peers[0].address`), `problem` what is wrong, `fix` what to write instead. */
export class InputFault extends Error {
  readonly code = 'PODPEER_INPUT'
  override readonly name = 'InputFault'
  readonly path: string
  readonly problem: string
  readonly fix: string

  constructor(path: string, problem: string, fix = '') {
    super([path, problem].filter(Boolean).join(': ') + (fix && `; ${fix}`))
    this.path = path
    this.problem = problem
    this.fix = fix
  }
}

/** The world refused: `retry` says whether trying again later can help. Logged once, at the top of the loop that met it. */
export class WorldFault extends Error {
  readonly code: string
  override readonly name = 'WorldFault'
  readonly retry: boolean

  /** @param code a stable word for scripts and metrics, such as `EADDRINUSE` or `KUBE_UNAUTHORIZED` */
  constructor(code: string, message: string, options: { retry: boolean; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.code = code
    this.retry = options.retry
  }
}

/** The text of whatever was thrown, for a log line or a status field. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
