/** Messages that other implementations sent, and how to break them: by a seed, so that a failure can be had again. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { headerLength } from '../../../bgp/wire/iana.ts'
import { hex } from './hex.ts'

const folder = join(import.meta.dirname, '../../vectors')
const messages: readonly { session: string; hex: string }[] = globSync('*.json', { cwd: folder }).flatMap(
  file => JSON.parse(readFileSync(join(folder, file), 'utf8')).messages,
)
/** Every message of test/vectors. */
export const captured = messages.map(message => hex(message.hex))
/** Those of sessions without extensions: elsewhere path identifiers would be no NLRI. */
export const capturedPlain = messages.filter(({ session }) => session !== 'extended').map(message => hex(message.hex))

/** Numbers in [0, below) that follow from the seed (mulberry32). */
export function random(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** One to four changes of the kind that break decoders: an octet, a length, a part cut out, doubled or moved. */
export function mutated(message: Uint8Array, next: (below: number) => number): Uint8Array {
  let octets = [...message]
  for (let changes = 1 + next(4); changes > 0; changes--) {
    const at = headerLength + next(Math.max(1, octets.length - headerLength))
    const count = next(12)
    const edges = [0, 1, 2, 3, 4, 5, 16, 32, 33, 127, 128, 129, 254, 255]
    switch (next(6)) {
      case 0:
        octets[at] = next(256)
        break
      case 1:
        octets[at] = edges[next(edges.length)]!
        break
      case 2:
        octets.splice(at, count)
        break
      case 3:
        octets.splice(at, 0, ...octets.slice(at, at + count))
        break
      case 4:
        octets.splice(headerLength + next(octets.length), 0, ...octets.splice(at, count))
        break
      default:
        octets = octets.slice(0, at)
    }
  }
  return Uint8Array.from(octets.slice(0, 4096))
}
