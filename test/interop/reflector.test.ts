/**
 * Reflector mode with FRR in the place of BIG-IP: one neighbour on the device, a node that reflects, two that do not. The
 * agents know BIGIP and Nodes from their state files alone, as after a restart while the API is away.
 */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { stringify } from 'yaml'
import { renderState, type SavedState } from '../../daemon/agent/saved-state.ts'
import { bootId } from '../../daemon/agent/state-file.ts'
import { cannotInteroperate } from '../lab/daemons.ts'
import { makeFolder, removeLab, sweepLeftovers } from '../lab/leftovers.ts'
import { buildNetwork, learnedRoutes, spaceOf } from '../lab/network.ts'
import { PodpeerProcess } from '../lab/podpeer-process.ts'
import { FrrRouter } from '../lab/router-frr.ts'
import { podpeerFiles } from '../lab/router-podpeer.ts'
import { untilComplete } from '../lab/waiting.ts'

const AS = 64512
const DEADLINE = 60_000
const VIP = '203.0.113.10/32'
/** By number: node N is 10.9.N.1 on a link of its own to the device; the first reflects. */
const NODES = [1, 2, 3]
const addressOf = (number: number) => `10.9.${number}.1`
const deviceOn = (number: number) => `10.9.${number}.254`
const podsOf = (number: number) => `10.244.${number}.0/24`

const FRR = `hostname bigip
router bgp ${AS}
 bgp router-id ${deviceOn(1)}
 no bgp default ipv4-unicast
 no bgp network import-check
 bgp graceful-restart
 neighbor ${addressOf(1)} remote-as ${AS}
 neighbor ${addressOf(1)} timers connect 1
 address-family ipv4 unicast
  network ${VIP}
  neighbor ${addressOf(1)} activate
 exit-address-family
`

function stateOf(number: number): SavedState {
  const name = `node-${number}`
  const object = { name, uid: name, labels: {}, annotations: {}, ready: true, unschedulable: false }
  return {
    version: 1,
    bootId: bootId(),
    identity: undefined,
    node: { ...object, podCIDRs: [podsOf(number)], addresses: [{ type: 'InternalIP', address: addressOf(number) }] },
    admitted: name,
    bigips: [
      {
        name: 'bigip',
        peers: 'reflector',
        nodeASNumber: AS,
        holdTime: 90,
        keepaliveTime: 30,
        units: [{ name: 'bigip-a', addresses: [deviceOn(1)], asNumber: AS }],
        reflectors: [{ name: 'node-1', addresses: [addressOf(1)], asNumber: AS }],
        vips: ['203.0.113.0/24'],
        tunnels: { units: [], complete: true },
      },
    ],
    nodes: number === 1 ? NODES.map(one => ({ name: `node-${one}`, addresses: [addressOf(one)] })) : [],
    drained: false,
    announced: [],
    sessions: [],
    nextHops: [],
    taken: [],
  }
}

describe('a reflector between nodes and FRR', { skip: cannotInteroperate() }, () => {
  let bigip: FrrRouter
  const agents = new Map<number, PodpeerProcess>()

  before(async () => {
    sweepLeftovers()
    const folder = makeFolder()
    const subfolder = (name: string) => {
      mkdirSync(join(folder, name))
      return join(folder, name)
    }
    buildNetwork({
      places: ['bigip', ...NODES.map(number => `node-${number}`)].map(name => ({ name, forwards: true, loopback: [] })),
      cables: NODES.map(number => ({
        ends: [
          { place: 'bigip', device: `node-${number}`, addresses: [`${deviceOn(number)}/24`], routes: [] },
          {
            place: `node-${number}`,
            device: 'eth0',
            addresses: [`${addressOf(number)}/24`],
            routes: [{ prefix: '10.9.0.0/16', via: deviceOn(number) }],
          },
        ],
      })),
    })
    bigip = new FrrRouter({ namespace: spaceOf('bigip'), folder: subfolder('bigip'), config: FRR })
    await bigip.start()
    for (const number of NODES) {
      const node = `node-${number}`
      const own = subfolder(node)
      const { state, socket } = podpeerFiles(own)
      const config = join(own, 'podpeer.yaml')
      const kubernetes = { kubeconfig: join(own, 'none') }
      writeFileSync(config, stringify({ node, kubernetes, state, control: { socket } }))
      writeFileSync(state, renderState(stateOf(number)))
      const place = { node, namespace: spaceOf(node), config, log: join(own, 'log'), files: { state, socket } }
      agents.set(number, new PodpeerProcess(place))
    }
    await Promise.all([...agents.values()].map(agent => agent.start()))
  })

  after(async () => {
    await Promise.all([...agents.values()].map(agent => agent.stop()))
    await bigip?.stop()
    removeLab()
  })

  /** Prefix → next hop, as FRR has it. */
  async function learned(): Promise<Record<string, string>> {
    const shown = JSON.parse(await bigip.ask('show bgp ipv4 unicast json')) as {
      routes: Record<string, readonly { nexthops: readonly { ip: string }[] }[]>
    }
    const routes = Object.entries(shown.routes).filter(([prefix]) => prefix !== VIP)
    return Object.fromEntries(routes.map(([prefix, [path]]) => [prefix, path!.nexthops[0]!.ip]))
  }

  const eventually = (what: string, wanted: unknown, look: () => unknown) =>
    untilComplete(what, DEADLINE, async () => {
      const found = JSON.stringify(await look())
      return found === JSON.stringify(wanted) ? undefined : found
    })
  const ALL = Object.fromEntries(NODES.map(number => [podsOf(number), addressOf(number)]))

  test('the device has one session, and each node as next hop of its own pods', async () => {
    await eventually('the routes of all nodes', ALL, learned)
    assert.deepEqual(
      (await bigip.sessions()).map(({ peer, state }) => [peer, state]),
      [[addressOf(1), 'Established']],
    )
  })

  test('nodes learn the VIP, and no pods of others, neither do reflectors install these', async () => {
    for (const number of NODES)
      await eventually(`the routes of node-${number}`, [VIP], () =>
        learnedRoutes(`node-${number}`).map(({ prefix }) => prefix),
      )
  })

  test('the routes of an agent that is killed stay, and it is welcome again', async () => {
    const agent = agents.get(2)!
    await agent.kill9()
    const reflector = agents.get(1)!
    await untilComplete('the reflector to miss it', DEADLINE, async () => {
      const peer = (await reflector.peers()).find(({ name }) => name === 'node/node-2')
      return peer?.state === 'Established' ? peer.state : undefined
    })
    assert.deepEqual(await learned(), ALL)
    await agent.start()
    await untilComplete('the session with the reflector', DEADLINE, async () => {
      const [peer] = await agent.peers()
      return peer?.state === 'Established' ? undefined : `${peer?.state}: ${peer?.lastError}`
    })
    assert.deepEqual(await learned(), ALL)
  })
})
