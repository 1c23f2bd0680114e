/**
 * The shell of one election: asks the API server what `Election` says, tells it what came, and says who leads. Has one request
 * or one timer at a time, and no decisions.
 */
import { performance } from 'node:perf_hooks'
import { ApiFault } from './api-fault.ts'
import { Election, type ElectionInput, type ElectionOptions, type LeaseView, USUAL_TERMS } from './election.ts'
import type { KubeObject } from './object.ts'
import type { KubeWriter } from './writer.ts'

export interface LeaderOptions {
  readonly writer: KubeWriter
  readonly namespace: string
  /** Of the Lease. */
  readonly name: string
  /** Of this process: no other may ever have it. */
  readonly identity: string
  readonly terms?: Partial<Omit<ElectionOptions, 'identity'>>
  /** At each change. */
  readonly onChange: (leading: boolean) => void
  /** What goes wrong while asking; it is tried again. */
  readonly onFault?: (fault: ApiFault) => void
}

interface LeaseSpec {
  readonly holderIdentity?: string
  readonly leaseDurationSeconds?: number
  readonly leaseTransitions?: number
  readonly acquireTime?: string
  readonly renewTime?: string
}

export class Leader {
  readonly #options: LeaderOptions
  readonly #election: Election
  readonly #duration: number
  readonly #collection: string
  #until: number | undefined
  #told = false
  /** Of the Lease as it was last seen: when the term began. */
  #acquired: string | undefined
  #holder = ''
  #expiry: NodeJS.Timeout | undefined
  #waiting: NodeJS.Timeout | undefined
  #asking: Promise<void> = Promise.resolve()

  constructor(options: LeaderOptions) {
    const terms = { ...USUAL_TERMS, ...options.terms, identity: options.identity }
    this.#options = options
    this.#duration = terms.duration
    this.#election = new Election(terms)
    this.#collection = `/apis/coordination.k8s.io/v1/namespaces/${options.namespace}/leases`
  }

  /** Ask before each write. */
  get leading(): boolean {
    return this.#until !== undefined && performance.now() < this.#until
  }

  /** Who holds the Lease, as last seen; empty: nobody. */
  get holder(): string {
    return this.#holder
  }

  start(): void {
    this.#handle({ type: 'start' })
  }

  /** Gives the Lease up, so that another can take over at once; whoever writes must have ended before. */
  async stop(): Promise<void> {
    await this.#settled()
    clearTimeout(this.#waiting)
    this.#handle({ type: 'stop' })
    await this.#settled()
    clearTimeout(this.#waiting)
    clearTimeout(this.#expiry)
  }

  /** An answer may lead to the next request at once. */
  async #settled(): Promise<void> {
    for (let asking: Promise<void> | undefined; asking !== this.#asking; ) {
      asking = this.#asking
      await asking
    }
  }

  #handle(input: ElectionInput): void {
    for (const effect of this.#election.handle(input, performance.now(), Math.random())) {
      if (effect.type === 'leading') this.#lead(effect.until)
      else if (effect.type === 'wait')
        this.#waiting = setTimeout(() => this.#handle({ type: 'waited' }), effect.milliseconds)
      else if (effect.type === 'read') this.#ask(() => this.#read())
      else this.#ask(() => this.#write(effect))
    }
  }

  #ask(request: () => Promise<ElectionInput>): void {
    this.#asking = request()
      .catch((thrown: unknown): ElectionInput => {
        // anything else is our own fault and must not be retried quietly
        if (!(thrown instanceof ApiFault)) throw thrown
        if (thrown.status !== 409) this.#options.onFault?.(thrown)
        return { type: 'failed' }
      })
      .then(input => this.#handle(input))
  }

  async #read(): Promise<ElectionInput> {
    const lease = await this.#options.writer.get(`${this.#collection}/${this.#options.name}`)
    return { type: 'read', lease: lease && this.#view(lease) }
  }

  async #write(wish: { version: string | undefined; holder: string; transitions: number; renewal: boolean }) {
    const { name, namespace, writer } = this.#options
    const sentAt = performance.now()
    const now = `${new Date().toISOString().slice(0, -1)}000Z`
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace, ...(wish.version !== undefined && { resourceVersion: wish.version }) },
      spec: {
        holderIdentity: wish.holder,
        leaseDurationSeconds: Math.ceil(this.#duration / 1000),
        leaseTransitions: wish.transitions,
        acquireTime: (wish.renewal ? this.#acquired : undefined) ?? now,
        renewTime: now,
      },
    }
    const written =
      wish.version === undefined
        ? await writer.create(this.#collection, lease)
        : await writer.replace(`${this.#collection}/${name}`, lease)
    return { type: 'written', lease: this.#view(written), sentAt } as const
  }

  #view({ metadata, spec }: KubeObject): LeaseView {
    const {
      holderIdentity = '',
      leaseDurationSeconds,
      leaseTransitions = 0,
      acquireTime,
      renewTime = '',
    } = (spec ?? {}) as LeaseSpec
    this.#acquired = acquireTime
    this.#holder = holderIdentity
    return {
      version: metadata.resourceVersion ?? '',
      holder: holderIdentity,
      duration: leaseDurationSeconds === undefined ? this.#duration : leaseDurationSeconds * 1000,
      transitions: leaseTransitions,
      renewed: renewTime,
    }
  }

  #lead(until: number | undefined): void {
    this.#until = until
    clearTimeout(this.#expiry)
    if (until !== undefined) this.#expiry = setTimeout(() => this.#lead(undefined), until - performance.now())
    const leading = until !== undefined
    if (leading === this.#told) return
    this.#told = leading
    this.#options.onChange(leading)
  }
}
