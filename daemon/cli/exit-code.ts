/** How the CLI ends, for scripts: documented in docs/operating.md, and never given another meaning. */
import { InputFault, WorldFault } from '../../lib/base/failure.ts'

export const exitCode = {
  ok: 0,
  /** Asked and answered: it is not so. A check failed, no such peer, no route. */
  no: 1,
  /** The command line, or a file that it names, is wrong. */
  input: 2,
  /** `bigip plan`: something would change. As `diff` and the plans of others have it; complaints tell it from the above. */
  changes: 2,
  /** No agent, or controller, answers. */
  notRunning: 3,
  permission: 4,
  /** The agent, the controller, a device or the system failed. */
  failed: 5,
  /** A bug of ours. */
  bug: 70,
} as const

export type ExitCode = (typeof exitCode)[keyof typeof exitCode]

export function exitCodeOf(thrown: unknown): ExitCode {
  if (thrown instanceof InputFault) return exitCode.input
  if (!(thrown instanceof WorldFault)) return exitCode.bug
  return BY_FAULT[thrown.code] ?? exitCode.failed
}

const BY_FAULT: Readonly<Record<string, ExitCode>> = {
  NOT_FOUND: exitCode.no,
  BAD_REQUEST: exitCode.input,
  AGENT_NOT_RUNNING: exitCode.notRunning,
  CONTROLLER_NOT_RUNNING: exitCode.notRunning,
  PERMISSION_DENIED: exitCode.permission,
  EACCES: exitCode.permission,
  EPERM: exitCode.permission,
}
