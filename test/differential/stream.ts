/**
 * Random UPDATE streams, by a seed: what each sender says in each round, as octets and as values. Each path bears a community of
 * its own, `64000 + number of the sender : number of the announcement`, by which it is known wherever it comes out.
 */
import type { Family } from '../../lib/base/ip.ts'
import { ROUTER_AS } from '../bench/routers/workload.ts'
import { type TestAttributes, updateBody } from '../bgp/rib/messages.ts'
import { message } from '../bgp/wire/hex.ts'
import { random } from '../bgp/wire/mutation.ts'
import { type Actor, SENDERS } from './cast.ts'

/** Of each family. */
const PREFIXES = 40
/** UPDATEs of one sender in one round. */
const STEPS = 35
const FIRST_TAG_AS = 64000
export const NO_EXPORT = 0xffffff01
export const NO_ADVERTISE = 0xffffff02
export const ROUTER_ID = '10.0.0.1'

/** A path as its sender says it. */
export interface SaidPath {
  readonly from: Actor
  readonly attributes: TestAttributes
}

export interface Round {
  /** By number of the sender: whole messages. */
  readonly octets: readonly Uint8Array[]
  /** By number of the sender: a prefix of its last UPDATE alone. Who has heard of it has heard all before. */
  readonly marks: readonly string[]
  /** Of each prefix of the game, what is said of it when the round is over. */
  readonly said: ReadonlyMap<string, readonly SaidPath[]>
}

export class RandomStream {
  readonly #next: (below: number) => number
  readonly #said = SENDERS.map(() => new Map<string, SaidPath>())
  #announcements = 0
  #rounds = 0

  constructor(seed: number) {
    this.#next = random(seed)
  }

  round(): Round {
    const number = this.#rounds++
    const octets = SENDERS.map((_, sender) => {
      const steps = Array.from({ length: STEPS }, () => this.#step(sender))
      return Buffer.concat([...steps, mark(sender, number)])
    })
    const families: readonly Family[] = [4, 6]
    const prefixes = families.flatMap(family => Array.from({ length: PREFIXES }, (_, at) => prefixOf(family, at)))
    const said = new Map(
      prefixes.map(prefix => [prefix, this.#said.flatMap(routes => routes.get(prefix) ?? [])] as const),
    )
    return { octets, marks: SENDERS.map((_, sender) => markOf(sender, number)), said }
  }

  #step(sender: number): Uint8Array {
    const routes = this.#said[sender]!
    const family = this.#one([4, 6] as const)
    const some = Array.from({ length: 1 + this.#next(3) }, () => prefixOf(family, this.#next(PREFIXES)))
    const prefixes = [...new Set(some)]
    // prefixes that it never announced as well
    if (this.#next(10) < 3) {
      for (const prefix of prefixes) routes.delete(prefix)
      return message('update', updateBody([], undefined, prefixes))
    }
    const attributes = this.#attributes(sender, family)
    for (const prefix of prefixes) routes.set(prefix, { from: SENDERS[sender]!, attributes })
    return message('update', updateBody(prefixes, attributes, []))
  }

  #attributes(sender: number, family: Family): TestAttributes {
    const from = SENDERS[sender]!
    const internal = from.asNumber === ROUTER_AS
    const tag = (FIRST_TAG_AS + sender) * 0x10000 + (this.#announcements++ & 0xffff)
    const wellKnown = this.#one([undefined, undefined, undefined, undefined, undefined, NO_EXPORT, NO_ADVERTISE])
    const med = this.#one([undefined, 0, 10, 10, 20])
    return {
      origin: this.#one([0, 0, 1, 2]),
      asPath: this.#asPath(from, internal),
      nextHop: nextHopOf(family, this.#one([from.address, from.address, `10.1.2.${1 + this.#next(3)}`])),
      ...(med !== undefined && { med }),
      communities: wellKnown === undefined ? [tag] : [tag, wellKnown],
      ...(internal && { localPref: this.#one([100, 100, 100, 90, 110]) }),
      ...(internal && this.#reflected()),
    }
  }

  /** Of a sender that reflects what others told it (RFC 4456 §8); the router's own id is a loop. */
  #reflected(): Pick<TestAttributes, 'originatorId' | 'clusterList'> {
    const originatorId = this.#one([undefined, undefined, '10.1.1.2', '10.9.9.1', '10.9.9.1', '10.9.9.2', ROUTER_ID])
    if (originatorId === undefined) return {}
    const clusterList = this.#one([['10.9.0.1'], ['10.9.0.1'], ['10.9.0.1', '10.9.0.2'], ['10.9.0.1', ROUTER_ID]])
    return { originatorId, clusterList }
  }

  #asPath(from: Actor, internal: boolean): number[] {
    const others = Array.from({ length: this.#next(3) }, () => this.#one([65201, 65202, 4_200_000_000]))
    // the router's own AS number is a loop
    if (this.#next(20) === 0) others.push(ROUTER_AS)
    if (!internal) return [from.asNumber, ...others]
    const first = this.#one([undefined, 65101, 65102])
    return first === undefined ? [] : [first, ...others]
  }

  #one<Value>(values: readonly Value[]): Value {
    return values[this.#next(values.length)]!
  }
}

function prefixOf(family: Family, number: number): string {
  return family === 4 ? `10.200.${number}.0/24` : `2001:db8:${number}::/48`
}

/** On the link of the senders in both families. */
function nextHopOf(family: Family, address: string): string {
  const [, , upper, lower] = address.split('.')
  return family === 4 ? address : `fd01::${upper}:${lower}`
}

function markOf(sender: number, round: number): string {
  return `10.201.${sender}.${round}/32`
}

function mark(sender: number, round: number): Uint8Array {
  const { asNumber, address } = SENDERS[sender]!
  const plain = { origin: 0, nextHop: address }
  const attributes =
    asNumber === ROUTER_AS ? { ...plain, asPath: [], localPref: 100 } : { ...plain, asPath: [asNumber] }
  return message('update', updateBody([markOf(sender, round)], attributes, []))
}
