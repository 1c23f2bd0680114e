/** One podpeer process and one router of another make on one link: for what is peculiar about a single session. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { PeerStatus } from '../../daemon/control/document.ts'
import { makeFolder, removeLab, sweepLeftovers } from '../lab/leftovers.ts'
import { buildNetwork, learnedRoutes, spaceOf } from '../lab/network.ts'
import type { RouterDaemon, RouterSpec } from '../lab/router.ts'
import { PodpeerRouter, podpeerFiles } from '../lab/router-podpeer.ts'
import type { PerFamily } from '../lab/topology.ts'
import { untilComplete } from '../lab/waiting.ts'

export const OURS: PerFamily = { ipv4: '10.9.1.1', ipv6: 'fd00:9:1::1' }
export const THEIRS: PerFamily = { ipv4: '10.9.1.254', ipv6: 'fd00:9:1::fe' }
export const OUR_PREFIXES: PerFamily = { ipv4: '10.244.1.0/24', ipv6: 'fd00:10:244:1::/64' }
export const THEIR_PREFIXES: PerFamily = { ipv4: '203.0.113.10/32', ipv6: '2001:db8:113::10/128' }
export const THEIR_AS = 65100

const DEADLINE = 60_000

/** What we are told beyond the usual. */
export interface OurSettings {
  readonly asNumber?: number
  /** Fields of the one peer. */
  readonly peer?: Readonly<Record<string, unknown>>
  readonly policies?: readonly Readonly<Record<string, unknown>>[]
  /** Further keys of the configuration. */
  readonly settings?: Readonly<Record<string, unknown>>
}

export class Pair<Other extends RouterDaemon> {
  readonly us: PodpeerRouter
  readonly other: Other

  private constructor(us: PodpeerRouter, other: Other) {
    this.us = us
    this.other = other
  }

  static async begin<Other extends RouterDaemon>(
    Router: new (spec: RouterSpec) => Other,
    theirConfig: string,
    { asNumber = 65010, peer = {}, policies = [], settings = {} }: OurSettings,
  ): Promise<Pair<Other>> {
    sweepLeftovers()
    const folder = makeFolder()
    buildNetwork({
      places: ['us', 'other'].map(name => ({ name, forwards: true, loopback: [] })),
      cables: [{ ends: [end('us', OURS), end('other', THEIRS)] }],
    })
    const place = (name: string) => {
      mkdirSync(join(folder, name))
      return { namespace: spaceOf(name), folder: join(folder, name) }
    }
    const { state, socket } = podpeerFiles(join(folder, 'us'))
    const config = stringify({
      node: 'us',
      asNumber,
      routerId: OURS.ipv4,
      kubernetes: { enabled: false },
      announce: { prefixes: Object.values(OUR_PREFIXES) },
      peers: [
        { name: 'other', address: THEIRS.ipv4, asNumber: THEIR_AS, import: 'accept', connectRetryTime: 1, ...peer },
      ],
      policies,
      state,
      control: { socket },
      ...settings,
    })
    const other = new Router({ ...place('other'), config: theirConfig })
    const pair = new Pair(new PodpeerRouter({ ...place('us'), config }), other)
    try {
      await other.start()
      await pair.us.start()
      return pair
    } catch (thrown) {
      await pair[Symbol.asyncDispose]()
      throw thrown
    }
  }

  /** Waits until just these prefixes have come over BGP into a side's kernel. */
  async learned(place: 'us' | 'other', prefixes: readonly string[]): Promise<void> {
    const wanted = [...prefixes].sort().join(' ')
    await untilComplete(`the routes of ${place}`, DEADLINE, async () => {
      const there = learnedRoutes(place).map(({ prefix }) => prefix)
      const [peer] = await this.us.peers()
      return there.sort().join(' ') === wanted ? undefined : `${there} (we are ${peer?.state}, ${peer?.lastError})`
    })
  }

  /** Waits until what we say of the session is as wanted. @param complaint what is still missing; undefined: nothing */
  async until(what: string, complaint: (peer: PeerStatus) => string | undefined): Promise<PeerStatus> {
    let last: PeerStatus | undefined
    await untilComplete(what, DEADLINE, async () => {
      const [peer] = await this.us.peers()
      last = peer
      const missing = peer === undefined ? 'there is no peer' : complaint(peer)
      return missing && `${missing} (${peer?.state}, ${peer?.lastError})`
    })
    return last!
  }

  async established(): Promise<PeerStatus> {
    return await this.until('the session', ({ state }) => (state === 'Established' ? undefined : 'it is down'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.us.stop()
    await this.other.stop()
    removeLab()
  }
}

function end(place: string, { ipv4, ipv6 }: PerFamily) {
  return { place, device: 'eth0', addresses: [`${ipv4}/24`, `${ipv6}/64`], routes: [] }
}
