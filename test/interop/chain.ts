/**
 * One podpeer process, a neighbour on its link and a place behind the neighbour, which forwards: for what depends on how far
 * away a peer is, and on whether the link has any numbers. A router of another make runs at one of the two.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { PeerStatus } from '../../daemon/control/document.ts'
import { makeFolder, removeLab, sweepLeftovers } from '../lab/leftovers.ts'
import { buildNetwork, learnedRoutes, spaceOf } from '../lab/network.ts'
import { outputOf } from '../lab/process.ts'
import type { RouterDaemon, RouterSpec } from '../lab/router.ts'
import { PodpeerRouter, podpeerFiles } from '../lab/router-podpeer.ts'
import type { CableEnd, PerFamily } from '../lab/topology.ts'
import { untilComplete } from '../lab/waiting.ts'

export const OUR_AS = 65010
export const THEIR_AS = 65100
export const US: PerFamily = { ipv4: '10.9.1.1', ipv6: 'fd00:9:1::1' }
export const NEAR: PerFamily = { ipv4: '10.9.1.254', ipv6: 'fd00:9:1::fe' }
export const FAR: PerFamily = { ipv4: '10.9.2.1', ipv6: 'fd00:9:2::1' }
const BETWEEN: PerFamily = { ipv4: '10.9.2.254', ipv6: 'fd00:9:2::fe' }
/** Addresses on the loopbacks, which are announced. */
export const OURS: PerFamily = { ipv4: '198.51.100.1', ipv6: '2001:db8:198::1' }
export const THEIRS: PerFamily = { ipv4: '203.0.113.10', ipv6: '2001:db8:113::10' }

const DEADLINE = 120_000

/** What we are told beyond the usual. */
export type OurSettings = Readonly<Record<string, unknown>>

export interface ChainOptions<Other> {
  readonly router: new (spec: RouterSpec) => Other
  /** Where it runs. */
  readonly at: 'near' | 'far'
  readonly theirConfig: string
  readonly ours: OurSettings
  /** The link between us and the neighbour has no addresses but link-local ones. */
  readonly unnumbered?: boolean
}

export class Chain<Other extends RouterDaemon> {
  readonly us: PodpeerRouter
  readonly other: Other
  readonly #folder: string

  private constructor({ router: Router, at, theirConfig, ours, unnumbered = false }: ChainOptions<Other>) {
    sweepLeftovers()
    this.#folder = makeFolder()
    build(at, unnumbered)
    this.us = new PodpeerRouter({ ...this.#place('us'), config: this.#config(ours) })
    this.other = new Router({ ...this.#place(at), config: theirConfig })
  }

  static async begin<Other extends RouterDaemon>(options: ChainOptions<Other>): Promise<Chain<Other>> {
    const chain = new Chain(options)
    try {
      await chain.other.start()
      await chain.us.start()
      return chain
    } catch (thrown) {
      await chain[Symbol.asyncDispose]()
      throw thrown
    }
  }

  async tell(ours: OurSettings): Promise<void> {
    await this.us.configure(this.#config(ours))
  }

  /** Waits until just these peers are there, by name, all of them Established. */
  async established(...names: string[]): Promise<readonly PeerStatus[]> {
    let peers: readonly PeerStatus[] = []
    await untilComplete(`sessions with ${names}`, DEADLINE, async () => {
      peers = await this.us.peers()
      const there = peers.map(({ name }) => name).sort()
      if (there.join() !== names.sort().join()) return `the peers are ${there}`
      const down = peers.find(({ state }) => state !== 'Established')
      return down && `${down.name} is ${down.state}: ${down.lastError}`
    })
    return peers
  }

  /** Waits until just these prefixes have come over BGP into a side's kernel. */
  async learned(place: 'us' | 'near' | 'far', prefixes: readonly string[]): Promise<void> {
    const wanted = [...prefixes].sort().join(' ')
    await untilComplete(`the routes of ${place}`, DEADLINE, async () => {
      const there = learnedRoutes(place).map(({ prefix }) => prefix)
      return there.sort().join(' ') === wanted ? undefined : `there are ${there}`
    })
  }

  /** Waits until our kernel has dropped segments for this reason (a name of /proc/net/netstat). */
  async dropped(counter: string): Promise<void> {
    await untilComplete(`${counter} of our kernel`, DEADLINE, async () => {
      const [names, values] = (await outputOf(spaceOf('us'), 'cat', ['/proc/net/netstat'])).split('\n')
      const count = values!.split(' ')[names!.split(' ').indexOf(counter)]
      return Number(count) > 0 ? undefined : `it is ${count}`
    })
  }

  /** Waits until both our listeners have dropped what the other side sent; nobody has been heard then. */
  async unheard(): Promise<void> {
    await untilComplete('what our listeners have dropped', DEADLINE, async () => {
      const listeners = await outputOf(spaceOf('us'), 'ss', ['-Hlntm', 'sport', '=', ':179'])
      return listeners.match(/,d[1-9]\d*\)/g)?.length === 2 ? undefined : listeners
    })
    const heard = (await this.us.peers()).filter(({ state }) => state !== 'Active')
    if (heard.length > 0) throw new Error(`${heard.map(({ name, state }) => `${name} is ${state}`)}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.us.stop()
    await this.other.stop()
    removeLab()
  }

  #config(ours: OurSettings): string {
    const { state, socket } = podpeerFiles(join(this.#folder, 'us'))
    return stringify({
      node: 'us',
      asNumber: OUR_AS,
      routerId: US.ipv4,
      kubernetes: { enabled: false },
      announce: { prefixes: [`${OURS.ipv4}/32`, `${OURS.ipv6}/128`] },
      state,
      control: { socket },
      ...ours,
    })
  }

  #place(name: string) {
    const folder = join(this.#folder, name)
    mkdirSync(folder)
    return { namespace: spaceOf(name), folder }
  }
}

function build(at: 'near' | 'far', unnumbered: boolean): void {
  const hosts = ({ ipv4, ipv6 }: PerFamily) => [`${ipv4}/32`, `${ipv6}/128`]
  const nets = ({ ipv4, ipv6 }: PerFamily) => (unnumbered ? [] : [`${ipv4}/24`, `${ipv6}/64`])
  const end = (place: string, device: string, addresses: readonly string[], via?: PerFamily): CableEnd => ({
    place,
    device,
    addresses,
    routes:
      via === undefined || unnumbered
        ? []
        : [
            { prefix: '10.9.0.0/16', via: via.ipv4 },
            { prefix: 'fd00:9::/32', via: via.ipv6 },
          ],
  })
  const place = (name: string, addresses: readonly string[]) => ({ name, forwards: true, loopback: addresses })
  buildNetwork({
    places: [
      place('us', hosts(OURS)),
      place('near', at === 'near' ? hosts(THEIRS) : []),
      place('far', at === 'far' ? hosts(THEIRS) : []),
    ],
    cables: [
      { ends: [end('us', 'eth0', nets(US), NEAR), end('near', 'eth0', nets(NEAR))] },
      { ends: [end('near', 'eth1', nets(BETWEEN)), end('far', 'eth0', nets(FAR), BETWEEN)] },
    ],
  })
}
