/**
 * One router of another make and two podpeer processes: one in an AS of its own (eBGP), one in the router's (iBGP), each on
 * a link of its own, each with a session over IPv4 and one over IPv6: four sessions of one router at once.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { PeerStatus } from '../../daemon/control/document.ts'
import { makeFolder, removeLab, sweepLeftovers } from '../lab/leftovers.ts'
import { buildNetwork, learnedRoutes, setDevice, spaceOf } from '../lab/network.ts'
import { PodpeerProcess } from '../lab/podpeer-process.ts'
import { podpeerFiles } from '../lab/router-podpeer.ts'
import { FAMILIES, type FamilyName, type Network, type PerFamily } from '../lab/topology.ts'
import { untilComplete } from '../lab/waiting.ts'
import type { Stranger, StrangerMaker } from './stranger.ts'

export const STRANGER_AS = 65100
/** Seconds. */
export const TIMERS = { holdTime: 6, keepaliveTime: 2, connectRetryTime: 1 }
/** Back-off after refusals is part of what the tests wait for. */
const DEADLINE = 120_000

export interface Side {
  readonly name: 'external' | 'internal'
  readonly asNumber: number
  readonly address: PerFamily
  /** The stranger's addresses on this link. */
  readonly stranger: PerFamily
  /** What it announces at first. */
  readonly prefixes: PerFamily
}

export const EXTERNAL: Side = {
  name: 'external',
  asNumber: 65010,
  address: { ipv4: '10.9.1.1', ipv6: 'fd00:9:1::1' },
  stranger: { ipv4: '10.9.1.254', ipv6: 'fd00:9:1::fe' },
  prefixes: { ipv4: '10.244.1.0/24', ipv6: 'fd00:10:244:1::/64' },
}

export const INTERNAL: Side = {
  name: 'internal',
  asNumber: STRANGER_AS,
  address: { ipv4: '10.9.2.1', ipv6: 'fd00:9:2::1' },
  stranger: { ipv4: '10.9.2.254', ipv6: 'fd00:9:2::fe' },
  prefixes: { ipv4: '10.244.2.0/24', ipv6: 'fd00:10:244:2::/64' },
}

export const SIDES: readonly Side[] = [EXTERNAL, INTERNAL]

/** What a podpeer process is told beyond its own side; absent: the right thing. */
export interface Settings {
  readonly prefixes?: readonly string[]
  /** What it believes to be the stranger's AS, on the session over IPv4. */
  readonly strangerAs?: number
  /** The file of the MD5 key of the session over IPv4. */
  readonly keyFile?: string
}

const network: Network = {
  places: [
    { name: 'stranger', forwards: true, loopback: [] },
    ...SIDES.map(({ name }) => ({ name, forwards: true, loopback: [] })),
  ],
  cables: SIDES.map(side => ({
    ends: [
      { place: 'stranger', device: side.name, addresses: lengths(side.stranger), routes: [] },
      { place: side.name, device: 'eth0', addresses: lengths(side.address), routes: [] },
    ],
  })),
}

function lengths({ ipv4, ipv6 }: PerFamily): string[] {
  return [`${ipv4}/24`, `${ipv6}/64`]
}

export class Meeting {
  readonly stranger: Stranger
  readonly folder: string
  readonly #processes: ReadonlyMap<Side, PodpeerProcess>

