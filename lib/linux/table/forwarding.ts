/**
 * Where the kernel sends packets of a route, as interned values: two routes lead the same way if and only if they hold
 * the same object. Pure.
 */
import type { Family } from '../../base/ip.ts'
import { type EncodedPath, encodePath, type Hop, type Path } from '../netlink/route.ts'

export class Forwarding implements Path {
  readonly type: Path['type']
  readonly hops: readonly Hop[]
  readonly key: string
  readonly #encoded: { 4?: EncodedPath; 6?: EncodedPath } = {}

  constructor({ type, hops }: Path, key: string) {
    this.type = type
    this.hops = hops
    this.key = key
  }

  /** The octets for routes of a family. */
  encoded(family: Family): EncodedPath {
    this.#encoded[family] ??= encodePath(family, this)
    return this.#encoded[family]
  }
}

export class ForwardingTable {
  readonly #known = new Map<string, WeakRef<Forwarding>>()
  readonly #gone = new FinalizationRegistry<string>(key => {
    if (this.#known.get(key)?.deref() === undefined) this.#known.delete(key)
  })

  /** Hops count as a set: their order means nothing, and of two to one gateway on one link the first stays. */
  intern(path: Path): Forwarding {
    const hops = new Map(path.hops.map(hop => [keyOf(hop), hop]).reverse() as [string, Hop][])
    const keys = [...hops.keys()].sort()
    const key = [
      path.type,
      ...keys.map(name => `${name}*${hops.get(name)!.weight}${hops.get(name)!.onlink ? '!' : ''}`),
    ].join(' ')
    const known = this.#known.get(key)?.deref()
    if (known !== undefined) return known
    const sorted = keys.map(name => hops.get(name)!)
    const forwarding = new Forwarding({ type: path.type, hops: sorted }, key)
    this.#known.set(key, new WeakRef(forwarding))
    this.#gone.register(forwarding, key)
    return forwarding
  }

  /** What is left when the kernel says that these hops went; undefined: nothing. */
  without(forwarding: Forwarding, gone: readonly Hop[]): Forwarding | undefined {
    const names = new Set(gone.map(keyOf))
    const left = forwarding.hops.filter(hop => !names.has(keyOf(hop)))
    return left.length === 0 ? undefined : this.intern({ type: forwarding.type, hops: left })
  }
}

function keyOf({ gateway, link }: Hop): string {
  return `${gateway ?? ''}%${link}`
}
