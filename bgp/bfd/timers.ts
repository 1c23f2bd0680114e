/**
 * The arithmetic of a session's timers (RFC 5880 §6.8.2, §6.8.4, §6.8.7). Intervals in microseconds, as packets have
 * them; what is a time to wait comes in milliseconds.
 */

/** §6.8.3: the least bfd.DesiredMinTxInterval while the session is not Up. */
export const SLOW = 1_000_000

/** Microseconds between two of our packets before jitter; 0: the peer wants none but answers. */
export function transmitInterval(desiredMinTx: number, remoteMinRx: number): number {
  return remoteMinRx === 0 ? 0 : Math.max(desiredMinTx, remoteMinRx)
}

/**
 * Milliseconds until the next packet: 75 to 100 % of the interval, at most 90 % where one lost packet is one too many
 * (§6.8.7), so that many sessions do not fall into step.
 * @param random in [0, 1)
 */
export function jittered(interval: number, multiplier: number, random: number): number {
  const spread = multiplier === 1 ? 0.15 : 0.25
  return (interval * (0.75 + spread * random)) / 1000
}

/** Milliseconds of silence after which an asynchronous session is over. */
export function detectionTime(remoteMultiplier: number, requiredMinRx: number, remoteDesiredMinTx: number): number {
  return (remoteMultiplier * Math.max(requiredMinRx, remoteDesiredMinTx)) / 1000
}
