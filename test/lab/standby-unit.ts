/**
 * Makes the lab's BIG-IP a pair: a second stand-in beside the first, with addresses of its own, in the BIGIP as its other unit.
 * Nothing is behind it but its configuration: it shows who serves and what follows from that, and carries no packets.
 */
import { parseAddress } from '../../lib/base/ip.ts'
import { inNamespace } from '../../lib/linux/namespace.ts'
import { openTcpListener } from '../../lib/linux/tcp.ts'
import { BigIp } from '../bigip/big-ip.ts'
import type { BigIpLab } from './bigip-lab.ts'
import { BIGIP, CONTROLLER, MANAGEMENT } from './bigip-topology.ts'
import { spaceOf } from './network.ts'
import { loginSecrets } from './podpeer-objects.ts'

export const STANDBY = { name: 'bigip-b', address: '10.0.1.253', selfIP: '10.245.255.2' }
const PORT = MANAGEMENT.port + 1
const BACKLOG = 64

/** @returns the second unit, which is the standby one */
export async function addStandby({ bigip, cluster: { api } }: BigIpLab): Promise<BigIp> {
  const { address: host } = MANAGEMENT
  const fd = inNamespace(spaceOf(CONTROLLER), () =>
    openTcpListener({ address: parseAddress(host), port: PORT }, BACKLOG),
  )
  const other = await BigIp.start({
    ...bigip.credentials,
    ...{ host, fd, hostName: 'bigip-b.lab.example' },
    networks: [{ vlan: 'external', selfIPs: [`${STANDBY.address}/24`, 'fd00:10:0:1::fd/64'] }],
  })
  await bigip.join(other)
  for (const unit of [bigip, other]) await unit.hand('PATCH', '/tm/sys/db/iptunnel.configsync', { value: 'disable' })
  const login = { credentials: bigip.credentials, ca: `${bigip.ca}\n${other.ca}` }
  for (const secret of loginSecrets(login)) api.put(secret)
  const { metadata, ...object } = api.find('BIGIP', BIGIP)!
  const spec = object['spec'] as { units: object[] }
  const unit = {
    name: STANDBY.name,
    address: `https://${host}:${PORT}`,
    tunnel: { selfIPs: [`${STANDBY.selfIP}/15`, 'fd00:10:245:ff::2/47'] },
  }
  const generation = (metadata.generation ?? 0) + 1
  api.put({ ...object, metadata: { ...metadata, generation }, spec: { ...spec, units: [...spec.units, unit] } })
  return other
}
