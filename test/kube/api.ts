/**
 * The Kubernetes API stand-in as one value: a store, its rules, and the HTTPS servers in front of it. Everything a lab or a
 * test needs of it is here; it runs in the caller's thread and holds its state in memory, also while no server listens.
 */
import type { KubeObject } from './object.ts'

export interface KubeApiOptions {
  /** Further names or addresses for the certificate of every listener, beside the address it listens on. */
  readonly names?: readonly string[]
  /** Bearer token of the administrator; made up where absent. */
  readonly token?: string
}

export interface ListenOptions {
  /** Address that clients use: goes into the certificate. `0.0.0.0` and `::` stand for all of this namespace. */
  readonly host: string
  /** 0 chooses a free port. Not looked at with `fd`. */
  readonly port?: number
  /** A listening TCP socket, made elsewhere (say, in another network namespace); closed by `close()`. */
  readonly fd?: number
}

export interface Listener {
  /** Such as `https://10.0.1.1:6443`: what `kubeconfig(url)` wants. */
  readonly url: string
  readonly port: number
  /** Ends this address alone: open watches are cut. */
  close(): Promise<void>
}

export declare class KubeApi {
  constructor(options?: KubeApiOptions)
  /** May be called several times, also after `close()`: the state stays. */
  listen(options: ListenOptions): Promise<Listener>
  /** "API server down": ends all listeners and cuts all connections; the objects stay. */
  close(): Promise<void>
  /** YAML with server, CA and the administrator's token. Call it after the first `listen`. */
  kubeconfig(url: string): string
  /** Creates or replaces (metadata defaults, uid and versions as the server does; admission rules do not apply). */
  put(object: KubeObject): KubeObject
  find(kind: string, name: string, namespace?: string): KubeObject | undefined
  list(kind: string): readonly KubeObject[]
  /** Deletes at once, whatever the finalizers. */
  remove(kind: string, name: string, namespace?: string): void
  /** Faults on demand. */
  readonly faults: {
    /** Ends all open watches as a broken connection does. */
    dropWatches(): void
    /** Forgets the history: watches from older versions are answered by 410 Gone, old continue tokens too. */
    expireHistory(): void
    /** Called before a request is served: an answer here is sent instead. */
    answer?: (request: {
      method: string
      path: string
      query: URLSearchParams
    }) => undefined | { status: number; headers?: Record<string, string>; cut?: boolean; delay?: number }
  }
}
