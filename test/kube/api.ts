/**
 * The Kubernetes API stand-in as one value: a store, its rules, and the HTTPS servers in front of it. Everything a lab or a
 * test needs of it is here; it runs in the caller's thread and keeps its state in memory, also while no server listens.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import { stringify } from 'yaml'
import { type KubeObject, keyOf, type ObjectMeta } from '../../lib/kube/object.ts'
import { Access, type Refusal } from './access.ts'
import { bootstrapRoles } from './bootstrap-roles.ts'
import { Authority } from './certificates.ts'
import { Controllers } from './controllers.ts'
import type { Exec } from './exec.ts'
import { Faults } from './faults.ts'
import { apiVersionOf, collectionOf, type Kind } from './kinds.ts'
import type { Circumstances } from './rules.ts'
import { ServedKinds } from './served-kinds.ts'
import { type ServerContext, serve } from './server.ts'
import { Store } from './store.ts'
import { renderTime } from './time.ts'
import { Tokens } from './tokens.ts'
import type { WatchTimes } from './watch-stream.ts'

export interface KubeApiOptions {
  /** Further names or addresses for the certificate of every listener, beside the address it listens on. */
  readonly names?: readonly string[]
  /** Bearer token of the administrator; made up where absent. */
  readonly token?: string
  /** false lets everybody with a good token do everything; by default RBAC is enforced. */
  readonly authorization?: boolean
  /** false leaves alone what a deletion leads to: as an API server without its controllers. */
  readonly controllers?: boolean
  readonly times?: Partial<WatchTimes>
  /** Runs what `kubectl exec` is asked to run in a pod. */
  readonly exec?: Exec
}

export interface ListenOptions {
  /** Address that clients use: goes into the certificate. `0.0.0.0` and `::` stand for all of this namespace. */
  readonly host: string
  /** 0, the default, chooses a free one. Not looked at with `fd`. */
  readonly port?: number
  /** A listening TCP socket, made elsewhere (say, in another network namespace); closed by `close()`. */
  readonly fd?: number
}

export interface Listener {
  /** Such as `https://10.0.1.1:6443`: what `kubeconfig(url)` wants. */
  readonly url: string
  readonly port: number
  /**
   * Refuses connections, after those that there are were cut; not for a socket that was made elsewhere.
   * @returns how to listen again, at the same port
   */
  pause(): Promise<() => Promise<void>>
  /** Ends this address alone: its connections, open watches too, are cut. */
  close(): Promise<void>
}

const NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system']

export class KubeApi {
  readonly store = new Store()
  readonly faults = new Faults(this.store)
  readonly #kinds = new ServedKinds(this.store)
  readonly #access: Access
  readonly #token: string
  readonly #context: ServerContext
  readonly #names: readonly string[]
  readonly #controllers = new Controllers(this.store, () => this.#kinds.all)
  readonly #authority = Authority.create()
  readonly #listeners = new Set<Listener>()
  #certificate: string | undefined

