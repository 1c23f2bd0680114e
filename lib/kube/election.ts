/**
 * Who of several writes: the holder of one Lease. Pure: answers and the time in, requests out. Rules: we lead only as long as
 * nobody else can think that the Lease has run out, reckoned from before our last renewal was sent, by a clock that never is
 * set; another's Lease has run out when it has not moved before our eyes for as long as it said; a planned stop gives it up.
 */

/** What of a Lease counts; `version` is its resourceVersion. */
export interface LeaseView {
  readonly version: string
  /** Empty: nobody. */
  readonly holder: string
  /** Milliseconds that the holder has between two renewals. */
  readonly duration: number
  readonly transitions: number
  /** When it was renewed, as the holder's clock says: only compared for being another. */
  readonly renewed: string
}

export type ElectionInput =
  | { readonly type: 'start' }
  /** The Lease as it is; undefined: there is none. */
  | { readonly type: 'read'; readonly lease: LeaseView | undefined }
  /** The write asked for last was taken; `sentAt`: milliseconds, before it went out. */
  | { readonly type: 'written'; readonly lease: LeaseView; readonly sentAt: number }
  /** The request asked for last failed, or found another version there. */
  | { readonly type: 'failed' }
  /** The wait asked for last is over. */
  | { readonly type: 'waited' }
  | { readonly type: 'stop' }

/** At most one of the first three and `wait` per input: it is what the shell does next. */
export type ElectionEffect =
  | { readonly type: 'read' }
  /** Make the Lease ours; `version` undefined: there is none yet. */
  | {
      readonly type: 'write'
      readonly version: string | undefined
      readonly holder: string
      readonly transitions: number
      /** The same term goes on: the time of acquisition stays. */
      readonly renewal: boolean
    }
  | { readonly type: 'wait'; readonly milliseconds: number }
  /** Until that time, which is told anew by every renewal; `undefined`: not, or no more. */
  | { readonly type: 'leading'; readonly until: number | undefined }

export interface ElectionOptions {
  readonly identity: string
  /** Milliseconds without a renewal after which others may take over. */
  readonly duration: number
  /** Milliseconds that we stop before that. */
  readonly margin: number
  /** Milliseconds between two renewals. */
  readonly renew: number
  /** Milliseconds between two tries. */
  readonly retry: number
}

export const USUAL_TERMS: Omit<ElectionOptions, 'identity'> = {
  duration: 15_000,
  margin: 3000,
  renew: 4000,
  retry: 2000,
}

export class Election {
  readonly #options: ElectionOptions
  #leadingUntil: number | undefined
  /** As last seen, and when it was first seen to be so. */
  #seen: { readonly lease: LeaseView; readonly at: number } | undefined
  /** The last write may have been taken or not. */
  #unsure = false
  #stopping = false

  constructor(options: ElectionOptions) {
    this.#options = options
  }

  /** @param now milliseconds, monotonic  @param random in [0, 1): candidates do not try in step */
  handle(input: ElectionInput, now: number, random: number): ElectionEffect[] {
    if (input.type === 'stop') return this.#stop(now)
    const lost = this.#expire(now)
    switch (input.type) {
      case 'start':
      case 'waited':
        return [...lost, ...this.#next()]
      case 'read':
        return [...lost, ...this.#judge(input.lease, now, random)]
      case 'written':
        return [...lost, ...this.#written(input.lease, input.sentAt, now)]
      case 'failed':
        this.#unsure = true
        return [...lost, ...(this.#stopping ? [] : [this.#wait(this.#options.retry, random)])]
    }
  }

  /** Renews what is ours, and else looks. */
  #next(): ElectionEffect[] {
    const lease = this.#seen?.lease
    if (this.#stopping) return []
    if (this.#unsure || lease?.holder !== this.#options.identity) return [{ type: 'read' }]
    return [this.#write(lease, true)]
  }

  #judge(lease: LeaseView | undefined, now: number, random: number): ElectionEffect[] {
    if (this.#stopping) return []
    this.#unsure = false
    if (lease === undefined) return [this.#write(undefined, false)]
    if (this.#seen === undefined || !sameTerm(this.#seen.lease, lease)) this.#seen = { lease, at: now }
    else this.#seen = { lease, at: this.#seen.at }
    const { identity, retry } = this.#options
    if (lease.holder === identity) return [this.#write(lease, true)]
    const left = this.#seen.at + lease.duration - now
    if (lease.holder === '' || left <= 0) return [this.#write(lease, false)]
    return [...this.#lead(undefined), this.#wait(Math.min(retry, left), random)]
  }

  #write(lease: LeaseView | undefined, renewal: boolean): ElectionEffect {
    const { identity: holder } = this.#options
    const transitions = lease === undefined ? 0 : lease.transitions + (renewal ? 0 : 1)
    return { type: 'write', version: lease?.version, holder, transitions, renewal }
  }

  #written(lease: LeaseView, sentAt: number, now: number): ElectionEffect[] {
    this.#unsure = false
    this.#seen = { lease, at: now }
    if (this.#stopping) return []
    const { duration, margin, renew } = this.#options
    const until = sentAt + duration - margin
    return [...this.#lead(until > now ? until : undefined), { type: 'wait', milliseconds: renew }]
  }

  #stop(now: number): ElectionEffect[] {
    const ours = this.#leadingUntil !== undefined && now < this.#leadingUntil
    const lease = this.#seen?.lease
    const lost = this.#lead(undefined)
    if (this.#stopping) return lost
    this.#stopping = true
    if (!ours || lease === undefined || this.#unsure) return lost
    const { version, transitions } = lease
    return [...lost, { type: 'write', version, holder: '', transitions, renewal: true }]
  }

  #expire(now: number): ElectionEffect[] {
    return this.#leadingUntil !== undefined && now >= this.#leadingUntil ? this.#lead(undefined) : []
  }

  #lead(until: number | undefined): ElectionEffect[] {
    if (until === this.#leadingUntil) return []
    this.#leadingUntil = until
    return [{ type: 'leading', until }]
  }

  #wait(milliseconds: number, random: number): ElectionEffect {
    return { type: 'wait', milliseconds: milliseconds * (1 + random / 4) }
  }
}

function sameTerm(one: LeaseView, other: LeaseView): boolean {
  return one.holder === other.holder && one.renewed === other.renewed && one.transitions === other.transitions
}
