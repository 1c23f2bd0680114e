/** What a device has before anybody configures it, and the networks that it was given. */
import type { JsonObject } from '../kube/json.ts'
import type { Network } from './big-ip.ts'
import type { Box } from './box.ts'
import type { Entry } from './kind.ts'
import { kindOf, targetOf } from './kinds.ts'
import { ROUTING_VARIABLE } from './routing-mode.ts'
import { topFolder, VARIABLES } from './system-kinds.ts'
import { create } from './verbs.ts'

const TRAFFIC_GROUPS = ['traffic-group-1', 'traffic-group-local-only']

export function makeFactoryObjects(box: Box, networks: readonly Network[], routing: 'tmos' | 'legacy' | 'none'): void {
  const put = (collection: string, name: string, values: JsonObject, partition = 'Common') => {
    const kind = kindOf(collection)
    const path = partition === '' ? name : `/${partition}/${name}`
    const entry: Entry = { kind, parent: '', path, name, partition, values, generation: 1 }
    box.store.put(entry)
  }
  const make = (collection: string, body: JsonObject) => create(box, targetOf(collection), body)
  for (const { name, values } of VARIABLES)
    put('/sys/db', name, name === ROUTING_VARIABLE && routing === 'tmos' ? { ...values, value: 'enable' } : values, '')
  for (const name of ['Common', 'LOCAL_ONLY']) {
    put('/auth/partition', name, { defaultRouteDomain: 0 }, '')
    box.store.put(topFolder(name, 1))
  }
  for (const name of TRAFFIC_GROUPS) put('/cm/traffic-group', name, { isFloating: String(name === TRAFFIC_GROUPS[0]) })
  put('/net/route-domain', '0', {
    ...{ id: 0, strict: 'enabled' },
    ...(routing === 'legacy' ? { routingProtocol: ['BGP'] } : {}),
  })
  make('/net/tunnels/vxlan', { name: 'vxlan' })
  make('/net/tunnels/vxlan', { name: 'vxlan-multipoint', floodingType: 'multipoint' })
  make('/net/tunnels/geneve', { name: 'geneve' })
  make('/net/tunnels/tcp-forward', { name: 'tcp-forward' })
  for (const name of ['http-tunnel', 'socks-tunnel'])
    make('/net/tunnels/tunnel', {
      name,
      profile: '/Common/tcp-forward',
      localAddress: 'any6',
      description: `Tunnel for ${name.split('-')[0]}-explicit profile`,
    })
  for (const { vlan, selfIPs, allowService = ['default'] } of networks) {
    make('/net/vlan', { name: vlan })
    selfIPs.forEach((address, at) => {
      const name = `${vlan}-self${at === 0 ? '' : `-${at + 1}`}`
      make('/net/self', { name, address, vlan: `/Common/${vlan}`, allowService })
    })
  }
}
