/** The agents of a lab: one process on each node, one configuration file for all of them, and their word on their sessions. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { planSessions } from './expectation.ts'
import { spaceOf } from './network.ts'
import { PodpeerProcess } from './podpeer-process.ts'
import { podpeerFiles } from './router-podpeer.ts'
import type { FamilyName, LabNode, Topology } from './topology.ts'
import { eachOf } from './waiting.ts'

export interface LabMember {
  readonly place: LabNode
  readonly agent: PodpeerProcess
}

export interface SessionRow {
  readonly node: string
  readonly peer: string
  readonly family: FamilyName
  readonly state: string
  /** Why it is not up. */
  readonly lastError?: string
}

export class Agents {
  readonly members: readonly LabMember[]
  /** Path of the configuration file. */
  readonly config: string
  readonly #topology: Topology

  /** @param folder of the lab: each agent gets one inside */
  constructor(topology: Topology, folder: string) {
    this.#topology = topology
    this.config = join(folder, 'agent.yaml')
    this.members = topology.nodes.map(place => {
      const own = join(folder, place.name)
      mkdirSync(own)
      return {
        place,
        agent: new PodpeerProcess({
          node: place.name,
          namespace: spaceOf(place.name),
          config: this.config,
          log: join(own, 'podpeer.log'),
          files: podpeerFiles(own),
        }),
      }
    })
  }

  configure(text: string): void {
    writeFileSync(this.config, text)
  }

  /** At most as many at once as there are cores. */
  async start(progress: (what: string) => void): Promise<void> {
    let started = 0
    await eachOf(this.members, availableParallelism(), async ({ agent }) => {
      await agent.start()
      started++
      progress(`starting agents (${started} of ${this.members.length})`)
    })
  }

  /** @param number from 1 */
  member(number: number): LabMember {
    const member = this.members[number - 1]
    if (member === undefined) throw new RangeError(`the lab has no node ${number}`)
    return member
  }

  /** What the agents say of their sessions; `Down` where an agent does not answer. */
  async sessions(): Promise<SessionRow[]> {
    const rows = await Promise.all(
      this.members.map(async ({ place, agent }) => {
        const peers = await agent.peers().catch(() => [])
        return planSessions(this.#topology)
          .filter(session => session.node === place.name)
          .map(session => {
            const { state = 'Down', lastError } = peers.find(peer => peer.address === session.peer) ?? {}
            return { ...session, state, ...(state !== 'Established' && lastError ? { lastError } : {}) }
          })
      }),
    )
    return rows.flat()
  }

  /** The sessions that are not up, in words. @param nodes those that count; absent: all */
  async missing(nodes = this.#topology.nodes): Promise<string[]> {
    const names = nodes.map(({ name }) => name)
    return (await this.sessions())
      .filter(({ node, state }) => names.includes(node) && state !== 'Established')
      .map(({ node, peer, state, lastError }) =>
        [`the session of ${node} with ${peer} is ${state}`, ...(lastError === undefined ? [] : [lastError])].join(': '),
      )
  }

  /** Rows towards BIG-IP's VTEPs that are not in place, in words. @param families of the VTEPs that each is to know */
  async missingRows(nodes: readonly LabNode[], families: readonly FamilyName[]): Promise<string[]> {
    const names = nodes.map(({ name }) => name)
    const members = this.members.filter(({ place }) => names.includes(place.name))
    const said = members.map(async ({ place, agent }) => {
      const status = await agent.vxlan().catch(() => undefined)
      // while a device is just being made no row is wanted, so that none is missing
      const reached = status?.overlays.filter(({ vteps, device }) => vteps.length > 0 && device !== undefined) ?? []
      const unreached = families.filter(wanted => !reached.some(({ family }) => family === wanted))
      return [
        ...unreached.map(family => `${place.name} reaches no VTEP of ${family}`),
        ...(status === undefined || status.rows.drift === 0 ? [] : [`${place.name} lacks ${status.rows.drift} rows`]),
      ]
    })
    return (await Promise.all(said)).flat()
  }

  /** What they complain of. */
  async problems(): Promise<string[]> {
    const said = this.members.map(async ({ place, agent }) => {
      const { problems } = await agent.status()
      return problems.map(problem => `${place.name} says: ${problem}`)
    })
    return (await Promise.allSettled(said)).flatMap(answer => (answer.status === 'fulfilled' ? answer.value : []))
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map(({ agent }) => agent.stop()))
  }
}
