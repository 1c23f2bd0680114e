/**
 * When a login may be tried, as a value: a device locks an account after a few wrong passwords, and counts tokens per user. No
 * clock of its own; keeps the refused credentials in memory, and out of all texts.
 */
import { backoff } from '../base/backoff.ts'
import type { DeviceFault } from './fault.ts'

export interface Credentials {
  readonly username: string
  readonly password: string
}

/** The same user name and password are tried so often before we take them to be wrong. */
const TRIES = 2
/** Milliseconds, as all here. Between those tries: the device's own directory of users may just have been away. */
const SECOND_TRY = 30_000
/** A device that locks accounts opens them again after 10 minutes, where it does at all. */
const LOCKED = 15 * 60_000
const TOKEN_CAP = { first: 60_000, most: 10 * 60_000 }
const NEW_TOKEN_REFUSED = { first: 1000, most: 60_000 }

interface Hold {
  readonly fault: DeviceFault
  readonly until: number
  /** Others may be tried at once; absent where it is not the credentials' fault. */
  readonly credentials?: Credentials
}

export class LoginGuard {
  #refusals = 0
  #caps = 0
  #tokenRefusals = 0
  #hold: Hold | undefined

  get lockedOut(): boolean {
    return this.#hold?.fault.code === 'BIGIP_LOCKED_OUT'
  }

  /** Before a login. @returns why not now; its `retryAfter` says when */
  judge(credentials: Credentials, now: number): DeviceFault | undefined {
    const hold = this.#hold
    if (hold === undefined || now >= hold.until) return undefined
    if (hold.credentials !== undefined && !same(hold.credentials, credentials)) {
      this.#refusals = 0
      this.#hold = undefined
      return undefined
    }
    return hold.fault.retold({ retryAfter: Math.ceil(hold.until - now) })
  }

  /** The device refused a login. @returns the fault to tell: of a lock-out where we stop trying */
  refused(credentials: Credentials, fault: DeviceFault, now: number, random: number): DeviceFault {
    if (fault.code === 'BIGIP_TOKEN_CAP') {
      const remedy = 'delete some at /mgmt/shared/authz/tokens, or wait until they expire'
      return this.#holdOff(fault.retold({ message: `${fault.message}; ${remedy}` }), {
        until: now + backoff(TOKEN_CAP, this.#caps++, random),
      })
    }
    this.#refusals++
    if (fault.code !== 'BIGIP_LOCKED_OUT' && this.#refusals < TRIES)
      return this.#holdOff(fault, { until: now + SECOND_TRY, credentials })
    return this.#holdOff(lockedOut(fault, this.#refusals), { until: now + LOCKED, credentials })
  }

  /** A token fresh from a login was refused: another login would not help, and tokens are counted. */
  tokenRefused(fault: DeviceFault, now: number, random: number): void {
    this.#holdOff(fault, { until: now + backoff(NEW_TOKEN_REFUSED, this.#tokenRefusals++, random) })
  }

  /** A login went well. */
  accepted(): void {
    this.#refusals = 0
    this.#caps = 0
    this.#hold = undefined
  }

  /** A call with the token went well. */
  tokenAccepted(): void {
    this.#tokenRefusals = 0
  }

  #holdOff(fault: DeviceFault, hold: Omit<Hold, 'fault'>): DeviceFault {
    this.#hold = { ...hold, fault }
    return fault
  }
}

function same(one: Credentials, other: Credentials): boolean {
  return one.username === other.username && one.password === other.password
}

function lockedOut(fault: DeviceFault, refusals: number): DeviceFault {
  const why = fault.code === 'BIGIP_LOCKED_OUT' ? '' : ` after ${refusals} refusals, so that the account is not locked`
  const what = `no login is tried for ${LOCKED / 60_000} minutes${why}, unless the credentials change`
  return fault.retold({ code: 'BIGIP_LOCKED_OUT', message: `${fault.message}; ${what}`, retryAfter: LOCKED })
}
