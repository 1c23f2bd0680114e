/**
 * Probes from where it runs (`ip netns exec NODE node probe-in.ts REQUEST`) and prints the result as JSON. With `datagram` in
 * front: only the path's MTU, by the ICMP datagram socket.
 */
import { parseAddress } from '../../../lib/base/ip.ts'
import { DatagramEcho } from '../../../vxlan/probe/datagram-echo.ts'
import { findPathMtu } from '../../../vxlan/probe/path-mtu.ts'
import { type ProbeRequest, probeVtep } from '../../../vxlan/probe/probe.ts'

const [first = '', second = ''] = process.argv.slice(2)
const request: ProbeRequest = JSON.parse(first === 'datagram' ? second : first)
const vtep = {
  ...request.vtep,
  endpoint: parseAddress(String(request.vtep.endpoint)),
  selfIP: parseAddress(String(request.vtep.selfIP)),
}
console.log(JSON.stringify(first === 'datagram' ? await byDatagram() : await probeVtep({ ...request, vtep })))

async function byDatagram() {
  const echoer = new DatagramEcho(vtep.endpoint)
  const found = await findPathMtu(echoer, vtep.family, request.underlayMtu, request.timeout ?? 1000)
  echoer.close()
  return found
}
