/**
 * What keeps a peering from trying at all, beyond the idle hold that paces it: too many prefixes, until a time has passed or
 * a person has reset the peer; or a BFD session that has to be up first. Knows no connection.
 */
export class Restraint {
  #limitUntil: number | undefined
  #limit = ''
  #isBfdUp = false

  get isBfdUp(): boolean {
    return this.#isBfdUp
  }

  /** Too many prefixes have come. */
  get isLimited(): boolean {
    return this.#limitUntil !== undefined
  }

  /** ms: when it ends by itself; Infinity where it does not, or where nothing restrains. */
  get until(): number {
    return this.#limitUntil ?? Number.POSITIVE_INFINITY
  }

  /**
   * Why there is to be no session, in words; undefined: nothing is against it.
   * @param needsBfd whether a session needs BFD to be up
   */
  reason(needsBfd: boolean): string | undefined {
    if (this.#limitUntil !== undefined) return this.#limit
    return needsBfd && !this.#isBfdUp ? 'BFD is down' : undefined
  }

  /** @param until ms; Infinity: until a person resets the peer */
  limit(reason: string, until: number): void {
    this.#limit = until === Number.POSITIVE_INFINITY ? `${reason}, until it is reset` : reason
    this.#limitUntil = until
  }

  bfd(isUp: boolean): void {
    this.#isBfdUp = isUp
  }

  /** What a person or time can lift. */
  lift(): void {
    this.#limitUntil = undefined
  }
}