  constructor({
    names = [],
    token = randomBytes(16).toString('hex'),
    times = {},
    authorization = true,
    controllers = true,
    exec,
  }: KubeApiOptions = {}) {
    this.#names = names
    this.#token = token
    this.#access = new Access(this.store, new Tokens(this.store, token), authorization)
    this.#context = {
      world: {
        store: this.store,
        kinds: () => this.#kinds.all,
        circumstances: () => this.#circumstances(),
        deleted: controllers ? (kind, object) => this.#controllers.deleted(kind, object) : () => {},
      },
      faults: this.faults,
      access: this.#access,
      exec,
      times: { bookmark: 60_000, most: 1_800_000, ...times },
    }
    for (const name of NAMESPACES)
      this.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, status: { phase: 'Active' } })
    for (const object of bootstrapRoles) this.put(object)
  }

  /** May be called several times, also after `close()`. */
  async listen({ host, port = 0, fd }: ListenOptions): Promise<Listener> {
    const authority = await this.#authority
    this.#certificate = authority.pem
    const { cert, key } = await authority.issue([
      ...new Set([...reachable(host), ...this.#names, 'localhost', 'kubernetes']),
    ])
    const server = createServer({ cert, key }, (request, response) => void serve(this.#context, request, response))
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const response = new ServerResponse(request)
      response.shouldKeepAlive = false
      response.assignSocket(socket)
      void serve(this.#context, request, response, head)
    })
    // a client may keep a quiet connection for as long as it likes
    server.keepAliveTimeout = 0
    // the server itself knows a connection only when its TLS handshake is over
    const sockets = new Set<Socket>()
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    })
    await listening(server, fd === undefined ? { host, port } : { fd })
    const cut = async () => {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    }
    const listener: Listener = {
      url: `https://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`,
      port: (server.address() as AddressInfo).port,
      pause: async () => {
        if (fd !== undefined) throw new Error('a socket made elsewhere cannot be opened again')
        await cut()
        return () => listening(server, { host, port: listener.port })
      },
      close: () => {
        this.#listeners.delete(listener)
        return cut()
      },
    }
    this.#listeners.add(listener)
    return listener
  }

  /** "API server down": ends all listeners and cuts all connections; the objects stay. */
  async close(): Promise<void> {
    await Promise.all([...this.#listeners].map(listener => listener.close()))
  }

  /** YAML with server, CA and the administrator's token. Call it after the first `listen`. */
  kubeconfig(url: string, token = this.#token): string {
    if (this.#certificate === undefined) throw new Error('the stand-in has no certificate before it listens')
    const authority = Buffer.from(this.#certificate).toString('base64')
    return stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'lab', cluster: { server: url, 'certificate-authority-data': authority } }],
      users: [{ name: 'admin', user: { token } }],
      contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'admin' } }],
      'current-context': 'lab',
    })
  }

  /** The last 2,000 calls that were refused with 403, the oldest first. */
  get refused(): readonly Refusal[] {
    return this.#access.refused
  }

  /**
   * A bearer token of a ServiceAccount, as kubelets give them to pods; make it before.
   * @param lifetime seconds
   */
  serviceAccountToken(namespace: string, name: string, lifetime = 3600): string {
    const token = this.#access.tokens.issue(namespace, name, lifetime)
    if (token === undefined) throw new Error(`there is no ServiceAccount ${namespace}/${name}`)
    return token
  }

  /** Creates or replaces an object, status and all; uid and versions are kept as the server keeps them, no rule applies. */
  put(object: KubeObject): KubeObject {
    const [, group] = /^(.*)\//.exec(object.apiVersion ?? '') ?? []
    const kind = this.#kindOf(`${object.kind}${group === undefined ? '' : `.${group}`}`)
    const normal = kind.normal?.(object) ?? object
    const before = this.store.get(collectionOf(kind), keyOf(object))
    const { now, uid } = this.#circumstances()
    const { resourceVersion: _, ...given } = normal.metadata
    const made = { creationTimestamp: now, uid, ...given }
    const owned = before && picked(before.metadata, ['creationTimestamp', 'uid', 'resourceVersion'])
    const metadata = { ...made, ...owned }
    const next = { apiVersion: apiVersionOf(kind), ...normal, kind: kind.kind, metadata }
    return isDeepStrictEqual(next, before) ? before! : this.store.put(collectionOf(kind), keyOf(next), next)
  }

  /** @param kind such as `Node`, or `Peer.example.org` where several groups have one */
  find(kind: string, name: string, namespace?: string): KubeObject | undefined {
    return this.store.get(collectionOf(this.#kindOf(kind)), namespace === undefined ? name : `${namespace}/${name}`)
  }

  /** In the order of their names. */
  list(kind: string): readonly KubeObject[] {
    return this.store.current(collectionOf(this.#kindOf(kind))).objects
  }

  /** Deletes at once, whatever the finalizers. */
  remove(kind: string, name: string, namespace?: string): void {
    this.store.remove(collectionOf(this.#kindOf(kind)), namespace === undefined ? name : `${namespace}/${name}`)
  }

  #kindOf(name: string): Kind {
    const kind = this.#kinds.all.find(row => name === row.kind || name === `${row.kind}.${row.group}`)
    if (kind === undefined) throw new Error(`the stand-in has no kind ${name}`)
    return kind
  }

  #circumstances(): Circumstances {
    return {
      now: renderTime(Date.now()),
      uid: randomUUID(),
      suffix: randomBytes(3).toString('hex').slice(0, 5),
      serial: this.store.revision,
    }
  }
}

function picked(from: ObjectMeta, fields: readonly string[]): Partial<ObjectMeta> {
  return Object.fromEntries(fields.flatMap(field => (from[field] === undefined ? [] : [[field, from[field]]])))
}

function reachable(host: string): string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host]
  return Object.values(networkInterfaces()).flatMap(addresses => (addresses ?? []).map(({ address }) => address))
}

async function listening(server: Server, where: { host: string; port: number } | { fd: number }): Promise<void> {
  server.listen(where)
  await once(server, 'listening')
}
