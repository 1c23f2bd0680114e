/**
 * The agent as a process: what `podpeer agent --config FILE` runs. It ties the pure core to the world and lives until a
 * signal ends it.
 */

export interface AgentOptions {
  /** Path of the configuration file. */
  readonly config: string
}

/**
 * Resolves with the exit code when the agent has stopped (SIGTERM, SIGINT). SIGHUP: read the configuration again.
 * @throws InputFault when the configuration cannot be used at the start, WorldFault when the process cannot run at all
 */
export function runAgent(options: AgentOptions): Promise<number> {
  throw new Error(`not there yet: ${options.config}`)
}