  private constructor(make: StrangerMaker) {
    sweepLeftovers()
    this.folder = makeFolder()
    buildNetwork(network)
    this.stranger = make({ namespace: spaceOf('stranger'), folder: this.#subfolder('stranger') })
    this.#processes = new Map(
      SIDES.map(side => {
        const folder = this.#subfolder(side.name)
        const place = { node: side.name, namespace: spaceOf(side.name), config: this.#config(side) }
        return [side, new PodpeerProcess({ ...place, log: join(folder, 'podpeer.log'), files: podpeerFiles(folder) })]
      }),
    )
  }

  /** All four sessions are up. */
  static async begin(make: StrangerMaker): Promise<Meeting> {
    const meeting = new Meeting(make)
    try {
      await meeting.stranger.start()
      for (const side of SIDES) {
        meeting.tell(side)
        await meeting.process(side).start()
      }
      await meeting.established()
      return meeting
    } catch (thrown) {
      await meeting.end()
      throw thrown
    }
  }

  async end(): Promise<void> {
    await Promise.all([...this.#processes.values()].map(process => process.stop()))
    await this.stranger.stop()
    removeLab()
  }

  process(side: Side): PodpeerProcess {
    return this.#processes.get(side)!
  }

  /** Writes its configuration; a process that runs takes it over. */
  tell(side: Side, { prefixes = Object.values(side.prefixes), strangerAs, keyFile }: Settings = {}): void {
    const peers = FAMILIES.map(family => ({
      name: `stranger-${family}`,
      address: side.stranger[family],
      asNumber: family === 'ipv4' && strangerAs !== undefined ? strangerAs : STRANGER_AS,
      families: [family],
      import: 'accept',
      ...(family === 'ipv4' && keyFile !== undefined ? { password: { file: keyFile } } : {}),
      ...TIMERS,
    }))
    const config = {
      node: side.name,
      asNumber: side.asNumber,
      routerId: side.address.ipv4,
      kubernetes: { enabled: false },
      announce: { prefixes },
      gracefulRestart: { enabled: true, restartTime: 30 },
      peers,
      ...files(podpeerFiles(join(this.folder, side.name))),
    }
    writeFileSync(this.#config(side), stringify(config))
  }

  async peer(side: Side, family: FamilyName): Promise<PeerStatus> {
    const peers = await this.process(side).peers()
    return peers.find(({ address }) => address === side.stranger[family])!
  }

  /** Waits until every session is up, at both ends. */
  async established(): Promise<void> {
    await untilComplete('four sessions', DEADLINE, async () => {
      const rows = await Promise.all(SIDES.flatMap(side => FAMILIES.map(family => this.peer(side, family))))
      const down = rows.find(({ state }) => state !== 'Established')
      if (down !== undefined) return `${down.name} is ${down.state}: ${down.lastError}`
      const theirs = (await this.stranger.sessions()).filter(({ state }) => state === 'Established')
      return theirs.length === 4 ? undefined : `the stranger has ${theirs.length}`
    })
  }

  /** Waits until the session is down and its last error says so. Returns the sentence. */
  async lastError(side: Side, family: FamilyName, pattern: RegExp): Promise<string> {
    let said = ''
    await untilComplete(`a last error that matches ${pattern}`, DEADLINE, async () => {
      const { state, lastError = '' } = await this.peer(side, family)
      said = lastError
      return state !== 'Established' && pattern.test(lastError) ? undefined : `${state}: ${lastError}`
    })
    return said
  }

  /** Waits until the answer deeply is as wanted. */
  async eventually<T>(what: string, wanted: T, ask: () => Promise<T> | T): Promise<void> {
    const text = JSON.stringify(wanted)
    await untilComplete(what, DEADLINE, async () => {
      const answer = JSON.stringify(await ask())
      return answer === text ? undefined : `${answer} instead of ${text}`
    })
  }

  /** The prefixes in a side's kernel that BGP brought, in order. */
  kernel(side: Side): string[] {
    return learnedRoutes(side.name)
      .map(({ prefix }) => prefix)
      .sort()
  }

  /** Pulls the cable of a side at the stranger's end, or puts it back. */
  cable(side: Side, plugged: boolean): void {
    setDevice('stranger', side.name, plugged)
  }

  #config(side: Side): string {
    return join(this.folder, side.name, 'podpeer.yaml')
  }

  #subfolder(name: string): string {
    const path = join(this.folder, name)
    mkdirSync(path)
    return path
  }
}

function files({ state, socket }: { state: string; socket: string }) {
  return { state, control: { socket } }
}
