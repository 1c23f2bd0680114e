/** Two namespaces with a link between and a VXLAN tunnel over it: a node, and a BIG-IP at the other end. */

import type { TestContext } from 'node:test'
import { parseAddress } from '../../../lib/base/ip.ts'
import { inNamespace, namespacePath } from '../../../lib/linux/namespace.ts'
import { openEchoer, type ProbeRequest } from '../../../vxlan/probe/probe.ts'
import { makeNamespace, type TestNamespace } from '../../linux/netns.ts'

const FAMILIES = {
  4: {
    node: '10.9.0.1',
    bigip: '10.9.0.2',
    length: 24,
    inside: ['10.244.1.1', '10.244.20.1'],
    insideLength: 16,
    mtu: 1450,
  },
  6: { node: 'fd09::1', bigip: 'fd09::2', length: 64, inside: ['fd24::1', 'fd24::20'], insideLength: 64, mtu: 1430 },
} as const

export interface Tunnel {
  readonly node: TestNamespace
  readonly bigip: TestNamespace
  readonly request: ProbeRequest
}

/** @param extra options of BIG-IP's device */
export async function makeTunnel(context: TestContext, family: 4 | 6, extra = ''): Promise<Tunnel> {
  const plan = FAMILIES[family]
  const [node, bigip] = [makeNamespace(), makeNamespace()]
  context.after(() => {
    node[Symbol.dispose]()
    bigip[Symbol.dispose]()
  })
  node.ip(`link add up0 type veth peer name up0 netns ${bigip.name}`)
  for (const [space, own, far, inside] of [
    [node, plan.node, plan.bigip, plan.inside[0]],
    [bigip, plan.bigip, plan.node, plan.inside[1]],
  ] as const) {
    space.ip(`addr add ${own}/${plan.length} dev up0${family === 6 ? ' nodad' : ''}`)
    space.ip('link set up0 up')
    const zeroChecksum = family === 6 ? ' udp6zerocsumrx' : ''
    const more = space === bigip ? extra : zeroChecksum
    space.ip(`link add vx type vxlan id 1 dstport 8472 local ${own} nolearning${more}`)
    space.ip('link set vx up')
    space.ip(`addr add ${inside}/${plan.insideLength} dev vx${family === 6 ? ' nodad' : ''}`)
    space.bridge(`fdb append 00:00:00:00:00:00 dev vx dst ${far}`)
  }
  const request: ProbeRequest = {
    vtep: {
      name: 'bigip-a',
      family,
      endpoint: parseAddress(plan.bigip),
      mac: '02:00:00:00:00:01',
      selfIP: parseAddress(plan.inside[1]),
      floating: [],
      subnets: [],
      standby: false,
    },
    device: 'vx',
    deviceMtu: plan.mtu,
    underlayMtu: 1500,
    port: 8472,
    missingRows: [],
    count: 3,
    timeout: 1500,
  }
  // the first packet waits for ARP or NDP
  const { echoer } = inNamespace(namespacePath(node.name), () => openEchoer(request.vtep.selfIP))
  await echoer.echo(64, 60_000)
  echoer.close()
  return { node, bigip, request }
}
