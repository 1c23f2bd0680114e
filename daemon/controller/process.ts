/**
 * The controller as a process: what `podpeer controller` runs. It opens log, control socket, metrics and health around one
 * Controller, and lives until a signal ends it.
 */

export interface ControllerOptions {
  /** Path of a YAML file with BIGIP objects; absent: they are watched in the cluster. */
  readonly bigIp?: string
  /** Absent: $KUBECONFIG, ~/.kube/config, else the pod's service account. */
  readonly kubeconfig?: string
  /** Of the Lease, the Secrets; absent: $POD_NAMESPACE, the service account's, else `podpeer`. */
  readonly namespace?: string
  /** Of the control socket; absent: /run/podpeer/controller.sock. */
  readonly socket?: string
  /** `ADDRESS:PORT` of /metrics, /healthz and /readyz; absent: $PODPEER_METRICS, else none. */
  readonly metrics?: string
  readonly logLevel?: 'error' | 'warn' | 'info' | 'debug'
  /** false: the only one there is, no Lease is asked for. */
  readonly leaderElection?: boolean
}

/**
 * Resolves with the exit code when the controller has stopped (SIGTERM, SIGINT): the Lease is given up, the devices are logged
 * out of.
 * @throws InputFault for what cannot be used, WorldFault when the process cannot run at all
 */
export async function runController(_options: ControllerOptions): Promise<number> {
  throw new Error('not yet')
}
