/**
 * The largest packet that gets to an address whole (RFC 1191, RFC 4821): believes what routers say, and searches where
 * they are silent, for many filters drop their words. Knows no socket.
 */
import type { Family } from '../../lib/base/ip.ts'
import type { Echoer } from './echo.ts'

/** What every link takes: RFC 791 §3.2 in practice, RFC 8200 §5. */
const LEAST: Readonly<Record<Family, number>> = { 4: 576, 6: 1280 }
/** Tries of one size: a lost packet is not a small path. */
const TRIES = 2
/** Octets between what came through and what did not at which the search ends. */
const PRECISION = 1

export interface PathMtu {
  /** Octets of a whole IP packet; undefined: not even the least comes through. */
  readonly mtu: number | undefined
  /** Somebody said so, or packets just vanished. */
  readonly source: 'whole' | 'told' | 'searched'
}

/** @param most octets: MTU of our own link @param timeout milliseconds for one packet */
export async function findPathMtu(echoer: Echoer, family: Family, most: number, timeout: number): Promise<PathMtu> {
  let told = most
  let source: PathMtu['source'] = 'whole'
  // each router on the way may say its own, ever smaller
  for (let turns = 0; turns < 8; turns++) {
    const answer = await tryOnce(echoer, told, timeout)
    if (answer === 'through') return { mtu: told, source }
    if (answer === 'silent' || answer >= told || answer < LEAST[family]) break
    told = answer
    source = 'told'
  }
  return { mtu: await search(echoer, LEAST[family], told, timeout), source: 'searched' }
}

/** Between `least` and `most`, which does not come through. */
async function search(echoer: Echoer, least: number, most: number, timeout: number): Promise<number | undefined> {
  if ((await tryOnce(echoer, least, timeout)) !== 'through') return undefined
  let [good, bad] = [least, most]
  while (bad - good > PRECISION) {
    const middle = (good + bad) >> 1
    if ((await tryOnce(echoer, middle, timeout)) === 'through') good = middle
    else bad = middle
  }
  return good
}

/** @returns the MTU that somebody told, 0 where it was not said */
async function tryOnce(echoer: Echoer, size: number, timeout: number): Promise<'through' | 'silent' | number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const answer = await echoer.echo(size, timeout)
    if (answer.type === 'reply') return 'through'
    if (answer.type === 'tooBig') return answer.mtu
  }
  return 'silent'
}
